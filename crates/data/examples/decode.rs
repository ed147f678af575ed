//! Decodes images to files that any program reads.
//!
//! `cargo run --release -p psp-data --example decode -- OUT < PATHS`
//!
//! Reads a path per line. Writes the pixels of the n-th, counting from 0, to
//! `OUT/n.ppm`, or the reason why it is refused to `OUT/n.txt`.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use psp_data::{DecodeLimits, decode_file};

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args_os()
        .nth(1)
        .ok_or("usage: decode OUT < PATHS")?;
    let out = Path::new(&out);
    for (at, path) in std::io::stdin().lines().enumerate() {
        match decode_file(Path::new(&path?), &DecodeLimits::default()) {
            Ok(image) => {
                let mut file = std::fs::File::create(out.join(format!("{at}.ppm")))?;
                writeln!(file, "P6\n{} {}\n255", image.width(), image.height())?;
                file.write_all(image.as_raw())?;
            }
            Err(error) => std::fs::write(out.join(format!("{at}.txt")), error.to_string())?,
        }
    }
    Ok(())
}
