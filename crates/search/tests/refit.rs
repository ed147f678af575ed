//! What `[study.refit]` says of each backbone, and what is refused in it.

use psp_search::{Plan, SearchConfig, SearchError, Weights};
use psp_train::RunConfig;

/// Three backbones at small sizes; `[study.refit]` stands on line 2.
fn study(refit: &str) -> Result<SearchConfig, SearchError> {
    let text = format!(
        "[study]\n[study.refit]\n{refit}\n[preprocess]\nsize = 80\n[data]\ntrain_images = 100\n\
         [space]\nmodel.backbone = [\"inception_v3\", \"resnet18\", \"vit_b_16\"]\n"
    );
    SearchConfig::parse(&text, "s.toml", &[])
}

/// The refit of each backbone, in the space's order.
fn refits(refit: &str) -> Vec<Result<RunConfig, SearchError>> {
    let config = study(refit).unwrap();
    let points = 0..config.space.count();
    points
        .map(|index| {
            let point = config.space.point(index).unwrap();
            config.refit(&point).map(Option::unwrap)
        })
        .collect()
}

fn assert_says(error: &SearchError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

#[test]
fn a_refit_replaces_the_values_that_it_names_and_those_of_its_backbone() {
    let refits = refits(
        "train.epochs = 12\npreprocess.size = 96\ndata.train_images = 0\n\
         [study.refit.inception_v3]\npreprocess.size = 112\ntrain.batch_size = 8\n",
    );
    let refits: Vec<RunConfig> = refits.into_iter().map(Result::unwrap).collect();
    let of = |value: fn(&RunConfig) -> u64| refits.iter().map(value).collect::<Vec<_>>();
    assert_eq!(of(|config| config.train.epochs), [12, 12, 12]);
    assert!(
        refits
            .iter()
            .all(|config| config.data.train_images.is_none())
    );
    assert_eq!(of(|config| config.input_size().into()), [112, 96, 96]);
    assert_eq!(of(|config| config.train.batch_size as u64), [8, 16, 16]);
}

#[test]
fn a_study_without_a_refit_has_none() {
    let config = SearchConfig::parse("[space]\nmodel.hidden = [4, 8]\n", "s.toml", &[]).unwrap();
    let point = config.space.point(0).unwrap();
    assert_eq!(config.refit(&point).unwrap(), None);
    assert!(!config.to_toml().unwrap().contains("refit"));
}

#[test]
fn a_written_study_has_the_same_refit() {
    let config =
        study("valid = true\ntrain.epochs = 9\n[study.refit.vit_b_16]\ntrain.epochs = 7\n");
    let config = config.unwrap();
    let again = SearchConfig::parse(&config.to_toml().unwrap(), "s.toml", &[]).unwrap();
    assert_eq!(again.study, config.study);
    assert_eq!(config.difference(&again).unwrap(), None);
}

#[test]
fn a_key_that_is_unknown_or_not_a_refits_is_refused_with_its_line() {
    for (refit, parts) in [
        ("train.epoch = 3", &["line 3", "did you mean `epochs`"][..]),
        (
            "\ntrain.epochs = \"x\"",
            &["line 4", "expected a whole number"],
        ),
        (
            "trian.epochs = 3",
            &["line 3", "`trian`", "did you mean `train`"],
        ),
        ("epochs = 3", &["line 3", "`epochs`", "section.key"]),
        (
            "vit_b_16.epochs = 3",
            &["line 3", "`epochs`", "section.key"],
        ),
        (
            "resnet50.train.epochs = 3",
            &["line 3", "did you mean `resnet18`"],
        ),
        (
            "model.backbone = \"resnet18\"",
            &["line 3", "`model.backbone`"],
        ),
        ("train.seed = 3", &["line 3", "`train.seed`", "its trial's"]),
        (
            "data.split_seed = 3",
            &["line 3", "`data.split_seed`", "train_images"],
        ),
        (
            "googlenet.train.epochs = 3",
            &["line 3", "`googlenet`", "add this one to model.backbone"],
        ),
        ("valid = 3", &["s.toml, line", "expected true or false"]),
    ] {
        assert_says(&study(refit).unwrap_err(), parts);
    }
}

#[test]
fn a_backbone_that_the_refit_does_not_fit_is_found_when_the_plan_is_drawn() {
    let draw = |refit: &str| {
        let config = study(refit).unwrap();
        let (data, split) = ("data".to_owned(), "split".to_owned());
        Plan::draw(&config, data, split, Weights::default(), &[]).unwrap_err()
    };
    let error = draw("train.epochs = 3\npreprocess.size = 64");
    let parts = ["s.toml, line 4", "75 to 4096", "[study.refit.inception_v3]"];
    assert_says(&error, &parts);
    let error = draw("[study.refit.vit_b_16]\npreprocess.size = 100");
    assert_says(&error, &["s.toml, line 4", "a multiple of 16"]);
    // Nothing is left to stop by.
    let error = draw("valid = true\ntrain.patience = 2");
    assert_says(
        &error,
        &[
            "s.toml, line 4",
            "train.patience = 2",
            "no validation images",
        ],
    );
}
