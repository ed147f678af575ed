//! Counting, and finding points by number, against listing all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::support::{parse_with, space};
use psp_space::{SpaceError, point_text};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use toml::Value;

/// Keys and the values that pass.
type Tests = Vec<(String, Vec<i64>)>;

/// A space by other means than those tested.
struct Sketch {
    /// Key, values, condition; each names only keys before it.
    dimensions: Vec<(String, Vec<i64>, Tests)>,
    excludes: Vec<Tests>,
}

type Values = BTreeMap<String, i64>;

fn below(rng: &mut ChaCha8Rng, bound: u64) -> usize {
    (rng.next_u64() % bound) as usize
}

/// One to all of the values, mostly few.
fn some(rng: &mut ChaCha8Rng, values: &[i64]) -> Vec<i64> {
    let first = below(rng, values.len() as u64);
    let length = 1 + below(rng, (values.len() - first).min(2) as u64);
    values[first..first + length].to_vec()
}

fn tests(rng: &mut ChaCha8Rng, among: &[(String, Vec<i64>, Tests)], most: usize) -> Tests {
    let mut found = BTreeMap::new();
    for _ in 0..1 + below(rng, most as u64) {
        let (key, values, _) = &among[below(rng, among.len() as u64)];
        found.insert(key.clone(), some(rng, values));
    }
    if below(rng, 4) == 0 {
        found.insert("fixed.key".to_owned(), vec![1, 2]);
    }
    found.into_iter().collect()
}

impl Sketch {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut dimensions: Vec<(String, Vec<i64>, Tests)> = Vec::new();
        for number in 0..2 + below(&mut rng, 5) {
            // The keys' order is not that in which conditions name them.
            let key = format!("s{}.k{number}", below(&mut rng, 10));
            let values = (0..1 + below(&mut rng, 4) as i64)
                .map(|value| value * 3)
                .collect();
            let when = if number > 0 && below(&mut rng, 5) < 2 {
                tests(&mut rng, &dimensions, 2)
            } else {
                Vec::new()
            };
            dimensions.push((key, values, when));
        }
        let excludes = (0..below(&mut rng, 4))
            .map(|_| tests(&mut rng, &dimensions, 3))
            .collect();
        Self {
            dimensions,
            excludes,
        }
    }

    fn toml(&self) -> String {
        // Consecutive multiples of 3 can be said in both ways.
        let test = |values: &[i64]| match values {
            [one] => one.to_string(),
            [first, .., last] if first % 2 == 0 => format!("{{ min = {first}, max = {last} }}"),
            _ => format!("{values:?}"),
        };
        let mut text = "[space]\n".to_owned();
        for (key, values, when) in &self.dimensions {
            let when: Vec<String> = when
                .iter()
                .map(|(key, values)| format!("{key} = {}", test(values)))
                .collect();
            let domain = if when.is_empty() {
                format!("{values:?}")
            } else {
                format!(
                    "{{ values = {values:?}, when = {{ {} }} }}",
                    when.join(", ")
                )
            };
            writeln!(text, "{key} = {domain}").unwrap();
        }
        for exclude in &self.excludes {
            text.push_str("[[exclude]]\n");
            for (key, values) in exclude {
                writeln!(text, "{key} = {}", test(values)).unwrap();
            }
        }
        text
    }

    /// All points, those that excludes match with them, by listing every
    /// combination of all values.
    fn combinations(&self) -> BTreeSet<Values> {
        let mut points = vec![Values::new()];
        for (key, values, when) in &self.dimensions {
            let extended = points.iter().flat_map(|point| {
                let with = |value: &i64| {
                    let mut point = point.clone();
                    point.insert(key.clone(), *value);
                    point
                };
                if matches(when, point) {
                    values.iter().map(with).collect()
                } else {
                    vec![point.clone()]
                }
            });
            points = extended.collect();
        }
        points.into_iter().collect()
    }

    /// The space's points; `None` when it has to be refused.
    fn points(&self) -> Option<BTreeSet<Values>> {
        let all = self.combinations();
        let matched = |exclude: &Tests| all.iter().filter(|point| matches(exclude, point)).count();
        let is_idle = |exclude: &Tests| matched(exclude) == 0 || matched(exclude) == all.len();
        if self.excludes.iter().any(is_idle) {
            return None;
        }
        let is_in = |point: &Values| !self.excludes.iter().any(|one| matches(one, point));
        let points: BTreeSet<Values> = all.into_iter().filter(is_in).collect();
        let is_met = |(key, ..): &(String, Vec<i64>, Tests)| {
            points.iter().any(|point| point.contains_key(key))
        };
        self.dimensions.iter().all(is_met).then_some(points)
    }
}

fn matches(tests: &Tests, point: &Values) -> bool {
    tests.iter().all(|(key, values)| {
        key == "fixed.key" || point.get(key).is_some_and(|value| values.contains(value))
    })
}

