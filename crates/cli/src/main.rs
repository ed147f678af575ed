//! The `psp` command: train, compare, export and use image regressors.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod commands;
mod estimate;
mod interrupt;
mod progress;
mod study_view;

/// LibTorch takes its memory from it too. A training step asks for hundreds of
/// tensors of many sizes, some of which stay; glibc serves them from one heap
/// that then has holes in it which nothing fits.
#[cfg(feature = "libtorch")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
    // A worker that nobody listens to saves first.
    if !matches!(args.command, args::Command::SearchWorker(_)) {
        interrupt::end_with_the_reader();
    }
    compute_on_this_thread();
    match commands::run(args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", describe(&error));
            match may_pass(&error) {
                true => ExitCode::from(interrupt::TRY_AGAIN),
                false => ExitCode::FAILURE,
            }
        }
    }
}

/// Whether the same command may succeed at another time.
fn may_pass(error: &anyhow::Error) -> bool {
    let of_data = error.downcast_ref::<psp_data::DataError>();
    let of_a_run = error.downcast_ref::<psp_train::TrainError>();
    let of_a_study = error.downcast_ref::<psp_search::SearchError>();
    let of_a_report = error.downcast_ref::<psp_collect::CollectError>();
    of_data.is_some_and(psp_data::DataError::is_passing)
        || of_a_run.is_some_and(psp_train::TrainError::is_passing)
        || of_a_study.is_some_and(psp_search::SearchError::is_passing)
        || of_a_report.is_some_and(psp_collect::CollectError::is_passing)
}

/// Makes this thread, which all computation starts from, one of those that
/// share it. Otherwise it hands every piece of work to another thread and waits,
/// which takes longer than small pieces do. Where one thread is all there is it must
/// be another: this one waits for replicas, which would wait for it.
fn compute_on_this_thread() {
    let wanted = std::env::var("RAYON_NUM_THREADS").ok();
    let wanted = wanted.and_then(|text| text.parse().ok()).filter(|&n| n > 0);
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    if wanted.unwrap_or_else(cores) > 1 {
        // It fails only where the threads are there already; then they serve.
        let _ = rayon::ThreadPoolBuilder::new()
            .use_current_thread()
            .build_global();
    }
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
