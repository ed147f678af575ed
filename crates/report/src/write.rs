//! A report's folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use psp_plot::short_names;

use crate::analysis::{Analysis, analyse_prepared, prepared::Prepared};
use crate::document::Document;
use crate::figures::Figures;
use crate::folder::Folder;
use crate::pictures::Pictures;
use crate::sections::{Context, document};
use crate::{Input, Photos, ReportError, Settings, html, markdown};

/// What was written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Written {
    /// The page.
    pub index: PathBuf,
    /// The same as Markdown.
    pub markdown: PathBuf,
    /// All numbers.
    pub metrics: PathBuf,
    /// The pictures.
    pub plots: Vec<PathBuf>,
    /// The size of the page in bytes.
    pub page_bytes: u64,
    /// What is missing in the report, and why, a line each.
    pub warnings: Vec<String>,
    /// The numbers.
    pub analysis: Analysis,
}

/// Writes the report on `input` into the folder `out`: `index.html`, `report.md`,
/// `metrics.json` and `plots/`. Other files there are left alone, those of an
/// earlier report are replaced once the new ones are whole on disk, all of them or
/// none.
///
/// # Errors
/// [`ReportError::Input`] where the input contradicts itself, [`ReportError::Foreign`]
/// where something of these names is there that no report wrote, [`ReportError::File`]
/// where the folder cannot be written to. Photos that cannot be read, predictions
/// of other targets and the like are named in the report and in
/// [`Written::warnings`].
pub fn write(
    input: &Input,
    photos: &dyn Photos,
    out: &Path,
    settings: &Settings,
) -> Result<Written, ReportError> {
    let analysis = analyse_prepared(&Prepared::new(input, settings)?)?;
    let pictures = Pictures::load(&shown_images(input, &analysis), photos, settings.photo_side);
    let targets = short_names(&input.data.targets);
    let figures = Figures::draw(input, &analysis, &pictures, &targets);
    let document = document(&Context {
        input,
        analysis: &analysis,
        figures: &figures,
        pictures: &pictures,
        targets: &targets,
    });
    let page = html::page(&document)?;
    let plots = store(out, &page, &document, &analysis, &figures)?;
    let mut warnings = analysis.warnings.clone();
    warnings.extend(pictures.problems());
    warnings.extend(figures.problems.iter().cloned());
    Ok(Written {
        index: out.join("index.html"),
        markdown: out.join("report.md"),
        metrics: out.join("metrics.json"),
        plots,
        page_bytes: page.len() as u64,
        warnings,
        analysis,
    })
}

fn shown_images<'a>(input: &'a Input, analysis: &'a Analysis) -> BTreeSet<&'a str> {
    let chosen = analysis.images.iter();
    let chosen = chosen.flat_map(|images| [&images.random, &images.best, &images.worst]);
    let chosen = chosen.flatten().map(|shown| shown.filename.as_str());
    let explained = input.explanations.iter();
    chosen
        .chain(explained.map(|explanation| explanation.row.filename.as_str()))
        .collect()
}

fn store(
    out: &Path,
    page: &str,
    document: &Document,
    analysis: &Analysis,
    figures: &Figures,
) -> Result<Vec<PathBuf>, ReportError> {
    let folder = Folder::new(out)?;
    let mut plots = Vec::new();
    for drawn in &figures.drawn {
        let mut plot = |kind: &str, bytes: &[u8]| {
            let path = format!("plots/{}.{kind}", drawn.name);
            plots.push(out.join(&path));
            folder.put(&path, bytes)
        };
        plot("png", &drawn.png)?;
        if let Some(svg) = &drawn.svg {
            plot("svg", svg.as_bytes())?;
        }
    }
    let mut numbers = serde_json::to_vec_pretty(analysis)?;
    numbers.push(b'\n');
    folder.put("metrics.json", &numbers)?;
    folder.put("report.md", markdown::markdown(document).as_bytes())?;
    folder.put("index.html", page.as_bytes())?;
    folder.finish()?;
    Ok(plots)
}
