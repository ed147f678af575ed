//! Which dimensions decide results. Seeds of the draws are in the tests' names.

use std::collections::BTreeMap;

use psp_space::{Point, Random, RandomGrid, Sampler, Space, importance};
use toml::Value;

const SPACE: &str = r#"
[space]
model.backbone = ["a", "b", "c"]
train.rate = { log = [1e-5, 1e-1], points = 9 }
train.width = { int = [1, 64], step = 1 }
model.drop = { range = [0.0, 1.0], points = 5, when = { model.backbone = "b" } }
model.only = [3]
"#;

fn observed(seed: u64, count: usize, result: impl Fn(&Point) -> f64) -> BTreeMap<String, f64> {
    let space = Space::parse(SPACE, "space", &BTreeMap::new()).unwrap();
    let mut sampler = Random::new(&space, seed);
    let points = (0..count).map(|_| sampler.draw().unwrap().unwrap());
    let observations: Vec<(Point, f64)> = points.map(|p| (p.clone(), result(&p))).collect();
    importance(&space, &observations).unwrap()
}

fn rate(point: &Point) -> f64 {
    point["train.rate"].as_float().unwrap().log10()
}

#[test]
fn the_dimension_that_decides_gets_nearly_all_with_seed_1() {
    let shares = observed(1, 200, |point| -(rate(point) + 3.0).powi(2));
    assert!(shares["train.rate"] > 0.8, "{shares:?}");
    let sum: f64 = shares.values().sum();
    assert!((sum - 1.0).abs() < 1e-12);
    assert!(!shares.contains_key("model.only"), "it has one value");
}

#[test]
fn a_list_that_decides_is_found_too_with_seed_2() {
    let is_b = |point: &Point| f64::from(point["model.backbone"] == Value::String("b".into()));
    // Which of them are best must not hang on another dimension.
    let drawn = std::cell::Cell::new(0_u32);
    let noise = || f64::from(drawn.replace(drawn.get() + 1).wrapping_mul(0x9E37_79B9)) / 1e12;
    let shares = observed(2, 200, |point| is_b(point) + noise());
    let others = shares["train.rate"] + shares["train.width"];
    assert!(shares["model.backbone"] > 2.0 * others, "{shares:?}");
}

#[test]
fn of_two_that_decide_the_stronger_gets_more_with_seed_3() {
    let shares = observed(3, 400, |point| {
        let width = point["train.width"].as_integer().unwrap() as f64 / 64.0;
        10.0 * width - 0.3 * (rate(point) + 3.0).powi(2)
    });
    assert!(shares["train.width"] > shares["train.rate"], "{shares:?}");
    assert!(
        shares["train.rate"] > shares["model.backbone"],
        "{shares:?}"
    );
}

#[test]
fn few_results_and_results_that_are_no_numbers_say_nothing() {
    let space = Space::parse(SPACE, "space", &BTreeMap::new()).unwrap();
    let mut sampler = Random::new(&space, 4);
    let mut points: Vec<(Point, f64)> = (0..9)
        .map(|number| (sampler.draw().unwrap().unwrap(), f64::from(number)))
        .collect();
    assert!(importance(&space, &points).is_none());
    points.push((sampler.draw().unwrap().unwrap(), f64::NAN));
    assert!(importance(&space, &points).is_none());
    points.push((sampler.draw().unwrap().unwrap(), 1.0));
    assert!(importance(&space, &points).is_some());
}

/// Noise that hangs on nothing but the number of the call.
fn noise(number: u32) -> f64 {
    f64::from(number.wrapping_mul(0x9E37_79B9)) / f64::from(u32::MAX)
}

/// A list that decides, beside ranges that do nothing, drawn from their grid.
const GRIDDED: &str = r#"
[space]
model.backbone = ["a", "b", "c", "d", "e"]
train.rate = { log = [1e-5, 1e-3], points = 3 }
train.decay = { range = [0.0, 1.0], points = 3 }
model.hidden = { int = [64, 512], log = true, points = 4 }
"#;

#[test]
fn ranges_that_do_nothing_get_little_of_points_on_a_grid_with_seeds_0_to_9() {
    let space = Space::parse(GRIDDED, "space", &BTreeMap::new()).unwrap();
    for seed in 0..10 {
        let mut sampler = RandomGrid::new(&space, seed);
        let observations: Vec<(Point, f64)> = (0..50)
            .map(|number| {
                let point = sampler.draw().unwrap().unwrap();
                let backbone = point["model.backbone"].as_str().unwrap();
                let result = f64::from(backbone == "a") + 0.1 * noise(number);
                (point, result)
            })
            .collect();
        let shares = importance(&space, &observations).unwrap();
        assert!(shares["model.backbone"] > 0.6, "seed {seed}: {shares:?}");
    }
}

#[test]
fn wherever_the_best_integers_lie_on_a_logarithmic_range_counts_alike() {
    let text = r#"
[space]
model.hidden = { int = [64, 512], log = true, points = 8 }
train.drop = { range = [0.0, 1.0], points = 8 }
"#;
    let space = Space::parse(text, "space", &BTreeMap::new()).unwrap();
    // All 64 points, of which the eight with the lowest or highest integer are best.
    let share = |sign: f64| {
        let mut sampler = RandomGrid::new(&space, 1);
        let points = std::iter::from_fn(|| sampler.draw().map(Result::unwrap));
        let observations: Vec<(Point, f64)> = points
            .map(|point| {
                let hidden = point["model.hidden"].as_integer().unwrap() as f64;
                (point, sign * hidden)
            })
            .collect();
        assert_eq!(observations.len(), 64);
        importance(&space, &observations).unwrap()["model.hidden"]
    };
    assert!((share(1.0) - share(-1.0)).abs() < 1e-9);
    assert!(share(1.0) > 0.99);
}

#[test]
fn equal_results_are_all_among_the_best_or_say_nothing_with_seed_5() {
    let space = Space::parse(SPACE, "space", &BTreeMap::new()).unwrap();
    let mut sampler = Random::new(&space, 5);
    let points: Vec<Point> = (0..40).map(|_| sampler.draw().unwrap().unwrap()).collect();
    let with = |result: &dyn Fn(usize) -> f64| -> Vec<(Point, f64)> {
        let pairs = points.iter().cloned().enumerate();
        pairs.map(|(n, point)| (point, result(n))).collect()
    };
    assert!(importance(&space, &with(&|_| 1.0)).is_none());
    // Half of them are best, whichever comes first.
    let halves = with(&|n| f64::from(u8::try_from(n % 2).unwrap()));
    let mut turned = halves.clone();
    turned.reverse();
    assert_eq!(importance(&space, &halves), importance(&space, &turned));
}
