//! An array job for Slurm.

use std::path::{Path, PathBuf};

use psp_schema::{Access, FileError, write_atomic};

use crate::error::SearchError;
use crate::folder::StudyDir;

/// Seconds between Slurm's warning and the time limit: enough for one checkpoint.
const WARNING: u32 = 120;

/// An array of tasks that work on one study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlurmJob {
    /// The `psp` that the tasks run.
    pub psp: PathBuf,
    /// Tasks.
    pub tasks: u32,
    /// Arguments of `psp search` besides the study.
    pub arguments: Vec<String>,
}

impl SlurmJob {
    /// Writes the job's script into the study's folder and returns its path. Its
    /// tasks' logs lie beside it.
    ///
    /// # Errors
    /// A path that a script can't name, or a folder that can't be written to.
    pub fn write(&self, dir: &StudyDir) -> Result<PathBuf, SearchError> {
        let folder = dir.root().join("slurm");
        // Slurm fails a task whose log's folder is missing, without a log.
        psp_schema::create_folder(&folder)?;
        let root = std::path::absolute(dir.root()).map_err(FileError::read(dir.root()))?;
        let path = root.join("slurm").join("job.sh");
        let script = self.script(&root)?;
        write_atomic(&path, |out| out.write_all(script.as_bytes()))?;
        Ok(path)
    }

    fn script(&self, root: &Path) -> Result<String, SearchError> {
        let text = |path: &Path| {
            let text = path.to_str().filter(|text| !text.contains('\n'));
            text.map(str::to_owned).ok_or_else(|| {
                let reason = "Slurm can't be given a path that is not UTF-8 or has a line break";
                FileError::at(path, Access::Read("name it in a job script"))(std::io::Error::other(
                    reason,
                ))
            })
        };
        let (psp, study) = (text(&self.psp)?, text(root)?);
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        let log = format!("{}/slurm/%A_%a.log", study.replace('%', "%%"));
        let arguments: String = self
            .arguments
            .iter()
            .map(|argument| format!(" {}", quoted(argument)))
            .collect();
        let last = self.tasks.saturating_sub(1);
        let command = format!(
            "{} search --study {}{arguments}",
            quoted(&psp),
            quoted(&study)
        );
        Ok(format!(
            r#"#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --array=0-{last}
#SBATCH --output={log}
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@{WARNING}
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
# Written by `psp search --launcher slurm`; submit it again to continue the study.
# Arguments of sbatch win over the lines above.
psp='' warned='' again=1 status=''
# Before the time limit Slurm tells this shell alone. psp then saves, gives its
# trials back and ends with 75.
trap 'warned=1 again=1; [[ -z $psp ]] || kill -USR1 "$psp" 2>/dev/null' USR1
# At the limit, or when the job is cancelled, every process of it is told; this
# one stays until psp has saved, since what is left when it ends is killed.
trap 'again=1' TERM

{command} &
psp=$!
[[ -z $warned ]] || kill -USR1 "$psp" 2>/dev/null
# A signal ends `wait` before psp has ended. 127: it had ended already.
while [[ -n $again ]]; do
    again=
    wait "$psp"
    code=$?
    [[ $code == 127 && -n $status ]] || status=$code
done
# 138: psp was warned before it could listen. A job that was cancelled is not
# warned and must not come back. The task is named by its place in the array: the
# last task's own number is that of the whole array.
if [[ -n $warned && ( $status == 75 || $status == 138 ) ]]; then
    scontrol requeue Incomplete "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
fi
exit "$status"
"#,
            name = quoted(&format!("psp-{name}")),
            log = quoted(&log),
        ))
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> SlurmJob {
        SlurmJob {
            psp: PathBuf::from("/opt/it's/psp"),
            tasks: 4,
            arguments: vec!["--workers".to_owned(), "2".to_owned()],
        }
    }

    #[test]
    fn the_script_names_every_path_so_that_a_shell_reads_it_whole() {
        let script = job().script(Path::new("/data/a b/50%")).unwrap();
        let command = r"'/opt/it'\''s/psp' search --study '/data/a b/50%' '--workers' '2' &";
        for line in [
            command,
            "#SBATCH --array=0-3",
            "#SBATCH --output='/data/a b/50%%/slurm/%A_%a.log'",
            "#SBATCH --job-name='psp-50%'",
        ] {
            assert!(
                script.lines().any(|found| found == line),
                "no `{line}` in {script}"
            );
        }
    }

    #[test]
    fn a_path_with_a_line_break_is_refused() {
        let error = job().script(Path::new("/data/a\nb")).unwrap_err();
        assert!(error.to_string().contains("line break"), "{error}");
    }
}
