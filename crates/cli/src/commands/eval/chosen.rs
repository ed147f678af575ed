//! Which images are evaluated, and what the model knows of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use psp_data::{DataError, DataFolder, Dataset, Part};
use psp_export::{Bundle, Predictor};
use psp_schema::{is_same_place, shell_quoted};
use psp_train::config::SplitSource;
use psp_train::{Inputs, RunConfig, RunDir, TrainError, seen};

use crate::args::{ChosenPart, EvalArgs};
use crate::commands::refusals::unless_moved;
use crate::progress;
use crate::text::counted;

/// The images to evaluate.
pub(super) struct Chosen {
    pub(super) dataset: Arc<Dataset>,
    pub(super) indices: Vec<usize>,
    pub(super) part: ChosenPart,
    /// The folder that they are of, unless that is the run's own data.
    pub(super) given: Option<PathBuf>,
}

impl Chosen {
    /// Those of the run's own data, or of `--data`.
    pub(super) fn of(args: &EvalArgs, predictor: &Predictor) -> Result<Self> {
        let run = RunDir::new(&args.model);
        let config = if run.is_begun() {
            run.read_trained_config()?
        } else {
            RunConfig::default()
        };
        if let Some(dir) = &args.data {
            // A run's own folder is known best as such, also where something in it changed.
            let is_own = run.is_begun() && is_same_place(dir, &config.data.dir);
            if !is_own || args.split == Some(ChosenPart::All) {
                return Self::given(dir, args, predictor, &config);
            }
        }
        if !run.is_begun() {
            bail!(
                "{}: an exported model has no data of its own; pass --data DIR",
                args.model.display()
            );
        }
        let part = match args.split {
            None => Part::Test,
            Some(ChosenPart::Part(part)) => part,
            Some(ChosenPart::All) => bail!("--split all goes with --data"),
        };
        let inputs = Inputs::of_run(&config, &run).map_err(|error| {
            if let TrainError::Changed { .. } = error {
                let (run, data) = (shell_quoted(&args.model), shell_quoted(&config.data.dir));
                return anyhow!(
                    "{error}; psp eval {run} --data {data} --split all evaluates all that lies \
                     there now; to evaluate a copy, pass its folder with --data"
                );
            }
            let again = format!("psp eval {} --data DIR", shell_quoted(&args.model));
            unless_moved(error.into(), &config.data.dir, "run", &again)
        })?;
        // What else there is to tell was told when the run began.
        let warnings = inputs.dataset.notices().iter();
        warnings
            .filter(|about| about.is_warning())
            .chain(&inputs.added())
            .for_each(progress::notice);
        if inputs.dataset.fingerprint()? != run.read_manifest()?.data_fingerprint {
            eprintln!(
                "warning: {}: the data changed since the run began; the figures are of what lies \
                 there now",
                config.data.dir.display()
            );
        }
        warn_of_seen(&args.model)?;
        if let (Some(dir), None) = (&args.data, args.split) {
            note_test_alone(dir);
        }
        Self::part_of(&inputs, part)
    }

    /// Those of the data folder `dir`, with a word about the ones that the model was
    /// trained on.
    fn given(dir: &Path, args: &EvalArgs, predictor: &Predictor, own: &RunConfig) -> Result<Self> {
        let mut config = own.clone();
        config.move_data(dir);
        for own in [&mut config.data.labels, &mut config.data.images] {
            // Images beside the labels are found, and others may be in a folder of their own.
            own.take_if(|own| own == dir || !own.starts_with(dir) || !own.exists());
        }
        config.data.split = SplitSource::Auto;
        config.data.targets.clone_from(&predictor.targets);
        config.data.label_range = predictor.label_range().into();
        config.data.filename_column = filename_column(dir, predictor);
        let data = dir.display();
        let dataset = Dataset::open(&config.dataset_options());
        let dataset = Arc::new(dataset.map_err(beyond_the_model)?);
        let notices = dataset.notices().iter();
        notices
            .chain(&dataset.unlabelled()?)
            .for_each(progress::notice);
        let known = Known::of(&args.model, &config, &dataset)?;
        if matches!(known, Known::Parts(_)) {
            warn_of_seen(&args.model)?;
        }
        let is_run = RunDir::new(&args.model).is_begun();
        let is_own =
            is_run && (matches!(known, Known::Parts(_)) || is_same_place(dir, &own.data.dir));
        let chosen = match (known, args.split) {
            (Known::Parts(inputs), None) => {
                note_test_alone(dir);
                Self::part_of(&inputs, Part::Test)?
            }
            (Known::Parts(inputs), Some(ChosenPart::Part(part))) => Self::part_of(&inputs, part)?,
            (Known::Parts(inputs), Some(ChosenPart::All)) => {
                let (trained, all) = (inputs.indices(Part::Train)?.len(), inputs.dataset.len());
                eprintln!(
                    "warning: {data}: the model was trained on {trained} of the {}, whose scores \
                     say little about new ones; --split test evaluates those that it has not seen",
                    counted(all, "image")
                );
                Self::all(inputs.dataset)
            }
            (known, split) => {
                let chosen = match split {
                    Some(ChosenPart::Part(part)) => {
                        let inputs = Inputs::on(dataset, &config)?;
                        if inputs.split_source == config.data.dir {
                            eprintln!(
                                "note: {data}: has no split, so that its {} part is drawn: {} of \
                                 {}",
                                part.name(),
                                inputs.indices(part)?.len(),
                                counted(inputs.dataset.len(), "image")
                            );
                        }
                        Self::part_of(&inputs, part)?
                    }
                    None | Some(ChosenPart::All) => Self::all(dataset),
                };
                chosen.warn(&known, dir, args, own);
                chosen
            }
        };
        Ok(Self {
            given: (!is_own).then(|| dir.to_owned()),
            ..chosen
        })
    }

