//! Spaces as they are written, and what is read from them.

use crate::support::{drawn, parse_with, space};
use psp_space::{Domain, Point, RandomGrid, Test, point_text};
use toml::{Table, Value};

const SEARCH: &str = r#"
[train]
optimizer = "sgd"

[space]
model.backbone = ["resnet18", "googlenet", "inception_v3", "efficientnet_b0", "vit_b_16"]
train.learning_rate = { log = [1e-5, 1e-2], points = 7 }
model.dropout = { range = [0.0, 0.5], points = 6 }
model.hidden = { int = [64, 512], step = 64 }
model.unfreeze = [["head"], ["all"]]
model.stochastic_depth = { values = [0.0, 0.2], when = { model.backbone = "efficientnet_b0" } }
train.momentum = { range = [0.8, 0.99], points = 3, when = { train.optimizer = "sgd" } }
train.batch_size = { int = [8, 64], log = true, points = 4 }

[[exclude]]
model.backbone = "vit_b_16"
train.batch_size = { min = 32 }
"#;

fn sgd() -> [(&'static str, Value); 1] {
    [("train.optimizer", Value::String("sgd".to_owned()))]
}

#[test]
fn every_form_of_a_domain_has_the_grid_that_it_describes() {
    let space = parse_with(SEARCH, &sgd()).unwrap();
    let grid = |key: &str| {
        let dimension = space
            .dimensions()
            .iter()
            .find(|one| one.key == key)
            .unwrap();
        Value::Array(dimension.grid().to_vec()).to_string()
    };
    assert_eq!(grid("model.dropout"), "[0.0, 0.1, 0.2, 0.3, 0.4, 0.5]");
    assert_eq!(
        grid("model.hidden"),
        "[64, 128, 192, 256, 320, 384, 448, 512]"
    );
    assert_eq!(grid("model.unfreeze"), r#"[["head"], ["all"]]"#);
    assert_eq!(grid("train.batch_size"), "[8, 16, 32, 64]");
    assert_eq!(grid("train.momentum"), "[0.8, 0.895, 0.99]");
    assert_eq!(
        grid("train.learning_rate"),
        "[0.00001, 0.0000316227766017, 0.0001, 0.000316227766017, 0.001, 0.00316227766017, 0.01]"
    );
}

#[test]
fn dimensions_are_in_the_order_of_their_keys_and_know_their_lines() {
    let space = parse_with(SEARCH, &sgd()).unwrap();
    let keys: Vec<&str> = space
        .dimensions()
        .iter()
        .map(|one| one.key.as_str())
        .collect();
    assert!(keys.is_sorted() && keys.len() == 8, "{keys:?}");
    assert_eq!(space.place("model.backbone").unwrap(), "s.toml, line 6");
    assert_eq!(space.place("train.batch_size").unwrap(), "s.toml, line 13");
    assert_eq!(space.place("train.optimizer"), None);
}

#[test]
fn a_condition_on_a_fixed_value_that_holds_is_no_condition() {
    let space = parse_with(SEARCH, &sgd()).unwrap();
    let find = |key| {
        space
            .dimensions()
            .iter()
            .find(|one| one.key == key)
            .unwrap()
    };
    assert_eq!(find("train.momentum").when, None);
    let when = find("model.stochastic_depth").when.as_ref().unwrap();
    let backbone = Value::String("efficientnet_b0".to_owned());
    assert_eq!(when.terms[0].test, Test::OneOf(vec![backbone]));
    assert_eq!(
        when.terms[0].to_string(),
        r#"model.backbone = "efficientnet_b0""#
    );
}

#[test]
fn a_searched_key_takes_no_notice_of_its_fixed_value() {
    let text = "[space]\na.a = [1, 2]\nb.b = { values = [1, 2], when = { a.a = 2 } }";
    let space = parse_with(text, &[("a.a", Value::Integer(1))]).unwrap();
    assert_eq!(space.count(), 3);
}

#[test]
fn the_count_leaves_out_what_does_not_exist_and_what_is_excluded() {
    let space = parse_with(SEARCH, &sgd()).unwrap();
    // Backbones with depth, then without; of the last half the batch sizes.
    let backbones_and_batches = 3 * 4 + 2 * 4 + 2;
    let others = 7 * 6 * 8 * 2 * 3;
    assert_eq!(space.count(), backbones_and_batches * others);
}

#[test]
fn a_space_written_anew_by_another_program_draws_the_same_points() {
    let mut table: Table = toml::from_str(SEARCH).unwrap();
    table.retain(|key, _| key == "space" || key == "exclude");
    let written = toml::to_string_pretty(&table).unwrap();
    let (first, second) = (
        parse_with(SEARCH, &sgd()).unwrap(),
        parse_with(&written, &sgd()).unwrap(),
    );
    assert_eq!(first.count(), second.count());
    let draws = |space| drawn(&mut RandomGrid::new(space, 5), 50);
    assert_eq!(draws(&first), draws(&second));
}

#[test]
fn the_order_of_lines_does_not_change_the_points() {
    let first = space("[space]\nb.b = [1, 2]\na.a = { values = [1, 2], when = { b.b = 1 } }");
    let second =
        space("[space.a]\na = { values = [1, 2], when = { b.b = 1 } }\n[space.b]\nb = [1, 2]");
    for index in 0..3 {
        assert_eq!(first.point(index), second.point(index));
    }
}

#[test]
fn a_point_as_text_names_its_keys_and_values_in_the_space_s_order() {
    let space = space(
        "[space]\ntrain.learning_rate = { log = [1e-3, 1e-3], points = 1 }\n\
         model.backbone = [\"resnet18\"]\nmodel.unfreeze = [[\"head\", \"layer4\"]]",
    );
    assert_eq!(
        point_text(&space.point(0).unwrap()),
        r#"model.backbone = "resnet18", model.unfreeze = ["head", "layer4"], train.learning_rate = 0.001"#
    );
}

#[test]
fn a_point_survives_json() {
    let space = parse_with(SEARCH, &sgd()).unwrap();
    for point in drawn(&mut RandomGrid::new(&space, 6), 20) {
        let text = serde_json::to_string(&point).unwrap();
        assert_eq!(serde_json::from_str::<Point>(&text).unwrap(), point);
    }
}

#[test]
fn whole_numbers_serve_as_ends_of_a_range() {
    let space = space("[space]\na.a = { range = [0, 1], points = 3 }");
    let expected = Domain::Range {
        low: 0.0,
        high: 1.0,
        log: false,
        points: 3,
    };
    assert_eq!(space.dimensions()[0].domain, expected);
    let values = [0.0, 0.5, 1.0].map(Value::Float);
    assert_eq!(space.dimensions()[0].grid(), values);
}

#[test]
fn a_list_in_a_condition_is_a_list_of_values_and_a_list_as_value_stands_in_one() {
    let text = "[space]\nm.u = [[\"head\"], [\"all\"], [\"head\", \"layer4\"]]\n\
                t.d = { values = [0, 1], when = { m.u = [[\"head\"], [\"all\"]] } }";
    assert_eq!(space(text).count(), 2 + 2 + 1);
}

#[test]
fn conditions_compare_numbers_by_size_and_ranges_include_their_ends() {
    let text = "[space]\na.a = { range = [0.0, 1.0], points = 5 }\n\
                b.b = { values = [1, 2], when = { a.a = { min = 0.25, max = 0.75 } } }\n\
                c.c = { values = [1, 2], when = { a.a = 1 } }";
    assert_eq!(space(text).count(), 1 + 3 * 2 + 2);
}
