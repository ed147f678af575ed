//! Runs on some of the training images.

use psp_train::Inputs;

use crate::support::Folder;

/// The 18 images are 12 for training, 3 and 3.
const SOME: &str = "data.train_images=8";

#[test]
fn a_run_uses_as_many_training_images_as_it_is_told_and_all_others() {
    let folder = Folder::new();
    folder.train("all", &[]);
    folder.train("some", &[SOME]);
    folder.train("more", &["data.train_images=100"]);
    let manifest = |name: &str| folder.run(name).read_manifest().unwrap();
    assert_eq!(manifest("all").split_counts, [12, 3, 3]);
    assert_eq!(manifest("some").split_counts, [8, 3, 3]);
    assert_eq!(manifest("more").split_counts, [12, 3, 3]);
    // The split is the same; only some of it is used.
    assert_eq!(
        manifest("some").split_fingerprint,
        manifest("all").split_fingerprint
    );
    assert_ne!(manifest("some").train_means, manifest("all").train_means);
    assert_eq!(folder.records("some")[0].step, 2);
    let metrics = |name: &str| {
        let records = folder.records(name).into_iter();
        records
            .map(|record| (record.train, record.valid))
            .collect::<Vec<_>>()
    };
    assert_eq!(metrics("all"), metrics("more"));
    let said = |name: &str| {
        let run = folder.run(name);
        let inputs = Inputs::of_run(&run.read_config().unwrap(), &run).unwrap();
        let notices = inputs.notices().unwrap().into_iter();
        notices.map(|notice| notice.to_string()).collect::<Vec<_>>()
    };
    let fewer = "data.train_images = 100: the training part has 12, and all are used";
    assert!(said("more").iter().any(|text| text == fewer));
    assert!(
        !said("some")
            .iter()
            .any(|text| text.contains("train_images"))
    );
}

#[test]
fn a_run_on_some_images_is_continued_on_the_same() {
    let folder = Folder::new();
    if folder.device() != "flex" {
        return;
    }
    folder.train("whole", &[SOME]);
    folder.interrupt(
        "halved",
        &[SOME],
        |event| matches!(event, psp_train::Event::Epoch(record) if record.epoch == 1),
    );
    folder.resume("halved").unwrap();
    assert_eq!(folder.last("halved").model, folder.last("whole").model);
}

#[test]
fn features_are_computed_of_the_images_that_are_used() {
    let folder = Folder::new();
    let frozen = "model.unfreeze=[\"head\"]";
    assert_eq!(folder.train("some", &[SOME, frozen]).features, 8 + 3 + 3);
    // The rest of them, once they are used too.
    assert_eq!(folder.train("all", &[frozen]).features, 4);
}
