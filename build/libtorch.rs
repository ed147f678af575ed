//! Build script of every crate whose binaries or tests link LibTorch: with the
//! feature `libtorch` it writes LibTorch's folder into them as run path, so
//! that they start without `LD_LIBRARY_PATH`. Without the feature it does
//! nothing.
//!
//! One file serves all these crates, because `cargo::rustc-link-arg` reaches
//! only the package whose build script prints it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=../../build/libtorch.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    println!("cargo::rerun-if-env-changed=LIBTORCH_LIB");
    if env::var_os("CARGO_FEATURE_LIBTORCH").is_none() {
        return ExitCode::SUCCESS;
    }
    match library_folder() {
        Ok(folder) => {
            link(&folder);
            ExitCode::SUCCESS
        }
        Err(reason) => {
            println!(
                "cargo::error=the feature `libtorch` needs LibTorch 2.9.0: {reason}; \
                 run scripts/libtorch.sh, or set LIBTORCH to the folder of an existing one"
            );
            ExitCode::FAILURE
        }
    }
}

/// The folder of LibTorch's shared libraries, absolute and without links. It
/// is found as torch-sys finds it: `lib` in `LIBTORCH_LIB` or else `LIBTORCH`.
fn library_folder() -> Result<PathBuf, String> {
    let root = env::var_os("LIBTORCH_LIB")
        .or_else(|| env::var_os("LIBTORCH"))
        .ok_or("LIBTORCH is not set")?;
    let library = Path::new(&root).join("lib").join("libtorch_cpu.so");
    library
        .is_file()
        .then(|| library.with_file_name(""))
        .and_then(|folder| folder.canonicalize().ok())
        .ok_or_else(|| format!("there is no {}", library.display()))
}

/// Prints the linker's arguments, after those of torch-sys.
fn link(folder: &Path) {
    println!(
        "cargo::rerun-if-changed={}",
        folder.join("libtorch_cpu.so").display()
    );
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
    // LibTorch finds its CUDA half only if it is loaded, but nothing calls into
    // that half by name, so `--as-needed`, rustc's default, would drop it.
    if folder.join("libtorch_cuda.so").is_file() {
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed");
        println!("cargo::rustc-link-arg=-ltorch_cuda");
        println!("cargo::rustc-link-arg=-Wl,--as-needed");
    }
}
