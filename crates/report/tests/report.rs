//! The report on a finished study: 40 trials, five backbones of two seeds each.

use std::collections::BTreeSet;

use crate::common::page::{Report, cells, files, text};
use crate::common::{self, Shape, photos, quick, study};
use psp_report::input::TrialState;
use psp_report::{Analysis, Settings, write};

fn report() -> Report {
    Report::of(&study(Shape::default()))
}

#[test]
fn the_sections_are_the_perspective_score_projects_in_their_order() {
    let report = report();
    let titles: Vec<String> = report.all("main h2").iter().map(text).collect();
    assert_eq!(
        titles,
        [
            "1 Backbones and sizes",
            "2 Loss",
            "3 Metrics",
            "4 Search",
            "5 Quantitative results",
            "6 Qualitative results",
            "7 Selection",
            "8 The perspective-score project's suggestions",
            "9 What should not be concluded",
            "10 Data, split and labels",
            "11 How this was made",
        ]
    );
    let numbered = report
        .markdown
        .lines()
        .filter(|line| line.starts_with("## "));
    assert_eq!(numbered.count(), titles.len());
}

#[test]
fn the_page_opens_with_the_verdict_and_its_most_important_caveat() {
    let report = report();
    let verdict = report.text("#verdict");
    assert!(
        verdict.contains("is the model of choice among 5 candidates"),
        "{verdict}"
    );
    assert!(verdict.contains("predict the mean:"), "{verdict}");
    assert!(verdict.contains("95 % interval"), "{verdict}");
    let first = &report.written.analysis.caveats[0];
    assert!(report.text(".caveat").contains(&first.claim));
}

#[test]
fn importances_say_what_becomes_of_conditional_keys_and_of_failed_trials() {
    let report = report();
    let input = study(Shape::default());
    let trials = input.study.iter().flat_map(|study| &study.trials);
    let failed = trials.filter(|trial| trial.state == TrialState::Failed);
    let failed: Vec<String> = failed.map(|trial| trial.number.to_string()).collect();
    assert!(!failed.is_empty());
    assert!(report.says("is judged by the trials that have it"));
    assert!(report.says(&format!(
        "Trials that failed ({}) have no score",
        failed.join(", ")
    )));
}

#[test]
fn googlenet_is_found_in_the_perspective_score_projects_table() {
    let report = report();
    assert!(report.says("What the perspective-score project calls Inception_v3 is GoogLeNet."));
    assert!(report.says("The 22.421 MiB in its table are those of GoogLeNet"));
    assert!(report.says("the real inception_v3 would have 85.240 MiB"));
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let report = report();
    for attribute in [
        "src",
        "srcset",
        "poster",
        "data",
        "xlink:href",
        "background",
    ] {
        for element in report.all("*") {
            let value = element.value().attr(attribute).unwrap_or("data:");
            assert!(value.starts_with("data:"), "{attribute}: {value}");
        }
    }
    for link in report.all("link") {
        assert!(link.value().attr("href").unwrap().starts_with("data:"));
    }
    for element in report.all("[href]") {
        let href = element.value().attr("href").unwrap();
        assert!(
            !href.contains("//") && !href.starts_with("javascript:"),
            "{href}"
        );
    }
    let style = text(&report.one("style"));
    assert!(!style.contains("url(") && !style.contains("@import"));
    let policy = report
        .one("meta[http-equiv]")
        .value()
        .attr("content")
        .unwrap();
    assert!(policy.starts_with("default-src 'none'"));
}

#[test]
fn every_link_within_the_page_leads_somewhere_and_no_id_comes_twice() {
    let report = report();
    let ids: Vec<&str> = report
        .all("[id]")
        .iter()
        .map(|element| element.value().attr("id").unwrap())
        .collect();
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), ids.len());
    for element in report.all("a[href^='#']") {
        let id = &element.value().attr("href").unwrap()[1..];
        assert!(distinct.contains(id), "{id}");
    }
    for attribute in ["aria-labelledby", "for"] {
        for element in report.all(&format!("[{attribute}]")) {
            assert!(distinct.contains(element.value().attr(attribute).unwrap()));
        }
    }
}

