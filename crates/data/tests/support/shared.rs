//! Reference files beside the project, which it does not contain.
//!
//! One file serves the tests of all crates that need any, whose folder is the one that
//! cargo runs tests in.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The file, or `None`, said aloud, where it is not there.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new("../../../shared").join(name);
    let path = std::path::absolute(path).unwrap();
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
