//! The pictures of a report.
//!
//! A plot is first laid out as a list of shapes (`canvas`) and then drawn as
//! PNG or SVG, so that both look the same and tests can ask whether two texts
//! overlap. Colours are those of Okabe and Ito, which colour-blind readers can
//! tell apart (Okabe & Ito 2008, *Color Universal Design*); texts are set in
//! DejaVu Sans, which is compiled in. A PNG shows a box for a character that
//! this font lacks; an SVG leaves it to the reader's fonts.

mod axes;
mod bins;
mod canvas;
mod card;
mod colour;
mod density;
mod distributions;
mod figure;
mod fonts;
mod names;
mod png;
mod prediction_vs_label;
mod samples;
mod scale;
mod sheet;
mod svg;
#[cfg(test)]
mod testing;
mod thumbnail;

pub use distributions::distributions;
pub use figure::Figure;
pub use prediction_vs_label::prediction_vs_label;
pub use samples::samples;

/// The most targets that one figure shows; it says so when there are more.
pub const MOST_TARGETS: usize = 24;
/// The most photos that [`samples`] draws.
pub const MOST_SAMPLES: usize = 100;

/// "first 24 of 30 targets", where a figure cannot show them all.
fn left_out(targets: usize) -> Option<String> {
    (targets > MOST_TARGETS).then(|| format!("first {MOST_TARGETS} of {targets} targets"))
}