#[test]
fn every_row_of_numbers_links_to_the_run_that_it_comes_from() {
    let report = report();
    for table in [
        "trials",
        "loss-runs",
        "models",
        "pairs",
        "cost",
        "ranking",
        "configurations",
    ] {
        let rows = report.all(&format!("#{table} tbody tr"));
        assert!(!rows.is_empty(), "{table}");
        for row in rows {
            let link = scraper::Selector::parse("a[href^='../../']").unwrap();
            assert!(row.select(&link).count() > 0, "{table}: {}", text(&row));
        }
    }
    for table in ["metrics-1", "groups", "calibration"] {
        let caption = report.all(&format!("#{table} caption a[href^='../../']"));
        assert_eq!(caption.len(), 1, "{table}");
    }
    assert!(!report.all("#verdict .numbers .value a").is_empty());
    for number in report.all("#verdict .numbers .value") {
        assert_eq!(
            number
                .select(&scraper::Selector::parse("a").unwrap())
                .count(),
            1
        );
    }
}

#[test]
fn every_picture_is_a_file_and_every_file_that_is_named_exists() {
    let report = report();
    for name in [
        "prediction_vs_label",
        "residuals",
        "distributions",
        "error_by_bin",
        "learning_curves",
        "search_history",
        "parallel_coordinates",
        "slices",
        "importance",
        "comparison",
        "accuracy_and_cost",
        "calibration",
        "label_distribution",
        "run_curves",
    ] {
        for kind in ["svg", "png"] {
            let path = report.folder.path().join(format!("plots/{name}.{kind}"));
            assert!(path.is_file(), "{name}.{kind}");
        }
        assert_eq!(report.all(&format!("#figure-{name}")).len(), 1, "{name}");
    }
    for name in [
        "gallery_random",
        "gallery_best",
        "gallery_worst",
        "explanations",
    ] {
        assert!(
            report
                .folder
                .path()
                .join(format!("plots/{name}.png"))
                .is_file()
        );
    }
    for path in &report.written.plots {
        assert!(path.is_file());
    }
    for element in report.all("a[href^='plots/']") {
        let path = element.value().attr("href").unwrap();
        assert!(report.folder.path().join(path).exists(), "{path}");
    }
    let images = report.markdown.split("](plots/").skip(1);
    for image in images {
        let path = image.split(')').next().unwrap();
        assert!(
            report.folder.path().join("plots").join(path).is_file(),
            "{path}"
        );
    }
}

#[test]
fn pictures_as_files_are_well_formed() {
    let report = report();
    for (path, bytes) in files(&report.folder.path().join("plots")) {
        match path.extension().unwrap().to_str().unwrap() {
            "svg" => {
                let text = String::from_utf8(bytes).unwrap();
                roxmltree::Document::parse(&text).unwrap();
            }
            _ => assert!(bytes.starts_with(b"\x89PNG")),
        }
    }
}

#[test]
fn the_numbers_come_back_from_their_file() {
    let report = report();
    let text = std::fs::read_to_string(&report.written.metrics).unwrap();
    let analysis: Analysis = serde_json::from_str(&text).unwrap();
    assert_eq!(analysis, report.written.analysis);
    assert_eq!(analysis.schema_version, psp_report::SCHEMA_VERSION);
}

#[test]
fn a_report_replaces_an_earlier_one_and_nothing_that_is_not_a_report() {
    let input = study(Shape::default());
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().join("plots");
    std::fs::create_dir(&plots).unwrap();
    std::fs::write(plots.join("mine.svg"), "").unwrap();
    let error = write(&input, &photos, folder.path(), &quick()).unwrap_err();
    assert!(matches!(error, psp_report::ReportError::Foreign(_)));
    assert!(
        error.to_string().contains(plots.to_str().unwrap()),
        "{error}"
    );
    assert_eq!(files(folder.path()).len(), 1);

    let out = folder.path().join("report");
    for title in ["old", "new"] {
        let mut input = input.clone();
        input.title = title.to_owned();
        write(&input, &photos, &out, &quick()).unwrap();
    }
    let page = std::fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("<h1>new</h1>"));
}

