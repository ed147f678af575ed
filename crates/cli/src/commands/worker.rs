//! Workers: processes of this program.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use psp_models::DeviceSpec;
use psp_search::{
    SearchConfig, Study, StudyDir, WorkEnd, Worker, WorkerSettings, available_memory,
};

use psp_train::Machine;

use crate::args::{SearchArgs, WorkerArgs};
use crate::interrupt;
use crate::machine;

/// Memory that a worker is counted on to need, unless told otherwise.
const WORKER_MEMORY: u64 = 4 << 30;

/// A worker's whole life.
pub(super) fn work(args: &WorkerArgs) -> Result<ExitCode> {
    let cancelled = interrupt::flag()?;
    stop_with_parent(Arc::clone(&cancelled));
    let study = Study::open(StudyDir::new(&args.study))?;
    let study = study.with_local(args.overrides.clone());
    let settings = WorkerSettings {
        name: args.name.clone(),
        machine: Machine {
            threads: Some(args.threads),
            ..machine::with_devices(args.device.as_slice())
        },
        refit: args.refit,
    };
    let mut report = |event| {
        let mut out = std::io::stdout().lock();
        let line = serde_json::to_string(&event).unwrap_or_default();
        // Nobody listens any more: then the standard input has ended too.
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            cancelled.store(true, Ordering::Relaxed);
        }
    };
    match Worker::new(study, settings, &cancelled, &mut report)?.run()? {
        WorkEnd::Done => Ok(ExitCode::SUCCESS),
        WorkEnd::Interrupted => Ok(interrupt::exit_code()),
    }
}

/// Stops the work when the standard input ends: on purpose, or because the
/// process that holds its other end is gone.
fn stop_with_parent(cancelled: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut ignored = [0; 64];
        while matches!(std::io::stdin().read(&mut ignored), Ok(count) if count > 0) {}
        cancelled.store(true, Ordering::Relaxed);
    });
}

/// The devices that workers are told of, in turn; `None` where it is the study's
/// configuration that says so.
pub(super) fn devices_of_workers(args: &SearchArgs) -> Option<&[DeviceSpec]> {
    let is_in_config = args.config.is_some() && args.device.len() == 1;
    (!args.device.is_empty() && !is_in_config).then_some(&args.device)
}

pub(super) fn worker_command(
    study: &Study,
    slot: usize,
    threads: usize,
    args: &SearchArgs,
) -> Command {
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("psp"));
    let mut command = Command::new(program);
    command
        .arg("search-worker")
        .arg(study.dir.root())
        .args(["--name", &worker_name(slot)])
        .args(["--threads", &threads.to_string()]);
    if let Some(devices) = devices_of_workers(args) {
        let device = devices[slot % devices.len()];
        command.args(["--device", &device.to_string()]);
    }
    for local in study.local() {
        command.args(["--set", local]);
    }
    // What Flex, LibTorch and its matrix products take as their number.
    for variable in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.env(variable, threads.to_string());
    }
    // A signal from the terminal goes to this process, which tells its workers.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// One per core, as far as memory goes; one for all where each trial is to use
/// several devices.
pub(super) fn default_workers(config: &SearchConfig, args: &SearchArgs) -> usize {
    if args.device.len() < 2 && !config.base.train.replicas.is_empty() {
        return 1;
    }
    let by_memory = available_memory().map_or(usize::MAX, |bytes| (bytes / WORKER_MEMORY) as usize);
    machine::cores().min(by_memory).max(1)
}

/// Host and slot, with the task of a cluster's array between them.
fn worker_name(slot: usize) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let host = host.map_or_else(|_| "host".to_owned(), |name| name.trim().to_owned());
    let task = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"]
        .into_iter()
        .find_map(|variable| std::env::var(variable).ok());
    match task {
        Some(task) => format!("{host}-{task}-{slot}"),
        None => format!("{host}-{slot}"),
    }
}
