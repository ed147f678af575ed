//! A study of 10,000 trials. Seed of the draw: 1.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use psp_schema::TrialState;
use psp_search::{Overview, SearchConfig, Study, StudyDir};
use psp_synth::SynthOptions;
use psp_train::Machine;

const TRIALS: usize = 10_000;

fn study(root: &Path) -> Study {
    let data = root.join("data");
    let options = SynthOptions {
        count: 24,
        seed: 1,
        width: 32,
        height: 32,
    };
    psp_synth::write_dataset(&data, &options, &|_, _| {}, &AtomicBool::new(false)).unwrap();
    let text = format!(
        "[study]\ntrials = {TRIALS}\nseed = 1\n[data]\ndir = '{}'\n[space]\n\
         model.hidden = {{ int = [1, 1000], step = 1 }}\n\
         train.learning_rate = {{ log = [1e-5, 1e-1], points = 1000 }}\n",
        data.display()
    );
    let config = SearchConfig::parse(&text, "large.toml", &[]).unwrap();
    let (dir, machine) = (StudyDir::new(root.join("study")), Machine::default());
    Study::begin(dir, config, &machine, &mut |_, _| {}).unwrap()
}

#[test]
fn ten_thousand_finished_trials_are_shown_within_a_second() {
    let root = tempfile::TempDir::with_prefix("psp-large-").unwrap();
    let study = study(root.path());
    assert_eq!(study.plan.trials.len(), TRIALS);
    assert_eq!(study.plan.grid_points, "1000000");
    let ids: std::collections::HashSet<&str> = study
        .plan
        .trials
        .iter()
        .map(|trial| trial.id.as_str())
        .collect();
    assert_eq!(ids.len(), TRIALS, "two trials have one id");
    for trial in &study.plan.trials {
        let dir = study.folder(trial);
        std::fs::create_dir_all(dir.root()).unwrap();
        let metrics = |mse: f64| {
            format!(
                r#"{{"mse":{mse},"mae":0.1,"rmse":0.3,"r2":{},"label_mean":0.3,"label_std":0.4}}"#,
                1.0 - mse
            )
        };
        let mse = 0.1 + trial.number as f64 / 20_000.0;
        let text = format!(
            r#"{{"status":"finished","attempts":1,"worker":"w","ended":"2026-01-01T00:00:00Z",
            "result":{{"ending":"finished","epochs":2,"steps":8,"best_epoch":1,"seconds":1.5,
            "best":{{"count":4,"targets":[{0},{0}],"overall":
            {{"mse":{mse},"mae":0.1,"rmse":0.3,"r2":{1},"r2_left_out":[]}}}}}}}}"#,
            metrics(mse),
            1.0 - mse
        );
        std::fs::write(dir.outcome(), text).unwrap();
    }
    let begun = Instant::now();
    let overview = Overview::of(&Study::open(study.dir.clone()).unwrap()).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!("{TRIALS} trials read in {seconds:.2} s");
    assert_eq!(overview.count(TrialState::Finished), TRIALS);
    assert_eq!(overview.best().unwrap().number, 0);
    // A second on a machine with nothing else to do; tests run side by side.
    assert!(seconds < 5.0, "{seconds} s");
}
