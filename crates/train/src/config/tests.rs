use super::*;

fn read(text: &str, overrides: &[&str]) -> Result<RunConfig, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.toml");
    std::fs::write(&path, text).unwrap();
    let overrides: Vec<String> = overrides.iter().map(|&o| o.to_owned()).collect();
    RunConfig::read(Some(&path), &overrides)
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_key() {
    let error = read("[train]\nepochs = 3\nlerning_rate = 1.0\n", &[]).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("line 3"), "{message}");
    assert!(
        message.contains("did you mean `learning_rate`?"),
        "{message}"
    );
}

#[test]
fn an_unknown_section_is_refused_with_the_nearest_one() {
    let message = read("[tarin]\nepochs = 3\n", &[]).unwrap_err().to_string();
    assert!(message.contains("did you mean `train`?"), "{message}");
}

#[test]
fn an_unknown_backbone_is_refused_with_the_nearest_one() {
    let message = read("[model]\nbackbone = \"resnet81\"\n", &[])
        .unwrap_err()
        .to_string();
    assert!(message.contains("resnet18"), "{message}");
}

#[test]
fn overrides_win_over_the_file_in_order() {
    let config = read(
        "[train]\nepochs = 3\n",
        &["train.epochs=4", "train.epochs=5", "model.weights=a b.pth"],
    )
    .unwrap();
    assert_eq!(config.train.epochs, 5);
    let path = Path::new("a b.pth");
    assert_eq!(config.model.weights.path(), Some(path));
}