#[test]
fn points_of_500_generated_spaces_are_those_of_a_full_listing_with_seeds_0_to_499() {
    let mut refused = 0;
    let mut compared = 0;
    for seed in 0..500 {
        let sketch = Sketch::new(seed);
        let text = sketch.toml();
        let space = parse_with(&text, &[("fixed.key", Value::Integer(2))]);
        let Some(points) = sketch.points() else {
            assert!(
                matches!(
                    space,
                    Err(SpaceError::Exclude { .. } | SpaceError::NeverActive { .. })
                ),
                "seed {seed}: {space:?}\n{text}"
            );
            refused += 1;
            continue;
        };
        let space = space.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(space.count(), points.len() as u128, "seed {seed}\n{text}");
        let mut found = BTreeSet::new();
        for index in 0..space.count() {
            let point = space.point(index).unwrap();
            assert_eq!(space.index(&point), Some(index), "seed {seed}\n{text}");
            let values = point
                .iter()
                .map(|(key, value)| (key.clone(), value.as_integer().unwrap()));
            found.insert(values.collect::<Values>());
        }
        assert_eq!(found, points, "seed {seed}\n{text}");
        assert_eq!(space.point(space.count()), None);
        compared += 1;
    }
    assert!(compared >= 200 && refused >= 50, "{compared} {refused}");
}

#[test]
fn what_is_no_point_of_the_grid_has_no_number() {
    let space = space(
        "[space]\na.a = [1, 2]\nb.b = { values = [1, 2], when = { a.a = 1 } }\n\
         [[exclude]]\na.a = 1\nb.b = 2",
    );
    assert_eq!(space.count(), 2);
    let point = |text: &str| {
        let values = text.split(", ").map(|one| one.split_once(" = ").unwrap());
        values
            .map(|(key, value)| (key.to_owned(), value.parse().unwrap()))
            .collect()
    };
    let index = |text: &str| space.index(&point(text));
    assert_eq!(index("a.a = 1, b.b = 1"), Some(0));
    assert_eq!(index("a.a = 2"), Some(1));
    assert_eq!(index("a.a = 1, b.b = 2"), None, "excluded");
    assert_eq!(index("a.a = 1"), None, "b.b is missing");
    assert_eq!(index("a.a = 2, b.b = 1"), None, "b.b does not exist there");
    assert_eq!(index("a.a = 3"), None, "no such value");
    assert_eq!(index("a.a = 2, c.c = 1"), None, "no such key");
}

#[test]
fn later_keys_change_faster() {
    let space = space("[space]\na.a = [1, 2]\na.b = [\"x\", \"y\"]");
    let texts: Vec<String> = (0..4)
        .map(|index| point_text(&space.point(index).unwrap()))
        .collect();
    let expected = [
        r#"a.a = 1, a.b = "x""#,
        r#"a.a = 1, a.b = "y""#,
        r#"a.a = 2, a.b = "x""#,
        r#"a.a = 2, a.b = "y""#,
    ];
    assert_eq!(texts, expected);
}

#[test]
fn forty_keys_of_ten_values_with_conditions_and_excludes_are_counted_exactly() {
    let mut text = "[space]\n".to_owned();
    for pair in 0..20 {
        writeln!(text, "even.k{pair} = {{ int = [0, 9] }}").unwrap();
        writeln!(
            text,
            "odd.k{pair} = {{ int = [0, 9], when = {{ even.k{pair} = 0 }} }}"
        )
        .unwrap();
    }
    for pair in 0..19 {
        writeln!(
            text,
            "[[exclude]]\neven.k{pair} = 1\neven.k{} = 1",
            pair + 1
        )
        .unwrap();
    }
    let space = space(&text);
    // A pair whose even key is 1, and any other: 0 goes with ten odd values.
    let (mut one, mut other): (u128, u128) = (1, 18);
    for _ in 1..20 {
        (one, other) = (other, 18 * (one + other));
    }
    assert_eq!(space.count(), one + other);
    for index in [0, 1, space.count() / 3, space.count() - 1] {
        assert_eq!(space.index(&space.point(index).unwrap()), Some(index));
    }
}

#[test]
fn excludes_that_pair_distant_keys_do_not_slow_the_count() {
    // In the keys' order all of 30 `a` would have to be remembered at once.
    let mut text = "[space]\n".to_owned();
    for pair in 0..30 {
        writeln!(text, "a.k{pair} = [0, 1, 2]\nb.k{pair} = [0, 1, 2]").unwrap();
    }
    for pair in 0..30 {
        writeln!(text, "[[exclude]]\na.k{pair} = 0\nb.k{pair} = 0").unwrap();
    }
    assert_eq!(space(&text).count(), 8u128.pow(30));
}

#[test]
fn a_space_too_large_for_the_count_is_refused() {
    let keys: String = (0..39)
        .map(|key| format!("k.k{key} = {{ int = [1, 10] }}\n"))
        .collect();
    let mut text = format!("[space]\n{keys}");
    assert!(matches!(
        parse_with(&text, &[]),
        Err(SpaceError::TooLarge { .. })
    ));
    text = text.replace("k.k0 = { int = [1, 10] }\n", "");
    assert_eq!(space(&text).count(), 10u128.pow(38));
}

#[test]
fn a_space_whose_excludes_all_depend_on_each_other_is_refused() {
    let mut text = "[space]\n".to_owned();
    for key in 0..18 {
        writeln!(text, "a.k{key} = [0, 1]\nb.k{key} = [0, 1]").unwrap();
    }
    for (a, b) in (0..18).flat_map(|a| (0..18).map(move |b| (a, b))) {
        writeln!(text, "[[exclude]]\na.k{a} = 0\nb.k{b} = 0").unwrap();
    }
    let error = parse_with(&text, &[]).unwrap_err();
    assert!(matches!(error, SpaceError::Entangled { .. }), "{error}");
}
