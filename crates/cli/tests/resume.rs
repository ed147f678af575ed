//! A run that is killed, interrupted or damaged and then continued ends with
//! the very bits of an undisturbed one. Seed of the kills: 2.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::support::{
    Folder, assert_says, device, json, json_lines, ran, render, resume, run, signal, tensors,
    training,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Everything that has state: moments, a moving average, dropout masks,
/// accumulated and clipped gradients, a schedule, the best epoch.
const STATEFUL: &[&str] = &[
    "train.epochs=4",
    "train.learning_rate=1e-3",
    "train.batch_size=2",
    "train.optimizer=adamw",
    "train.accumulate=2",
    "train.ema_decay=0.9",
    "train.clip_norm=1.0",
    "train.warmup_epochs=0.5",
    "train.checkpoint_seconds=1",
    "model.dropout=0.3",
];

/// A run that nothing disturbed, and the seconds it took.
struct Undisturbed {
    data: PathBuf,
    run: PathBuf,
    seconds: f64,
}

/// Trained once for all tests of this file, in the build folder; `None`, said
/// aloud, on a device that does not promise the same bits twice.
fn undisturbed() -> Option<&'static Undisturbed> {
    static RUN: OnceLock<Undisturbed> = OnceLock::new();
    if device() != "flex" {
        // Not `eprintln!`, which a passing test keeps to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: only the Flex device promises the same bits after a resumption"
        );
        return None;
    }
    Some(RUN.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("resume");
        // What the last test run left.
        let _ = std::fs::remove_dir_all(&root);
        let (data, out) = (root.join("data"), root.join("run"));
        render(&data, 24);
        let begun = Instant::now();
        run(&mut training(&data, &out, STATEFUL)).assert_done();
        Undisturbed {
            data,
            run: out,
            seconds: begun.elapsed().as_secs_f64(),
        }
    }))
}

impl Undisturbed {
    fn start(&self, out: &Path) -> Command {
        training(&self.data, out, STATEFUL)
    }

    /// A copy of the run as it was before it said that it had ended.
    fn copy_without_result(&self, out: &Path) {
        std::fs::create_dir_all(out.join("checkpoints")).unwrap();
        for name in ["config.toml", "run.json", "split.csv", "metrics.jsonl"] {
            std::fs::copy(self.run.join(name), out.join(name)).unwrap();
        }
        for name in ["last", "previous", "best"] {
            let name = format!("checkpoints/{name}.safetensors");
            std::fs::copy(self.run.join(&name), out.join(&name)).unwrap();
        }
    }

    #[track_caller]
    fn assert_same(&self, out: &Path) {
        for name in ["last", "best"] {
            let path = |run: &Path| run.join(format!("checkpoints/{name}.safetensors"));
            let (want, got) = (tensors(&path(&self.run)), tensors(&path(out)));
            for part in ["model/", "ema/", "optimizer/first/", "optimizer/second/"] {
                assert!(
                    want.keys().any(|key| key.starts_with(part)),
                    "no {part} in {name}"
                );
            }
            assert!(want.keys().eq(got.keys()), "{name} has other tensors");
            let differ: Vec<_> = want
                .iter()
                .filter(|(key, value)| got[*key] != **value)
                .collect();
            assert!(
                differ.is_empty(),
                "{name}: {} of {} tensors differ, the first is {}",
                differ.len(),
                want.len(),
                differ[0].0
            );
        }
        assert_eq!(
            timeless(&out.join("metrics.jsonl")),
            timeless(&self.run.join("metrics.jsonl"))
        );
        let result = |run: &Path| {
            let text = std::fs::read_to_string(run.join("result.json")).unwrap();
            without(serde_json::from_str(&text).unwrap(), &["seconds"])
        };
        assert_eq!(result(out), result(&self.run));
    }
}

/// The lines of a metrics file without what depends on the clock.
fn timeless(path: &Path) -> Vec<Value> {
    let lines = json_lines(path).into_iter();
    lines
        .map(|line| without(line, &["seconds", "images_per_second"]))
        .collect()
}

fn without(mut value: Value, keys: &[&str]) -> Value {
    for key in keys {
        value.as_object_mut().unwrap().remove(*key).unwrap();
    }
    value
}

