//! The tree-structured Parzen estimator.

use crate::support::space;
use psp_space::tpe::{Settings, suggest, suggest_new};
use psp_space::{Point, Random, Seen, Space};

const BOWL: &str = "
[space]
bowl.x = { range = [-5.0, 5.0], points = 11 }
bowl.y = { log = [1e-4, 1.0], points = 9 }
bowl.kind = [\"far\", \"near\", \"nearest\", \"farthest\"]
";

/// A quadratic of `x` and `log10 y`, raised by what the kind costs; 0 at best.
fn bowl(point: &Point) -> f64 {
    let x = point["bowl.x"].as_float().unwrap();
    let y = point["bowl.y"].as_float().unwrap().log10();
    let kind = match point["bowl.kind"].as_str().unwrap() {
        "nearest" => 0.0,
        "near" => 0.5,
        "far" => 1.0,
        _ => 2.0,
    };
    (x - 1.5).powi(2) + (y + 2.2).powi(2) + kind
}

/// Points and results of so many trials.
fn search(
    space: &Space,
    seed: u64,
    trials: u64,
    result: impl Fn(&Point) -> f64,
) -> Vec<(Point, f64)> {
    let mut observations = Vec::new();
    for number in 0..trials {
        let point = suggest(space, seed, number, &observations, &Settings::default()).unwrap();
        let result = result(&point);
        observations.push((point, result));
    }
    observations
}

fn least(results: impl Iterator<Item = f64>) -> f64 {
    results.fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2 - 1] + values[values.len() / 2]) / 2.0
}

#[test]
fn the_median_of_seeds_0_to_19_is_better_than_that_of_random_draws_after_100() {
    let space = space(BOWL);
    let by_tpe = (0..20).map(|seed| {
        let observations = search(&space, seed, 100, bowl);
        least(observations.into_iter().map(|(_, result)| result))
    });
    let by_tpe = median(by_tpe.collect());
    let by_chance = (0..20).map(|seed| {
        let random = Random::new(&space, seed);
        least((0..100).map(|number| bowl(&random.nth(number).unwrap())))
    });
    let by_chance = median(by_chance.collect());
    println!("median of the best: TPE {by_tpe:.4}, random {by_chance:.4}");
    assert!(by_tpe < by_chance / 3.0, "{by_tpe} {by_chance}");
}

#[test]
fn the_first_ten_points_are_random_draws_and_the_eleventh_is_not() {
    let space = space(BOWL);
    let random = Random::new(&space, 1);
    for (number, (point, _)) in search(&space, 1, 11, bowl).iter().enumerate() {
        let same = random.nth(number as u64).unwrap();
        assert_eq!(point == &same, number < 10, "{number}");
    }
}

#[test]
fn a_suggestion_depends_on_seed_number_and_results_alone() {
    let space = space(BOWL);
    let observations = search(&space, 2, 30, bowl);
    let suggested = |seed, number, observations: &[(Point, f64)]| {
        suggest(&space, seed, number, observations, &Settings::default()).unwrap()
    };
    let point = suggested(2, 30, &observations);
    assert_eq!(point, suggested(2, 30, &observations));
    assert_ne!(point, suggested(3, 30, &observations));
    assert_ne!(point, suggested(2, 31, &observations));
    assert_ne!(point, suggested(2, 30, &observations[..20]));
}

#[test]
fn a_dimension_that_exists_only_sometimes_is_learnt_where_it_does_with_seeds_0_to_9() {
    let space = space(
        "[space]\na.kind = [\"plain\", \"tuned\"]\n\
         a.tune = { range = [0.0, 1.0], points = 2, when = { a.kind = \"tuned\" } }",
    );
    let result = |point: &Point| match point.get("a.tune") {
        Some(tune) => (tune.as_float().unwrap() - 0.3).abs(),
        None => 0.2,
    };
    let mut near = 0;
    for seed in 0..10 {
        let observations = search(&space, seed, 60, result);
        for (point, _) in &observations[40..] {
            let is_tuned = point["a.kind"].as_str() == Some("tuned");
            assert_eq!(point.contains_key("a.tune"), is_tuned);
            near += usize::from(result(point) < 0.1);
        }
    }
    // Of 200, chance would bring 20, and knowing only the better kind 40.
    assert!(near > 80, "{near}");
}

#[test]
fn where_the_best_values_of_each_key_are_excluded_together_others_are_suggested() {
    let space = space(
        "[space]\na.a = [\"good\", \"bad\"]\nb.b = [\"good\", \"bad\"]\n\
         [[exclude]]\na.a = \"good\"\nb.b = \"good\"",
    );
    let result = |point: &Point| {
        let goods = point
            .values()
            .filter(|value| value.as_str() == Some("good"));
        -(goods.count() as f64)
    };
    let goods: f64 = search(&space, 5, 60, result)
        .iter()
        .map(|(_, result)| result)
        .sum();
    // Two of the three points have one good value.
    assert!(goods < -40.0, "{goods}");
}

#[test]
fn steps_and_ends_of_integers_are_kept_and_their_optimum_is_found_with_seed_6() {
    let space = space(
        "[space]\na.step = { int = [64, 512], step = 64 }\n\
         a.log = { int = [1, 1000], log = true, points = 4 }",
    );
    let result = |point: &Point| {
        let step = point["a.step"].as_integer().unwrap();
        let log = point["a.log"].as_integer().unwrap();
        assert!(step % 64 == 0 && (64..=512).contains(&step) && (1..=1000).contains(&log));
        (step - 512).abs() as f64 / 64.0 + (log as f64).ln()
    };
    let best = search(&space, 6, 100, result)
        .into_iter()
        .map(|(_, result)| result);
    assert_eq!(least(best), 0.0);
}

#[test]
fn results_of_another_space_are_no_hindrance() {
    let space = space(BOWL);
    let strange = [
        ("bowl.x", "\"wide\""),
        ("bowl.y", "-3.0"),
        ("bowl.kind", "\"unknown\""),
        ("other.key", "1"),
    ];
    let strange: Point = strange
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.parse().unwrap()))
        .collect();
    let observations: Vec<(Point, f64)> = (0..12)
        .map(|result| (strange.clone(), f64::from(result)))
        .collect();
    let point = suggest(&space, 7, 12, &observations, &Settings::default()).unwrap();
    assert!(point.keys().eq(["bowl.kind", "bowl.x", "bowl.y"]));
    assert!(bowl(&point).is_finite());
}

#[test]
fn what_was_seen_is_not_suggested_again_and_a_finite_space_ends_with_seed_2() {
    let space = space(
        "[space]\na.a = [1, 2, 3, 4, 5]\nb.b = { int = [1, 4], step = 1, when = { a.a = { min = 2 } } }",
    );
    let settings = Settings::default();
    let mut observations: Vec<(Point, f64)> = Vec::new();
    let mut seen = Seen::new();
    while let Some(point) = suggest_new(
        &space,
        2,
        seen.len() as u64,
        &observations,
        &settings,
        &seen,
    )
    .unwrap()
    {
        assert!(seen.insert(&point), "suggested again: {point:?}");
        // The best is always the same, so that it would be suggested on and on.
        let result = point["a.a"].as_integer().unwrap() as f64;
        observations.push((point, result));
    }
    assert_eq!(space.drawable_points(), Some(17));
    assert_eq!(seen.len(), 17);
}
