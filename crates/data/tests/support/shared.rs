//! Reference files beside the project, which it does not contain.
//!
//! One file serves the tests of all crates that need any.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The file, or `None`, said aloud, where it is not there.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    // Not `eprintln!`, which a passing test keeps to itself.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: {} is not there",
        path.display()
    );
    None
}
