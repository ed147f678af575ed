//! Arguments of `psp export` and `psp predict`.

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs, ValueEnum};
use psp_export::onnx::Stored;
use psp_models::{BackboneKind, DeviceSpec, Precision};

use super::numbers::{level, positive};
use super::weights::VerboseArgs;

const EXPORT_EXAMPLES: &str = "\
Examples:
  psp export experiments/mine --out model
  psp export experiments/mine --out model --precision f32,f16 --with-preprocessing
  psp export experiments/mine --out model --precision f32,int8 --budget 0.005
  psp export experiments/search --out model --backbone resnet18";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct ExportArgs {
    /// Folder of a run, or of a study, whose chosen model is exported.
    pub(crate) run: PathBuf,
    /// Of a study: the best model of this backbone instead.
    #[arg(long)]
    pub(crate) backbone: Option<BackboneKind>,
    /// Folder to write, new or empty.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// What it holds, separated by commas. Safetensors, which psp predicts from, always is a
    /// part of it.
    #[arg(long, value_delimiter = ',', default_value = "safetensors,onnx")]
    pub(crate) format: Vec<Format>,
    /// How the ONNX model stores its weights: f32, f16, or int8, in which it also computes. Of
    /// several, separated by commas, there is a file each [default: f32]
    #[arg(long, value_delimiter = ',')]
    pub(crate) precision: Vec<Stored>,
    /// For int8: training images whose values give the ranges of bytes [default: 128]
    #[arg(long, value_name = "N", value_parser = positive::<u32>)]
    pub(crate) calibrate: Option<u32>,
    /// For int8: the most R² that may be lost on the validation images, as the upper end of its
    /// 95 % interval. Layers stay in f32 until it holds [default: 0.01]
    #[arg(long, value_name = "R²")]
    pub(crate) budget: Option<f64>,
    /// Have the ONNX model take pixels (uint8, [batch, height, width, 3]), normalise them, and
    /// clip its scores.
    #[arg(long)]
    pub(crate) with_preprocessing: bool,
    /// Leave out how far predictions for the validation images are from their labels, which
    /// `psp predict --interval` needs and which may have to be computed.
    #[arg(long)]
    pub(crate) no_residuals: bool,
    /// Replace an exported model in that folder.
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) verbose: VerboseArgs,
}

/// A form of the exported model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The weights under torchvision's names.
    Safetensors,
    /// The model for ONNX Runtime and others.
    Onnx,
    /// The weights in Burn's own format.
    Burnpack,
}

/// Which engine runs a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// cpu where the device is flex, the precision fp32 and the processor has SIMD instructions
    /// that it is fast with, else burn.
    Auto,
    /// Burn on --device.
    Burn,
    /// psp's own engine for prediction on the CPU, in fp32.
    Cpu,
}

const PREDICT_EXAMPLES: &str = "\
Examples:
  psp predict --model model photo.jpg other.png
  psp predict --model model photos/ --recursive --out scores.csv
  psp predict --model experiments/mine photos/ --jsonl
  psp predict --model model photos/ --interval 0.9 --annotate annotated --csv
  find photos -name '*.jpg' -print0 | psp predict --model model --null - --csv";

#[derive(Debug, ClapArgs)]
#[command(after_help = PREDICT_EXAMPLES, group = ArgGroup::new("written").multiple(true))]
pub(crate) struct PredictArgs {
    /// Exported model or run folder.
    #[arg(long)]
    pub(crate) model: PathBuf,
    /// Images, folders of images, or a data folder or the image folder in it, whose images
    /// keep the names that the labels give them; `-`: images whose names are read from standard
    /// input, one a line.
    #[arg(required = true)]
    pub(crate) images: Vec<PathBuf>,
    /// A NUL ends each name on standard input, as `find -print0` writes them, and not a line's
    /// end.
    #[arg(short = '0', long)]
    pub(crate) null: bool,
    /// Also score the images in sub-folders; those of a data folder always are.
    #[arg(long)]
    pub(crate) recursive: bool,
    /// Write to this file (-: standard output) instead of printing: as --csv, --json or --jsonl says,
    /// or else by its name: .json is one array, .jsonl JSON lines, any other CSV. It is written
    /// at the end, unless no image could be scored.
    #[arg(long, value_name = "FILE", group = "written")]
    pub(crate) out: Option<PathBuf>,
    /// Write each photo into this folder, at most 1600 pixels wide and high, with its scores as
    /// bars below it, under its own name with its sub-folder.
    #[arg(long, value_name = "DIR", group = "written")]
    pub(crate) annotate: Option<PathBuf>,
    /// Write what the model looked at in each image into this folder, a picture an image: Grad-CAM
    /// for each score, of a ViT attention roll-out. Takes several times as long as the scores
    /// alone.
    #[arg(long, value_name = "DIR", group = "written")]
    pub(crate) explain: Option<PathBuf>,
    /// Replace the scores that the file holds, and pictures of the same names.
    #[arg(long, requires = "written")]
    pub(crate) overwrite: bool,
    /// CSV: `filename` and a column per score. An image without scores has no row; standard
    /// error says why.
    #[arg(long, conflicts_with_all = ["json", "jsonl"])]
    pub(crate) csv: bool,
    /// JSON lines, an object per image: `filename` and `scores`, or `error`.
    #[arg(long, conflicts_with = "json")]
    pub(crate) jsonl: bool,
    /// The same as --jsonl, but one array of these objects in a file that ends in .json.
    #[arg(long)]
    pub(crate) json: bool,
    /// Give each score with a lower and an upper bound, such as 0.9: for that share of images
    /// like the validation images, the label is between them. Columns `NAME_low` and
    /// `NAME_high` in CSV, `intervals` in JSON.
    #[arg(long, value_name = "LEVEL", value_parser = level, conflicts_with = "raw")]
    pub(crate) interval: Option<f64>,
    /// Give scores as the model computes them, not clipped to the labels' range.
    #[arg(long)]
    pub(crate) raw: bool,
    /// Refuse images of more megapixels; default: the limit that the model was
    /// trained with.
    #[arg(long, value_name = "N", value_parser = positive::<u32>)]
    pub(crate) max_megapixels: Option<u32>,
    /// Which engine runs the model.
    #[arg(long, value_enum, default_value_t = Engine::Auto)]
    pub(crate) engine: Engine,
    /// Images per forward pass.
    #[arg(long, default_value_t = 16, value_parser = positive::<u16>)]
    pub(crate) batch_size: u16,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: DeviceSpec,
    /// fp32, or bf16 on LibTorch.
    #[arg(long, default_value = "fp32")]
    pub(crate) precision: Precision,
    #[command(flatten)]
    pub(crate) verbose: VerboseArgs,
}
