//! Ctrl-C, termination, a cluster's warning and the end of the time that the user
//! gave: work is saved and the command ends. A second Ctrl-C ends it at once.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::iterator::Signals;

/// Exit status of an interrupted command.
const INTERRUPTED: u8 = 130;
/// Exit status of a command whose arguments are wrong.
pub(crate) const WRONG_USAGE: u8 = 2;
/// Exit status of a command that should be run again (`EX_TEMPFAIL` of
/// sysexits.h).
pub(crate) const TRY_AGAIN: u8 = 75;

/// Whether a cluster warned of its time limit.
static WARNED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Whether the time that the user gave is up.
static TIME_IS_UP: AtomicBool = AtomicBool::new(false);

/// A flag that SIGINT, SIGTERM, SIGHUP and SIGUSR1 set; a second SIGINT ends the
/// process. SIGHUP is what a terminal sends as it closes, and a lost connection;
/// SIGUSR1 is what Slurm sends before the time limit.
pub(crate) fn flag() -> std::io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicBool::new(false));
    // Registered first, so that it sees the flag before it is set.
    signal_hook::flag::register_conditional_shutdown(
        SIGINT,
        INTERRUPTED.into(),
        Arc::clone(&asked),
    )?;
    signal_hook::flag::register(SIGINT, asked)?;
    let warned = WARNED.get_or_init(Arc::default);
    signal_hook::flag::register(SIGUSR1, Arc::clone(warned))?;
    for signal in [SIGINT, SIGTERM, SIGUSR1] {
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    tell_of_the_second()?;
    if !is_ignored(SIGHUP) {
        signal_hook::flag::register(SIGHUP, Arc::clone(&flag))?;
    }
    Ok(flag)
}

/// Makes a write beyond the allowed file size (`ulimit -f`) an error, as one to a full disk
/// is, and not the process's end.
pub(crate) fn outlive_file_size_limit() {
    // Where no handler can be set, the signal does what it did.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}

/// Says at the first SIGINT what a second one does.
fn tell_of_the_second() -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            eprintln!("stopping; another Ctrl-C ends psp at once");
        }
    });
    Ok(())
}

/// Sets the flag when so much time has passed, unless it was set before.
pub(crate) fn after(limit: Option<Duration>, flag: &Arc<AtomicBool>) {
    let Some(limit) = limit else { return };
    let flag = Arc::clone(flag);
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        if !flag.load(Ordering::Relaxed) {
            // First, so that whoever sees the flag sees why.
            TIME_IS_UP.store(true, Ordering::SeqCst);
            flag.store(true, Ordering::SeqCst);
        }
    });
}

/// Whether it was [`after`] that set the flag.
pub(crate) fn time_is_up() -> bool {
    TIME_IS_UP.load(Ordering::SeqCst)
}

/// Whether the process was started to ignore a signal, as `nohup` has it ignore
/// SIGHUP. Linux tells by a mask in hexadecimal digits; other systems are not asked.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Ends the process when nobody reads its output any more, as other commands end in
/// `psp … | head`. Rust's own way is an error from each print, and a panic.
pub(crate) fn end_with_the_reader() {
    let always = Arc::new(AtomicBool::new(true));
    // Without it such a command ends with a panic's message instead.
    let _ = signal_hook::flag::register_conditional_default(SIGPIPE, always);
}

/// The exit status of an interrupted command: 130, or 75 after a cluster's
/// warning or when the time is up, since the work is to go on.
pub(crate) fn exit_code() -> ExitCode {
    let warned = WARNED
        .get()
        .is_some_and(|flag| flag.load(Ordering::Relaxed));
    ExitCode::from(if warned || time_is_up() {
        TRY_AGAIN
    } else {
        INTERRUPTED
    })
}
