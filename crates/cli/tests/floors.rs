//! The order of the crates, as docs/ARCHITECTURE.md draws it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A crate's place in the table of floors.
#[derive(Debug)]
struct Place {
    floor: u32,
    /// Whether ○ marks it: it knows nothing of Burn.
    is_without_burn: bool,
}

#[test]
fn the_table_of_floors_names_the_crates_that_there_are() {
    let (table, crates) = (floors(), dependencies());
    let (named, there): (BTreeSet<_>, BTreeSet<_>) =
        (table.keys().collect(), crates.keys().collect());
    assert_eq!(named, there, "in docs/ARCHITECTURE.md, and in crates/");
}

#[test]
fn a_crate_depends_on_crates_of_lower_floors_only() {
    let table = floors();
    for (name, dependencies) in dependencies() {
        let own = table[&name].floor;
        for below in dependencies
            .iter()
            .filter_map(|one| one.strip_prefix("psp-"))
        {
            let floor = table[below].floor;
            assert!(
                floor < own,
                "{name} is on floor {own}, and {below}, which it depends on, on {floor}"
            );
        }
    }
}

#[test]
fn crates_that_know_nothing_of_burn_depend_on_none_that_do() {
    let crates = dependencies();
    for (name, _) in floors().iter().filter(|(_, place)| place.is_without_burn) {
        let (mut reached, mut next) = (BTreeSet::new(), vec![name.as_str()]);
        while let Some(one) = next.pop() {
            for dependency in &crates[one] {
                assert!(
                    !dependency.starts_with("burn"),
                    "{name} depends on {dependency}, by way of {one}"
                );
                let below = dependency.strip_prefix("psp-");
                next.extend(below.filter(|&below| reached.insert(below)));
            }
        }
    }
}

/// The crates in the table of floors.
fn floors() -> BTreeMap<String, Place> {
    let text = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let mut places = BTreeMap::new();
    for row in text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let Ok(floor) = cells[1].parse() else {
            continue;
        };
        let names = cells[2].split('`').skip(1).step_by(2);
        for name in names {
            let is_without_burn = cells[2].ends_with('○');
            let place = Place {
                floor,
                is_without_burn,
            };
            let earlier = places.insert(name.to_owned(), place);
            assert!(earlier.is_none(), "{name} is in the table twice");
        }
    }
    places
}

/// What each crate depends on, on any target; its tests apart.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let manifests = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .filter_map(|entry| {
            let folder = entry.unwrap();
            let text = std::fs::read_to_string(folder.path().join("Cargo.toml")).ok()?;
            Some((folder.file_name().into_string().unwrap(), text))
        });
    let crates = manifests.map(|(name, text)| {
        let manifest: toml::Table = text.parse().unwrap();
        let of_targets = manifest.get("target").and_then(toml::Value::as_table);
        let of_targets = of_targets.into_iter().flat_map(toml::Table::values);
        let tables = of_targets
            .filter_map(|target| target.get("dependencies"))
            .chain(manifest.get("dependencies"))
            .filter_map(toml::Value::as_table);
        (name, tables.flat_map(toml::Table::keys).cloned().collect())
    });
    crates.collect()
}

fn root() -> PathBuf {
    PathBuf::from("../..")
}
