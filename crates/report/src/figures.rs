//! The report's pictures, drawn.

mod images;
mod models;
mod predictions;
mod search;

use psp_plot::{Figure, PlotError};
use rayon::prelude::*;

use crate::analysis::Analysis;
use crate::input::Input;
use crate::pictures::{Pictures, jpeg_uri, uri};

/// An SVG up to this size stands in the page as it is.
const INLINE: usize = 200 << 10;

/// A finished picture.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// Its file's name without the extension.
    pub(crate) name: &'static str,
    pub(crate) title: String,
    /// For those who do not see it.
    pub(crate) description: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// `None` of a picture that is made of photos.
    pub(crate) svg: Option<String>,
    pub(crate) png: Vec<u8>,
    /// How it stands in the page.
    pub(crate) shown: Shown,
}

/// How a picture stands in the page.
#[derive(Debug)]
pub(crate) enum Shown {
    /// Its SVG, as it is.
    Svg,
    /// As an image with this data URI.
    Uri(String),
}

/// A picture to be drawn.
struct Plan<'a> {
    name: &'static str,
    /// Whether it is made of photos.
    photos: bool,
    /// Whether it stands in the page, or is only a file beside it.
    shown: bool,
    draw: Box<dyn Fn() -> Result<Figure, PlotError> + Send + Sync + 'a>,
}

impl<'a> Plan<'a> {
    fn new<T: Send + Sync + 'a>(
        name: &'static str,
        draw: fn(&T) -> Result<Figure, PlotError>,
        input: T,
    ) -> Self {
        Self {
            name,
            photos: false,
            shown: true,
            draw: Box::new(move || draw(&input)),
        }
    }

    fn of_photos(self, shown: bool) -> Self {
        Self {
            photos: true,
            shown,
            ..self
        }
    }
}

/// All pictures of a report.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) drawn: Vec<Drawn>,
    /// Those that could not be drawn, and why.
    pub(crate) problems: Vec<String>,
}

/// What pictures are drawn from.
#[derive(Clone, Copy)]
struct Source<'a> {
    input: &'a Input,
    analysis: &'a Analysis,
    pictures: &'a Pictures,
    /// The targets' short names.
    targets: &'a [String],
}

impl Figures {
    pub(crate) fn draw(
        input: &Input,
        analysis: &Analysis,
        pictures: &Pictures,
        targets: &[String],
    ) -> Self {
        let source = Source {
            input,
            analysis,
            pictures,
            targets,
        };
        let mut plans = Vec::new();
        plans.extend(search::plans(source));
        plans.extend(models::plans(source));
        plans.extend(predictions::plans(source));
        plans.extend(images::plans(source));
        let drawn: Vec<Result<Drawn, String>> = plans.par_iter().map(draw).collect();
        let mut figures = Self::default();
        for one in drawn {
            match one {
                Ok(drawn) => figures.drawn.push(drawn),
                Err(problem) => figures.problems.push(problem),
            }
        }
        figures
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Drawn> {
        self.drawn.iter().find(|drawn| drawn.name == name)
    }
}

fn draw(plan: &Plan) -> Result<Drawn, String> {
    let name = plan.name;
    let told = |error: PlotError| format!("picture {name}: {error}");
    let figure = (plan.draw)().map_err(told)?;
    let png = figure.to_png().map_err(told)?;
    let svg = if plan.photos {
        None
    } else {
        Some(figure.to_svg().map_err(told)?)
    };
    let shown = match &svg {
        Some(svg) if svg.len() <= INLINE => Shown::Svg,
        Some(svg) if svg.len() < png.len() => Shown::Uri(uri("image/svg+xml", svg.as_bytes())),
        Some(_) => Shown::Uri(uri("image/png", &png)),
        None if plan.shown => Shown::Uri(photographic(name, &png)?),
        None => Shown::Uri(String::new()),
    };
    let (width, height) = figure.size();
    Ok(Drawn {
        name,
        title: figure.title().to_owned(),
        description: figure.description().to_owned(),
        width,
        height,
        svg,
        png,
        shown,
    })
}

/// Photos are several times smaller as a JPEG.
fn photographic(name: &str, png: &[u8]) -> Result<String, String> {
    let image = image::load_from_memory_with_format(png, image::ImageFormat::Png)
        .map_err(|error| format!("picture {name}: {error}"))?;
    jpeg_uri(&image.into_rgb8()).map_err(|error| format!("picture {name}: {error}"))
}