    /// Warns of images that the model was trained on, where that can be known.
    fn warn(&self, known: &Known, given: &Path, args: &EvalArgs, own: &RunConfig) {
        let data = self.dataset.labels_path().display();
        if matches!(known, Known::Mixed) {
            eprintln!(
                "warning: {data}: the model was trained on some of these images, whose scores say \
                 little about new ones, and an exported model does not tell on which; psp eval \
                 RUN, of the run that it was exported from, evaluates its test images"
            );
            return;
        }
        let run = RunDir::new(&args.model);
        if !run.is_begun() {
            eprintln!(
                "note: {data}: an exported model does not tell which images it was trained on; psp \
                 eval RUN --data {}, of the run that it was exported from, tells whether they \
                 are among these",
                shell_quoted(given)
            );
            return;
        }
        let seen = match seen::count(&run, own, &self.dataset, &self.indices) {
            Ok(Some(seen)) => seen,
            Ok(None) => {
                eprintln!(
                    "warning: {data}: which of these images the model was trained on can't be \
                     told, since its own data is gone or changed; the scores of such images say \
                     little about new ones"
                );
                return;
            }
            Err(error) => {
                eprintln!(
                    "warning: {data}: which of the images the model was trained on can't be \
                     told: {error}"
                );
                return;
            }
        };
        if seen > 0 {
            let images = counted(self.indices.len(), "image");
            eprintln!(
                "warning: {data}: the model was trained on {seen} of the {images}, whose scores \
                 say little about new ones; psp eval {} evaluates those that it has not seen",
                shell_quoted(&args.model)
            );
            return;
        }
        match seen::by_ancestors(&run, &self.dataset, &self.indices) {
            Ok(None) => {}
            Ok(Some(told)) => {
                eprintln!("warning: {data}: the model began with trained weights: {told}");
            }
            Err(error) => eprintln!(
                "warning: {data}: which of the images the model's initial weights were trained on \
                 can't be told: {error}"
            ),
        }
    }

    fn part_of(inputs: &Inputs, part: Part) -> Result<Self> {
        Ok(Self {
            dataset: Arc::clone(&inputs.dataset),
            indices: inputs.indices(part)?,
            part: ChosenPart::Part(part),
            given: None,
        })
    }

    fn all(dataset: Arc<Dataset>) -> Self {
        Self {
            indices: (0..dataset.len()).collect(),
            dataset,
            part: ChosenPart::All,
            given: None,
        }
    }
}

/// The column of file names that the model was trained with, where the labels have it.
fn filename_column(dir: &Path, predictor: &Predictor) -> Option<String> {
    let column = predictor.filename_column.clone()?;
    DataFolder::has_column(dir, &column).then_some(column)
}

/// Warns of initial weights that may have been trained on what is evaluated.
fn warn_of_seen(model: &Path) -> Result<()> {
    let run = RunDir::new(model);
    let seen = if run.is_begun() {
        run.read_manifest()?.seen
    } else {
        Bundle::read(model)?.training.seen
    };
    if let Some(seen) = seen {
        eprintln!("warning: {seen}");
    }
    Ok(())
}

/// Says that of all the data in `dir` the test images alone are evaluated.
fn note_test_alone(dir: &Path) {
    eprintln!(
        "note: {}: the data that the model was trained on, of which the test images are \
         evaluated; --split all evaluates all of it",
        dir.display()
    );
}

/// `error`, with whose range it is that a label lies beyond.
fn beyond_the_model(error: DataError) -> anyhow::Error {
    if error.is_out_of_range() {
        anyhow!(
            "{error}, as all labels that the model was trained on; bring these to that scale, or \
             evaluate a model that was trained on such labels"
        )
    } else {
        error.into()
    }
}

/// What a model knows of a data set.
enum Known {
    /// It was made from it, with these parts: another draw would put images that it was
    /// trained on into the test part.
    Parts(Inputs),
    /// It was made from it, with parts that are not known here.
    Mixed,
    /// Nothing.
    Nothing,
}

impl Known {
    /// What the run or exported model at `model` knows of the data set that `config` names.
    fn of(model: &Path, config: &RunConfig, dataset: &Arc<Dataset>) -> Result<Self> {
        let run = RunDir::new(model);
        let dataset = Arc::clone(dataset);
        if run.is_begun() {
            if dataset.fingerprint()? != run.read_manifest()?.data_fingerprint {
                return Ok(Self::Nothing);
            }
            return Ok(Self::Parts(Inputs::of_run_on(dataset, config, &run)?));
        }
        let training = Bundle::read(model)?.training;
        if dataset.fingerprint()? != training.data_fingerprint {
            return Ok(Self::Nothing);
        }
        // Whoever evaluates a part says why its split can't be read.
        Ok(match Inputs::on(dataset, config) {
            Ok(inputs) if inputs.splits.fingerprint() == training.split_fingerprint => {
                Self::Parts(inputs)
            }
            _ => Self::Mixed,
        })
    }
}
