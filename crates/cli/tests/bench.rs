//! `psp bench`.

use crate::support::{self, assert_says, device, psp, run};
use serde_json::Value;

/// One step of two images of 32 pixels.
const SMALL: &[&str] = &[
    "--size", "32", "--batch", "2", "--warmup", "0", "--runs", "2", "--steps", "1",
];

fn bench(mode: &str, more: &[&str]) -> support::Ran {
    bench_on(&device(), mode, more)
}

fn bench_on(device: &str, mode: &str, more: &[&str]) -> support::Ran {
    let mut command = psp(&["bench", mode, "--device", device]);
    run(command.args(SMALL).args(more))
}

#[test]
fn a_batch_that_no_machine_has_memory_for_is_refused() {
    let mut command = psp(&["bench", "infer", "--size", "4000", "--batch", "60000"]);
    run(&mut command).assert_refused(&["--batch 60000", "GiB are free"]);
}

#[test]
fn a_measurement_tells_speed_phases_and_memory() {
    let device = device();
    for (device, mode, flags, phases) in [
        (
            &*device,
            "train",
            &["--json"][..],
            &["data", "forward", "backward", "optimizer"][..],
        ),
        (
            &*device,
            "infer",
            &["--json", "--engine=burn"],
            &["data", "forward"],
        ),
        ("flex", "infer", &["--json", "--engine=cpu"], &["forward"]),
    ] {
        let ran = bench_on(device, mode, flags);
        let report: Value = serde_json::from_str(&ran.assert_done().stdout).unwrap();
        let rate = report["images_per_second"].as_f64().unwrap();
        let [slowest, fastest] = [0, 1].map(|end| report["range"][end].as_f64().unwrap());
        assert!(
            0.0 < slowest && slowest <= rate && rate <= fastest,
            "{report}"
        );
        let found = report["phases"].as_array().unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|phase| phase["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, phases);
        // Two images at this rate take about as long as the phases together.
        let step: f64 = found
            .iter()
            .map(|phase| phase["milliseconds"].as_f64().unwrap())
            .sum();
        let expected = 2000.0 / rate;
        assert!((0.2..5.0).contains(&(step / expected)), "{report}");
        assert!(
            report["peak_memory_mib"].as_f64().unwrap() > 40.0,
            "{report}"
        );
        assert_eq!(report["settings"]["backbone"], "resnet18");
    }
}

#[test]
fn without_json_it_prints_lines_for_people() {
    let ran = bench("infer", &[]).assert_done();
    for part in [
        "resnet18",
        "fp32, batch 2, 32 pixels",
        "images/s",
        "peak memory",
    ] {
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
}

#[test]
fn what_the_backbone_cannot_take_is_refused() {
    let mut command = psp(&["bench", "train", "--backbone", "vit_b_16", "--size", "40"]);
    run(&mut command).assert_refused(&["vit_b_16", "multiple of 16", "40"]);
    let mut command = psp(&["bench", "infer", "--batch", "0"]);
    let refused = run(&mut command);
    assert_eq!(refused.code, Some(2));
    assert_says(&refused.stderr, &["--batch", "1 or more"]);
    for (flag, most) in [("--size", "4096"), ("--batch", "65536")] {
        let mut command = psp(&["bench", "infer", flag, "1000000000"]);
        run(&mut command).assert_refused(&[most]);
    }
}
