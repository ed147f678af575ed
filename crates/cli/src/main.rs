//! The `psp` command: train, compare, export and use image regressors.

use std::any::TypeId;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use psp_collect::CollectError;
use psp_data::DataError;
use psp_export::ExportError;
use psp_schema::{Class, Classify};
use psp_search::SearchError;
use psp_train::TrainError;

// First, for its macros.
#[macro_use]
mod output;

mod args;
mod commands;
mod estimate;
mod interrupt;
mod machine;
mod origin;
mod progress;
mod study_view;
mod text;

/// LibTorch takes its memory from it too. A training step asks for hundreds of
/// tensors of many sizes, some of which stay; glibc serves them from one heap
/// that then has holes in it which nothing fits.
#[cfg(feature = "libtorch")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu", not(feature = "libtorch")))]
    keep_freed_memory();
    interrupt::outlive_file_size_limit();
    let matches = with_negative_numbers(args::Args::command()).try_get_matches();
    let args = match matches.and_then(|found| args::Args::from_arg_matches(&found)) {
        Ok(args) => args,
        Err(answer) => return say(&answer),
    };
    // A worker that nobody listens to saves first.
    if !matches!(args.command, args::Command::SearchWorker(_)) {
        interrupt::end_with_the_reader();
    }
    compute_on_this_thread();
    let is_verbose = args.command.is_verbose();
    let takes_settings = args.command.takes_settings();
    let code = match commands::run(args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", describe(&error));
            if let (Some(details), Some(is_verbose)) = (details(&error), is_verbose) {
                if is_verbose {
                    eprintln!("{details}");
                } else {
                    eprintln!("(the same command with -v lists all of them)");
                }
            }
            if takes_settings && let Some(remedy) = remedy(&error) {
                eprintln!("(--set {} {})", remedy.setting(), remedy.effect());
            }
            if may_pass(&error) {
                ExitCode::from(interrupt::TRY_AGAIN)
            } else {
                ExitCode::FAILURE
            }
        }
    };
    unless_unprinted(code)
}

/// Has flags of a number take a negative one for their value, which they refuse by
/// themselves: clap would take it for a flag that there is not.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let of_flag = |arg: clap::Arg| {
        let value = arg.get_value_parser().type_id();
        let is_text = value == TypeId::of::<String>() || value == TypeId::of::<PathBuf>();
        let is_number = arg.get_long().is_some() && arg.get_action().takes_values() && !is_text;
        arg.allow_negative_numbers(is_number)
    };
    command
        .mut_args(of_flag)
        .mut_subcommands(with_negative_numbers)
}

/// Prints the help, the version, or what is wrong with the arguments.
fn say(answer: &clap::Error) -> ExitCode {
    let printed = answer.print();
    if answer.use_stderr() {
        return ExitCode::from(interrupt::WRONG_USAGE);
    }
    output::remember(printed);
    unless_unprinted(ExitCode::SUCCESS)
}

/// `code`, unless that says that all went well and the results could not be printed:
/// the disk is full, most likely.
fn unless_unprinted(code: ExitCode) -> ExitCode {
    match output::finish() {
        None => code,
        Some(error) => {
            eprintln!("error: standard output: {error}");
            if code == ExitCode::SUCCESS {
                ExitCode::from(interrupt::TRY_AGAIN)
            } else {
                code
            }
        }
    }
}

/// Whether the same command may succeed at another time.
fn may_pass(error: &anyhow::Error) -> bool {
    let of_data = error.downcast_ref::<DataError>();
    let of_a_run = error.downcast_ref::<TrainError>();
    let of_a_study = error.downcast_ref::<SearchError>();
    let of_a_model = error.downcast_ref::<ExportError>();
    let of_a_report = error.downcast_ref::<CollectError>();
    let classes = [
        of_data.map(Classify::class),
        of_a_run.map(Classify::class),
        of_a_study.map(Classify::class),
        of_a_model.map(Classify::class),
        of_a_report.map(Classify::class),
    ];
    classes.contains(&Some(Class::Passing)) || error.chain().any(is_passing)
}

/// The setting that may mend what is wrong with the data, where there is one.
fn remedy(error: &anyhow::Error) -> Option<psp_data::Remedy> {
    let of_a_study = error.downcast_ref::<SearchError>();
    let of_a_run = match of_a_study {
        Some(SearchError::Train(error)) => Some(error),
        _ => error.downcast_ref::<TrainError>(),
    };
    let of_data = match (of_a_study, of_a_run) {
        (Some(SearchError::Data(error)), _) | (_, Some(TrainError::Data(error))) => Some(error),
        _ => error.downcast_ref::<DataError>(),
    };
    of_data?.remedy()
}

/// Whether the cause is what the system says, and may pass.
fn is_passing(cause: &(dyn std::error::Error + 'static)) -> bool {
    let of_a_table = cause.downcast_ref::<csv::Error>();
    let inside = of_a_table.and_then(|error| match error.kind() {
        csv::ErrorKind::Io(error) => Some(error),
        _ => None,
    });
    let error = inside.or_else(|| cause.downcast_ref::<std::io::Error>());
    error.is_some_and(|error| error.class() == Class::Passing)
}

/// Every tensor at fault where weights don't fit, a line for each kind of fault.
fn details(error: &anyhow::Error) -> Option<String> {
    let mut causes = error.chain();
    causes.find_map(|cause| cause.downcast_ref::<psp_models::StateError>()?.details())
}

/// Has glibc keep what a training step freed for the next one, and serve large tensors
/// from it. It would give them back to the system, which then has to clear their pages
/// for the next step: a twentieth of a step of small images. With LibTorch jemalloc does.
#[cfg(all(target_os = "linux", target_env = "gnu", not(feature = "libtorch")))]
fn keep_freed_memory() {
    // SAFETY: it is called before any other thread is begun.
    #[allow(unsafe_code)]
    let set = |parameter, value| unsafe { libc::mallopt(parameter, value) == 1 };
    // Older ones refuse more than 32 MiB. Without the first, the second would have every
    // tensor mapped anew.
    if set(libc::M_MMAP_THRESHOLD, 1 << 30) || set(libc::M_MMAP_THRESHOLD, 32 << 20) {
        set(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
}

/// Makes this thread, which all computation starts from, one of those that
/// share it. Otherwise it hands every piece of work to another thread and waits,
/// which takes longer than small pieces do. Where it waits for threads that share
/// their work out, it must do its part meanwhile, as it does for replicas.
fn compute_on_this_thread() {
    // It fails only where the threads are there already; then they serve.
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
}

/// The error and its causes, each once: most messages quote their cause.
fn describe(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