/// Waits for at most `time`; whether the process has ended by itself.
fn ends_within(child: &mut Child, time: Duration) -> bool {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "the run failed by itself: {status}");
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

/// What a kill hit, told by what the run folder holds.
fn phase(run: &Path) -> String {
    let at = |name: &str| run.join(name).exists();
    let epochs =
        std::fs::read_to_string(run.join("metrics.jsonl")).map_or(0, |t| t.lines().count());
    let writing = std::fs::read_dir(run.join("checkpoints"))
        .into_iter()
        .flatten()
        .flatten();
    let writing = writing.filter(|e| {
        let name = e.file_name();
        let name = name.to_string_lossy();
        name.ends_with(".tmp") || name.starts_with("next") || name.starts_with("best-link")
    });
    match (at("config.toml"), writing.count()) {
        (false, 0) => "before the run began".to_owned(),
        (false, _) => "while writing the first checkpoint".to_owned(),
        (true, 0) => format!("after {epochs} epochs"),
        (true, _) => format!("after {epochs} epochs, while writing a checkpoint"),
    }
}

/// `PSP_TEST_KILLS` sets the number of kills; 8 unless told.
#[test]
fn a_run_killed_at_random_moments_and_resumed_ends_with_the_same_bits() {
    let Some(reference) = undisturbed() else {
        return;
    };
    let wanted = std::env::var("PSP_TEST_KILLS").map_or(8, |n| n.parse::<u32>().unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut kills = 0;
    // A run ends sooner or later; the kills that are left go to another one.
    while kills < wanted {
        let folder = Folder::new();
        let out = folder.path("run");
        loop {
            let mut command = if out.join("config.toml").exists() {
                resume(&out)
            } else {
                reference.start(&out)
            };
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            let delay = rng.random::<f64>() * 0.5 * reference.seconds;
            let patience = if kills < wanted {
                Duration::from_secs_f64(delay)
            } else {
                Duration::from_secs(300)
            };
            if ends_within(&mut child, patience) {
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            println!("kill {kills} after {delay:.2} s: {}", phase(&out));
            assert!(kills <= wanted, "the run does not end");
        }
        reference.assert_same(&out);
    }
}

#[test]
fn an_interrupted_run_exits_with_130_and_continues_to_the_same_bits() {
    let Some(reference) = undisturbed() else {
        return;
    };
    let folder = Folder::new();
    let out = folder.path("run");
    let child = reference.start(&out).spawn().unwrap();
    wait_for_epochs(&out, 1);
    signal(&child, "INT");
    let ran = ran(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{ran:#?}");
    let hint = format!("continue with: psp train --resume {}", out.display());
    assert!(
        ran.stderr.contains("interrupted and saved") && ran.stderr.contains(&hint),
        "{ran:#?}"
    );
    let continued = run(&mut resume(&out)).assert_done();
    assert!(
        continued.stdout.contains("continuing at epoch 2, batch"),
        "{continued:#?}"
    );
    reference.assert_same(&out);
}

fn wait_for_epochs(run: &Path, epochs: usize) {
    let lines =
        || std::fs::read_to_string(run.join("metrics.jsonl")).map_or(0, |t| t.lines().count());
    let deadline = Instant::now() + Duration::from_secs(120);
    while lines() < epochs {
        assert!(
            Instant::now() < deadline,
            "no {epochs} epochs within two minutes"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_damaged_checkpoint_is_reported_and_the_one_before_it_leads_to_the_same_bits() {
    let Some(reference) = undisturbed() else {
        return;
    };
    let damages: [fn(&mut Vec<u8>); 2] = [
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        },
        |bytes| bytes.truncate(bytes.len() / 3),
    ];
    for damage in damages {
        let folder = Folder::new();
        let out = folder.path("run");
        reference.copy_without_result(&out);
        let last = out.join("checkpoints/last.safetensors");
        let mut bytes = std::fs::read(&last).unwrap();
        damage(&mut bytes);
        std::fs::write(&last, &bytes).unwrap();
        let ran = run(&mut resume(&out)).assert_done();
        assert_says(
            &ran.stderr,
            &[
                "warning: ",
                "last.safetensors: damaged checkpoint",
                "the checkpoint before it",
            ],
        );
        reference.assert_same(&out);
        // Nor does the damaged one take the place of the one before it.
        let previous = out.join("checkpoints/previous.safetensors");
        assert_ne!(std::fs::read(previous).unwrap(), bytes);
    }
}

#[test]
fn a_run_goes_on_from_any_whole_checkpoint_and_without_one_the_fault_of_each_is_told() {
    let Some(reference) = undisturbed() else {
        return;
    };
    let folder = Folder::new();
    let out = folder.path("run");
    reference.copy_without_result(&out);
    let path = |run: &Path, name: &str| run.join(format!("checkpoints/{name}.safetensors"));
    for name in ["last", "previous", "best"] {
        std::fs::write(path(&out, name), "no weights").unwrap();
    }
    run(&mut resume(&out)).assert_refused(&[
        "no usable checkpoint",
        "last.safetensors: damaged",
        "previous.safetensors: damaged",
        "best.safetensors: damaged",
    ]);
    std::fs::copy(path(&reference.run, "best"), path(&out, "best")).unwrap();
    let resumed = run(&mut resume(&out)).assert_done();
    assert_says(
        &format!("{}{}", resumed.stdout, resumed.stderr),
        &["last.safetensors: damaged", "previous.safetensors: damaged"],
    );
    reference.assert_same(&out);
}

/// A kill can land after the new checkpoint is written as `next` and before
/// it gets its names.
#[test]
fn a_best_checkpoint_that_was_not_named_yet_is_named_on_resumption() {
    let Some(Undisturbed { data, .. }) = undisturbed() else {
        return;
    };
    let folder = Folder::new();
    // Without validation images the last epoch is the best.
    let settings = [STATEFUL, &["train.epochs=2", "data.fractions=[0.8,0,0.2]"]].concat();
    let reference = Undisturbed {
        data: data.clone(),
        run: folder.path("undisturbed"),
        seconds: 0.0,
    };
    run(&mut training(data, &reference.run, &settings)).assert_done();
    let result = json(&reference.run.join("result.json"));
    assert_eq!(result["best_epoch"], 2);
    let out = folder.path("run");
    reference.copy_without_result(&out);
    let path = |name: &str| out.join(format!("checkpoints/{name}.safetensors"));
    std::fs::rename(path("last"), path("next")).unwrap();
    // A damaged one, which does not take the place of the one before it.
    std::fs::write(path("last"), "no weights").unwrap();
    let previous = std::fs::read(path("previous")).unwrap();
    std::fs::remove_file(path("best")).unwrap();
    run(&mut resume(&out)).assert_done();
    reference.assert_same(&out);
    assert!(
        std::fs::read(path("previous")).unwrap() == previous,
        "the checkpoint before was replaced"
    );
    let mut names: Vec<_> = std::fs::read_dir(out.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "best.safetensors",
            "last.safetensors",
            "previous.safetensors"
        ]
    );
}

#[test]
fn a_run_is_continued_on_the_devices_that_are_named_if_it_can_be() {
    let Some(undisturbed) = undisturbed() else {
        return;
    };
    let folder = Folder::new();
    let out = folder.path("run");
    undisturbed.copy_without_result(&out);
    for (device, part) in [
        ("flex,flex,flex", "train.accumulate"),
        ("flex,cuda:0", "train.replicas"),
        ("cuda:0", "--features cuda"),
    ] {
        run(resume(&out).args(["--device", device])).assert_refused(&[part]);
    }
    run(resume(&out).args(["--device", "flex,flex"])).assert_done();
    undisturbed.assert_same(&out);
}

#[test]
fn a_damaged_file_of_a_run_is_named_and_no_other_time_is_promised() {
    let Some(undisturbed) = undisturbed() else {
        return;
    };
    for name in ["run.json", "metrics.jsonl"] {
        let folder = Folder::new();
        let out = folder.path("run");
        undisturbed.copy_without_result(&out);
        std::fs::write(out.join(name), "{ torn\n").unwrap();
        run(&mut resume(&out)).assert_refused(&[name]);
    }
}
