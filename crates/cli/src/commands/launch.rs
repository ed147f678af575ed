//! Studies on a cluster.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use psp_schema::shell_quoted;
use psp_search::{KubernetesJob, SlurmJob, Study, StudyDir};

use super::worker::devices_of_workers;
use crate::args::{Launcher, SearchArgs};
use crate::text::counted;

/// Refuses what can't be launched, before anything of the study in `dir` is written.
pub(super) fn check(args: &SearchArgs, dir: &StudyDir) -> Result<()> {
    match args.launcher {
        Launcher::Local => {}
        Launcher::Slurm if args.emit => {}
        Launcher::Slurm => {
            let asked = Command::new("sbatch").arg("--version").output();
            asked.context(
                "sbatch, Slurm's command, can't be started here; --emit writes the job without \
                 submitting it",
            )?;
        }
        Launcher::K8s => {
            let root = std::path::absolute(dir.root())?;
            let mount = args.mount.as_deref().unwrap_or_default();
            if !root.starts_with(mount) {
                bail!(
                    "{}: the study is not within --mount {mount}, so pods would not see it",
                    root.display()
                );
            }
        }
    }
    Ok(())
}

/// Writes the array job and submits it.
pub(super) fn slurm(args: &SearchArgs, study: &Study) -> Result<ExitCode> {
    let job = SlurmJob {
        psp: std::env::current_exe().context("the path of this program")?,
        tasks: args.tasks(),
        arguments: arguments(args, study)?,
    };
    let script = job.write(&study.dir)?;
    println!("wrote {}", script.display());
    if args.emit {
        return Ok(ExitCode::SUCCESS);
    }
    let submitted = Command::new("sbatch")
        .arg("--parsable")
        .args(&args.sbatch)
        .arg(&script)
        .stderr(Stdio::inherit())
        .output()
        .context("sbatch, Slurm's command, can't be started")?;
    if !submitted.status.success() {
        bail!("sbatch refused {}", script.display());
    }
    // With another cluster's name behind a semicolon.
    let number = String::from_utf8_lossy(&submitted.stdout);
    let number = number.trim().split(';').next().unwrap_or_default();
    println!(
        "submitted as job {number}, {}; follow it with: psp study show {}",
        counted(args.tasks() as usize, "task"),
        shell_quoted(study.dir.root())
    );
    Ok(ExitCode::SUCCESS)
}

/// Prints the Job.
pub(super) fn kubernetes(args: &SearchArgs, study: &Study) -> Result<ExitCode> {
    let root = std::path::absolute(study.dir.root())?;
    let job = KubernetesJob {
        name: job_name(&study.config.study.name),
        image: args.image.clone().unwrap_or_default(),
        claim: args.claim.clone().unwrap_or_default(),
        mount: args.mount.clone().unwrap_or_default(),
        tasks: args.tasks(),
        arguments: arguments(args, study)?,
    };
    println!("{}", serde_json::to_string_pretty(&job.manifest(&root))?);
    Ok(ExitCode::SUCCESS)
}

/// What Kubernetes takes for the name of a Job: up to 63 small letters, digits and
/// hyphens, a letter first and no hyphen last.
fn job_name(study: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    let plain = study.replace(|c| !is_plain(c), "-").to_lowercase();
    let name = format!("psp-{plain}");
    let name: String = name.chars().take(MOST_OF_NAME).collect();
    name.trim_end_matches('-').to_owned()
}

/// The pods' own names are longer, and may have 63 letters.
const MOST_OF_NAME: usize = 50;

/// What the tasks are told besides the study.
fn arguments(args: &SearchArgs, study: &Study) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    // Stored with the study, unless they were where it looks for them.
    let is_elsewhere = study.local().iter().any(|one| one.starts_with("data.dir="));
    if let (Some(data), true) = (&args.data, is_elsewhere) {
        let data = std::path::absolute(data)?;
        arguments.extend(["--data".to_owned(), data.to_string_lossy().into_owned()]);
    }
    if let Some(workers) = args.workers {
        arguments.extend(["--workers".to_owned(), workers.to_string()]);
    }
    if let Some(devices) = devices_of_workers(args) {
        let names: Vec<String> = devices.iter().map(ToString::to_string).collect();
        arguments.extend(["--device".to_owned(), names.join(",")]);
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jobs_name_is_one_that_kubernetes_takes() {
        assert_eq!(job_name("my study_2.b"), "psp-my-study-2-b");
        assert_eq!(job_name("Größe"), "psp-gr--e");
        assert_eq!(job_name("é"), "psp");
        assert!(job_name(&"a-".repeat(40)).len() <= 50);
    }
}
