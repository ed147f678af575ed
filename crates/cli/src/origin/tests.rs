use super::*;

fn evaluate(model: &Path, out: &Path, overwrite: bool) -> Result<()> {
    let origin = Origin::evaluation(model, None, "test", "data");
    let claim = origin.claim(out, overwrite)?;
    if let Some((name, text)) = claim.beside {
        std::fs::write(out.join(name), text).unwrap();
    }
    std::fs::write(out.join("metrics.json"), "{}").unwrap();
    Ok(())
}

#[test]
fn results_of_the_same_origin_are_replaced_and_others_only_when_told() {
    let root = tempfile::tempdir().unwrap();
    let (a, b) = (root.path().join("a/run"), root.path().join("b/run"));
    let out = root.path().join("reports/run-test");
    evaluate(&a, &out, false).unwrap();
    evaluate(&a, &out, false).unwrap();
    let error = evaluate(&b, &out, false).unwrap_err().to_string();
    for part in [a.to_str().unwrap(), "b-run-test", "--overwrite", "--out"] {
        assert!(error.contains(part), "no {part} in {error}");
    }
    evaluate(&b, &out, true).unwrap();
    assert!(evaluate(&a, &out, false).is_err());
}

#[test]
fn a_report_and_an_evaluation_do_not_take_each_others_place() {
    let root = tempfile::tempdir().unwrap();
    let (run, out) = (root.path().join("run"), root.path().join("out"));
    evaluate(&run, &out, false).unwrap();
    let report = Origin::report(&[run]);
    for overwrite in [false, true] {
        let error = report.check(&out, overwrite).unwrap_err().to_string();
        assert!(error.contains("holds the evaluation of"), "{error}");
        assert!(!error.contains("--overwrite"), "{error}");
    }
}

#[test]
fn the_same_model_on_other_data_is_another_origin() {
    let root = tempfile::tempdir().unwrap();
    let of = |data: &str| {
        let data = root.path().join(data);
        Origin::evaluation(root.path(), Some(&data), "all", "data")
    };
    let out = root.path().join("out");
    of("x").claim(&out, false).unwrap();
    std::fs::write(out.join("metrics.json"), "{}").unwrap();
    assert!(of("y").check(&out, false).is_err());
    of("x").check(&out, false).unwrap();
}

#[test]
fn data_that_hold_something_else_by_now_are_another_origin_where_it_is_known() {
    let root = tempfile::tempdir().unwrap();
    let of = |held: &str| Origin::evaluation(root.path(), None, "test", held);
    let out = root.path().join("out");
    of("then").claim(&out, false).unwrap();
    std::fs::write(out.join("metrics.json"), "{}").unwrap();
    of("then").check(&out, false).unwrap();
    let error = of("now").check(&out, false).unwrap_err().to_string();
    assert!(
        error.contains("whose labels or images were others"),
        "{error}"
    );
    of("now").check(&out, true).unwrap();
    let unknown = Origin {
        fingerprint: None,
        ..of("then")
    };
    let text = serde_json::to_vec(&unknown).unwrap();
    std::fs::write(out.join(FILE), text).unwrap();
    of("now").check(&out, false).unwrap();
}

#[test]
fn results_that_nothing_tells_the_origin_of_stay() {
    let out = tempfile::tempdir().unwrap();
    std::fs::write(out.path().join("metrics.json"), "{}").unwrap();
    for overwrite in [false, true] {
        assert!(evaluate(Path::new("run"), out.path(), overwrite).is_err());
    }
    assert!(!out.path().join(FILE).exists());
}

#[test]
fn a_file_is_no_place_for_results() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = evaluate(Path::new("run"), file.path(), true).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("is a file") && error.contains("--out"),
        "{error}"
    );
}

#[test]
fn a_folder_that_was_claimed_and_never_filled_is_free() {
    let out = tempfile::tempdir().unwrap();
    let origin = |name: &str| Origin::report(&[PathBuf::from(name)]);
    let first = origin("a").claim(out.path(), false).unwrap();
    assert!(first.beside.is_none());
    let error = origin("b").claim(out.path(), false).unwrap_err();
    assert!(error.to_string().contains("another psp"), "{error}");
    drop(first);
    let claim = origin("b").claim(out.path(), false).unwrap();
    let (name, text) = claim.beside.unwrap();
    std::fs::write(out.path().join(name), text).unwrap();
    assert_eq!(Origin::read(out.path()).unwrap(), Some(origin("b")));
}
