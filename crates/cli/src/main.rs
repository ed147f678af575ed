//! The `psp` command: train, compare, export and use image regressors.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod commands;
mod interrupt;
mod progress;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match commands::run(args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
