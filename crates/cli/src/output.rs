//! Printing that outlives a full disk.
//!
//! The standard library's `println!` panics when the text can't be written, as when
//! a log file is on a full disk or a terminal is gone. The macros of the same names
//! here, which the whole crate uses, let the work go on: a result that could not be
//! printed is remembered and becomes the command's error at its end, a message that
//! could not be printed is lost.

use std::fmt;
use std::io::{self, Write};
use std::sync::Mutex;

/// What came in the way of the first text that could not be printed.
static FAULT: Mutex<Option<io::Error>> = Mutex::new(None);

/// `std::print!` that remembers a failure.
macro_rules! print {
    ($($text:tt)*) => { $crate::output::print(format_args!($($text)*)) };
}

/// `std::println!` that remembers a failure.
macro_rules! println {
    () => { $crate::output::print(format_args!("\n")) };
    ($($text:tt)*) => {
        $crate::output::print(format_args!("{}\n", format_args!($($text)*)))
    };
}

/// `std::eprintln!` that passes over a failure.
macro_rules! eprintln {
    ($($text:tt)*) => { $crate::output::complain(format_args!($($text)*)) };
}

/// Prints to the standard output.
pub(crate) fn print(text: fmt::Arguments<'_>) {
    remember(io::stdout().lock().write_fmt(text));
}

/// Prints a line to the standard error.
pub(crate) fn complain(text: fmt::Arguments<'_>) {
    // Where messages can't be told there is nowhere to tell that either.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Keeps the first failure of writing to the standard output.
pub(crate) fn remember(written: io::Result<()>) {
    if let Err(error) = written {
        let mut fault = FAULT
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        fault.get_or_insert(error);
    }
}

/// Writes out what is left to be printed; what went wrong since the command began.
pub(crate) fn finish() -> Option<io::Error> {
    remember(io::stdout().lock().flush());
    let mut fault = FAULT
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    fault.take()
}