#[test]
fn the_same_input_gives_the_same_bytes_but_for_the_date() {
    let mut input = study(Shape::default());
    let (first, second) = (Report::of(&input), Report::of(&input));
    let bytes = |report: &Report| -> Vec<Vec<u8>> {
        let files = files(report.folder.path());
        files.into_iter().map(|file| file.1).collect()
    };
    assert_eq!(bytes(&first), bytes(&second));
    input.environment.date = "2027-02-28".to_owned();
    let later = Report::of(&input);
    assert_ne!(later.html, first.html);
    assert_eq!(later.html.replace("2027-02-28", "2026-01-31"), first.html);
    assert_eq!(
        later.markdown.replace("2027-02-28", "2026-01-31"),
        first.markdown
    );
}

#[test]
fn models_that_do_not_differ_are_said_not_to() {
    let mut input = study(Shape::default());
    // Two candidates with the very same predictions.
    input.candidates[1].runs = input.candidates[0].runs.clone();
    let report = Report::of(&input);
    let comparison = report.written.analysis.comparison.as_ref().unwrap();
    let (pair, _) = comparison.pair(0, 1).unwrap();
    assert!(!pair.differs);
    assert_eq!(pair.p_value, 1.0);
    assert!(report.says("no difference shown"));
}

#[test]
fn errors_are_told_by_label_beside_predict_the_mean() {
    let report = report();
    let rows = report.all("#groups tbody tr");
    let rows: Vec<String> = rows.iter().map(cells).collect();
    assert!(
        rows.iter().any(|row| row.starts_with("all targets = 0")),
        "{rows:?}"
    );
    assert!(rows.iter().any(|row| row.starts_with("hood ≠ 0")));
    assert!(
        rows.iter()
            .any(|row| row.starts_with("backdoor_left (0.75, 1]"))
    );
    let metrics: Vec<String> = report.all("#metrics-1 tbody th").iter().map(text).collect();
    assert_eq!(
        metrics,
        [
            "MSE",
            "MAE",
            "RMSE",
            "R²",
            "median error",
            "bias",
            "Pearson",
            "Spearman",
            "within 0.05",
            "within 0.1",
            "balanced MSE",
            "skill",
        ]
    );
}

#[test]
fn failures_are_told_with_their_reasons_numbers_aside() {
    let report = report();
    let search = report.written.analysis.search.as_ref().unwrap();
    let failed: usize = search.failures.iter().map(|group| group.trials.len()).sum();
    assert_eq!(failed, search.states.failed);
    assert!(search.failures.len() <= 2, "{:?}", search.failures);
    assert!(report.text("#failures").contains("the loss is NaN at step"));
}

#[test]
fn a_photo_that_is_gone_leaves_its_place_and_a_warning() {
    let report = Report::with(&study(Shape::default()), &common::no_photos, &quick());
    assert!(!report.all(".missing").is_empty());
    assert!(report.all(".shot img").is_empty());
    assert!(report.says("is gone"));
    assert!(
        report
            .written
            .warnings
            .iter()
            .any(|w| w.contains("is gone"))
    );
}

#[test]
fn a_study_of_200_trials_and_4000_images_is_reported_in_time() {
    let input = study(Shape {
        trials: 200,
        images: 4000,
        epochs: 30,
        ..Shape::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let start = std::time::Instant::now();
    let written = write(&input, &photos, folder.path(), &Settings::default()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let mib = written.page_bytes as f64 / f64::from(1 << 20);
    println!("200 trials, 5 backbones, 4000 images: {seconds:.1} s, a page of {mib:.1} MiB");
    assert!(seconds < 60.0, "{seconds} s");
    assert!(mib < 6.0, "{mib} MiB");
}