#[test]
fn an_unknown_override_is_refused_with_the_argument() {
    let message = read("", &["train.epoch=4"]).unwrap_err().to_string();
    assert!(message.contains("--set train.epoch=4"), "{message}");
    assert!(message.contains("did you mean `epochs`?"), "{message}");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_its_line() {
    let message = read("[train]\n\nepochs = \"many\"\n", &[])
        .unwrap_err()
        .to_string();
    assert!(message.contains("line 3"), "{message}");
}

#[test]
fn values_out_of_range_are_refused_by_key() {
    for (set, key) in [
        ("train.epochs=0", "train.epochs"),
        ("train.batch_size=0", "train.batch_size"),
        ("train.learning_rate=nan", "train.learning_rate"),
        ("train.betas=[0.9, 1.0]", "train.betas"),
        ("train.warmup_epochs=11.0", "train.warmup_epochs"),
        ("train.ema_decay=1.0", "train.ema_decay"),
        ("model.dropout=1.0", "model.dropout"),
        ("model.unfreeze=['layer9']", "model.unfreeze"),
        ("model.unfreeze=[]", "model.unfreeze"),
        ("data.targets=[]", "data.targets"),
        ("data.fractions=[0.5, 0.5, 0.5]", "data.fractions"),
        ("preprocess.size=8", "preprocess.size"),
        ("preprocess.std=[0.0, 1.0, 1.0]", "preprocess.std"),
        ("data.label_range=[2.0, 1.0]", "data.label_range = [2, 1]"),
    ] {
        let message = read("", &[set]).unwrap_err().to_string();
        assert!(message.starts_with(key), "{set}: {message}");
    }
}

#[test]
fn a_configuration_written_as_toml_reads_back_as_itself() {
    let config = read("[data]\ndir = \"x\"\n", &["train.learning_rate=1e-3"]).unwrap();
    assert_eq!(read(&config.to_toml().unwrap(), &[]).unwrap(), config);
}

#[test]
fn an_input_that_the_backbone_cannot_take_is_refused_with_what_it_takes() {
    for (model, size, wanted) in [
        ("backbone = \"inception_v3\"", 74, "75 to 4096"),
        (
            "backbone = \"inception_v3\"\nauxiliary = true",
            298,
            "299 to 4096",
        ),
        ("backbone = \"vit_b_16\"", 100, "a multiple of 16"),
        ("backbone = \"resnet18\"", 31, "32 to 4096"),
    ] {
        let text = format!("[preprocess]\nsize = {size}\n[model]\n{model}\n");
        let message = read(&text, &[]).unwrap_err().to_string();
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn stages_and_auxiliary_classifiers_are_those_of_the_backbone() {
    let vit = "[model]\nbackbone = \"vit_b_16\"\n";
    read(
        &format!("{vit}unfreeze = [\"encoder.layers.encoder_layer_11\", \"head\"]\n"),
        &[],
    )
    .unwrap();
    for line in ["unfreeze = [\"layer4\"]\n", "auxiliary = true\n"] {
        let message = read(&format!("{vit}{line}"), &[]).unwrap_err().to_string();
        assert!(message.contains("model."), "{message}");
    }
}

#[test]
fn input_is_rescaled_where_torchvisions_weights_want_it() {
    let transforms = |text: &str| {
        let config = read(&format!("[model]\n{text}"), &[]).unwrap();
        config.model_config().transform_input
    };
    assert!(!transforms("backbone = \"googlenet\"\n"));
    assert!(transforms(
        "backbone = \"googlenet\"\nweights = \"a.pth\"\n"
    ));
    assert!(transforms(
        "backbone = \"inception_v3\"\ntransform_input = \"on\"\n"
    ));
    assert!(!transforms(
        "backbone = \"resnet18\"\nweights = \"a.pth\"\n"
    ));
}

#[test]
fn the_commented_file_lists_every_key_with_its_default() {
    let text = include_str!("../../../../configs/train.toml");
    assert_eq!(read(text, &[]).unwrap(), RunConfig::default());
    let given: toml::Table = toml::from_str(text).unwrap();
    let defaults: toml::Table = toml::from_str(&RunConfig::default().to_toml().unwrap()).unwrap();
    for (section, keys) in &defaults {
        for key in keys.as_table().unwrap().keys() {
            assert!(
                given[section].as_table().unwrap().contains_key(key),
                "{section}.{key}"
            );
        }
    }
}

#[test]
fn rates_fall_by_layer_and_single_stages_may_have_their_own() {
    let config = read(
        "[train]\nlearning_rate = 0.01\nbackbone_learning_rate = 0.008\nlayer_decay = 0.5\n\
         [train.stage_learning_rates]\nlayer2 = 0.3\n",
        &[],
    )
    .unwrap();
    for (stage, rate) in [
        ("head", 0.01),
        ("layer4", 0.004),
        ("layer3", 0.002),
        ("layer2", 0.3),
        ("layer1", 0.0005),
        ("bn1", 0.00025),
        ("conv1", 0.00025),
    ] {
        assert!(
            (config.learning_rate(stage) - rate).abs() < 1e-15,
            "{stage}"
        );
    }
    let same = read("", &["train.layer_decay=0.5"]).unwrap();
    assert_eq!(
        same.learning_rate("layer4"),
        same.learning_rate("head") / 2.0
    );
    // The rates survive the run's own copy of its configuration.
    assert_eq!(read(&config.to_toml().unwrap(), &[]).unwrap(), config);
}

#[test]
fn stages_open_from_the_head_inwards_as_epochs_pass() {
    let opened = |sets: &[&str], epoch| read("", sets).unwrap().trained_stages(epoch).join(" ");
    let every = ["train.unfreeze_every=2"];
    assert_eq!(opened(&every, 0), "head");
    assert_eq!(opened(&every, 1), "head");
    assert_eq!(opened(&every, 2), "layer4 head");
    assert_eq!(opened(&every, 9), "layer1 layer2 layer3 layer4 head");
    assert_eq!(
        opened(&every, 10),
        "conv1 bn1 layer1 layer2 layer3 layer4 head"
    );
    let two_at_once = [
        "train.unfreeze_every=0.5",
        "model.unfreeze=['head', 'layer4', 'layer2']",
    ];
    assert_eq!(opened(&two_at_once, 0), "head");
    assert_eq!(opened(&two_at_once, 1), "layer4 head");
    assert_eq!(opened(&two_at_once, 2), "layer2 layer4 head");
    assert_eq!(opened(&[], 0), "conv1 bn1 layer1 layer2 layer3 layer4 head");
}

#[test]
fn features_are_constant_only_where_nothing_inside_the_backbone_is_trained_or_seen() {
    let constant = |sets: &[&str]| read("", sets).unwrap().has_constant_features();
    let head = "model.unfreeze=['head']";
    assert!(constant(&[head]));
    assert!(!constant(&[]));
    assert!(!constant(&["model.unfreeze=['head', 'layer4']"]));
    assert!(!constant(&["train.unfreeze_every=5"]));
    let googlenet = [head, "model.backbone=googlenet"];
    assert!(constant(&googlenet));
    assert!(!constant(
        &[&googlenet[..], &["model.auxiliary=true"]].concat()
    ));
}

#[test]
fn settings_of_fine_tuning_that_cannot_be_are_refused_by_key() {
    for (sets, key, wanted) in [
        (
            &["train.layer_decay=0.0"][..],
            "train.layer_decay",
            "above 0",
        ),
        (&["train.layer_decay=1.5"], "train.layer_decay", "at most 1"),
        (
            &["train.unfreeze_every=-1"],
            "train.unfreeze_every",
            "or more",
        ),
        (
            &["train.unfreeze_every=1", "model.unfreeze=['layer4']"],
            "train.unfreeze_every",
            "without \"head\"",
        ),
        (
            &["train.stage_learning_rates={layer9 = 0.1}"],
            "train.stage_learning_rates",
            "layer4",
        ),
        (
            &["train.stage_learning_rates={layer4 = -0.1}"],
            "train.stage_learning_rates",
            "layer4",
        ),
        (
            &["train.gradient_checkpointing=true"],
            "train.gradient_checkpointing",
            "vit_b_16",
        ),
    ] {
        let message = read("", sets).unwrap_err().to_string();
        assert!(message.starts_with(key), "{sets:?}: {message}");
        assert!(message.contains(wanted), "{sets:?}: {message}");
    }
}

#[test]
fn replicas_are_of_the_devices_kind_on_other_gpus_and_have_batches_to_compute() {
    for (device, replicas, accumulate, key, part) in [
        ("auto", "['flex']", 2, "train.device", "a device by name"),
        (
            "flex",
            "['libtorch']",
            2,
            "train.replicas",
            "same kind as train.device, flex",
        ),
        ("cuda:0", "['auto']", 2, "train.replicas", "same kind"),
        (
            "cuda:0",
            "['cuda:1', 'cuda:0']",
            3,
            "train.replicas",
            "each GPU once",
        ),
        (
            "cuda:0",
            "['cuda:1', 'cuda:1']",
            3,
            "train.replicas",
            "each GPU once",
        ),
        (
            "cuda:0",
            "['cuda:1', 'cuda:2']",
            2,
            "train.accumulate",
            "at least 3",
        ),
        ("flex", "['flex']", 1, "train.accumulate", "at least 2"),
        ("flex", "['gpu']", 2, "line 3", "unknown device `gpu`"),
    ] {
        let text = format!(
            "[train]\ndevice = '{device}'\nreplicas = {replicas}\naccumulate = {accumulate}\n"
        );
        let message = read(&text, &[]).unwrap_err().to_string();
        assert!(message.contains(part), "{text}{message}");
        assert!(message.contains(key), "{text}{message}");
    }
    for (device, replicas) in [
        ("flex", "['flex', 'flex']"),
        ("libtorch:cuda:0", "['libtorch:cuda:1', 'libtorch:cuda:2']"),
    ] {
        let text = format!("[train]\ndevice = '{device}'\nreplicas = {replicas}\naccumulate = 3\n");
        assert_eq!(read(&text, &[]).unwrap().train.replicas.len(), 2);
    }
}

#[test]
fn a_value_out_of_range_is_refused_with_its_line_unless_it_is_an_overrides() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.toml");
    std::fs::write(&path, "[model]\nhidden = 8\n[train]\nbatch_size = 0\n").unwrap();
    let refused = |overrides: &[&str]| {
        let overrides: Vec<String> = overrides.iter().map(|&one| one.to_owned()).collect();
        let error = RunConfig::read(Some(&path), &overrides).unwrap_err();
        error.to_string()
    };
    let error = refused(&[]);
    assert!(
        error.ends_with("c.toml, line 4: train.batch_size = 0: expected at least 1"),
        "{error}"
    );
    let error = refused(&["train.batch_size=4", "train.epochs=0"]);
    assert_eq!(error, "train.epochs = 0: expected at least 1");
}

#[test]
fn a_new_run_trains_something() {
    let refused = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let config = RunConfig::read(None, &sets).unwrap();
        config.validate_new().map_err(|error| error.to_string())
    };
    let head = "model.unfreeze=[\"head\"]";
    let error = refused(&[head, "train.stage_learning_rates={head=0.0}"]).unwrap_err();
    assert!(
        error.starts_with("train.stage_learning_rates = "),
        "{error}"
    );
    let last = "model.unfreeze=[\"layer4\"]";
    let error = refused(&[last, "train.backbone_learning_rate=0.0"]).unwrap_err();
    assert!(
        error.starts_with("train.backbone_learning_rate = 0.0: "),
        "{error}"
    );
    refused(&["train.backbone_learning_rate=0.0"]).unwrap();
}

#[test]
fn a_key_that_is_left_open_is_written_as_before_and_read_as_none() {
    let text = RunConfig::default().to_toml().unwrap();
    for line in [
        "labels = \"\"",
        "cache_dir = \"\"",
        "split = \"auto\"",
        "weights = \"\"",
        "size = 0",
        "train_images = 0",
        "patience = 0",
        "ema_decay = 0.0",
        "backbone_learning_rate = -1.0",
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "{line}\n{text}"
        );
    }
    assert_eq!(
        toml::from_str::<RunConfig>(&text).unwrap(),
        RunConfig::default()
    );
    let read = |set: String| RunConfig::read(None, &[set]).unwrap();
    let rate = |value| read(format!("train.backbone_learning_rate={value}"));
    assert_eq!(rate("0.0").train.backbone_learning_rate.get(), Some(0.0));
    assert_eq!(rate("-0.5").train.backbone_learning_rate.get(), None);
    // Whatever negative number was written stays, so that stored ones are the same.
    let text = rate("-0.5").to_toml().unwrap();
    assert!(text.contains("\nbackbone_learning_rate = -0.5\n"), "{text}");
    let weights = |value| read(format!("model.weights={value}")).model.weights;
    assert_eq!(weights("imagenet"), InitialWeights::ImageNet);
    assert_eq!(weights("''"), InitialWeights::Scratch);
}
