//! A model ready for forward passes.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use psp_models::graph::Graph;
use pulp::Arch;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::EngineError;
use crate::fuse::Fused;
use crate::kernels::elementwise;
use crate::kernels::product::Lanes;
use crate::place::Places;
use crate::shape::Shape;
use crate::step::{Step, Workspace, steps};
use crate::view::View;

/// Images of a forward pass: weights are read once for all of them, and their values stay in
/// the processor's last cache.
const IMAGES: usize = 4;

/// A model with its weights laid out for the processor at hand, for images of one size.
pub struct Engine {
    arch: Arch,
    lanes: Lanes,
    threads: ThreadPool,
    steps: Vec<Step>,
    input: View,
    output: View,
    /// How many values of an image each buffer holds.
    buffers: Vec<usize>,
    /// Of passes that are over; as many are kept as there were passes at one time.
    workspaces: Mutex<Vec<Workspace>>,
}

impl Engine {
    /// Lays out `graph` for images of `size`, height and width, to compute on so many threads;
    /// 0: one per core.
    ///
    /// # Errors
    /// When the model has a step that is not known here, or takes no images of this size.
    pub fn new(graph: &Graph, size: [usize; 2], threads: usize) -> Result<Self, EngineError> {
        let [height, width] = size;
        let image = Shape {
            height,
            width,
            channels: 3,
        };
        if size.contains(&0) {
            return Err(EngineError::Size { size });
        }
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads > 0 { threads } else { cores() };
        let builder = ThreadPoolBuilder::new().num_threads(threads);
        let threads = builder.build().map_err(EngineError::Threads)?;
        let arch = Arch::new();
        let lanes = Lanes::of(arch);
        let fused = Fused::new(graph, image).ok_or(EngineError::Size { size })?;
        let places = Places::new(&fused, &graph.weights);
        let steps = threads.install(|| steps(graph, &fused, &places, lanes))?;
        let output = fused.nodes.last().map_or(0, |node| node.output);
        Ok(Self {
            arch,
            lanes,
            threads,
            steps,
            input: places.views[0],
            output: places.views[output],
            buffers: places.buffers,
            workspaces: Mutex::default(),
        })
    }

    /// Scores, `[batch, targets]`, of normalised images, `[batch, 3, height, width]`; they are
    /// not clipped. Of a graph that ends with feature maps, these, `[batch, height, width,
    /// channels]`.
    ///
    /// # Panics
    /// When `images` are no whole number of images.
    pub fn predict(&self, images: &[f32]) -> Vec<f32> {
        let values = self.input.area() * self.input.channels;
        assert!(images.len().is_multiple_of(values), "images are whole");
        let mut workspaces = self
            .workspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let workspace = workspaces.pop();
        drop(workspaces);
        let mut workspace = workspace.unwrap_or_default();
        workspace.reserve(&self.buffers, IMAGES.min(images.len() / values));
        let mut scores = Vec::new();
        self.threads.install(|| {
            for images in images.chunks(values * IMAGES) {
                let batch = images.len() / values;
                let input = &mut workspace.buffers[self.input.buffer];
                elementwise::from_planes(images, (input, &self.input), batch);
                for step in &self.steps {
                    step.run((self.arch, self.lanes), &mut workspace, batch);
                }
                let output = &workspace.buffers[self.output.buffer];
                for pixel in 0..batch * self.output.area() {
                    let start = self.output.index(pixel);
                    scores.extend_from_slice(&output[start..][..self.output.channels]);
                }
            }
        });
        let mut workspaces = self
            .workspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        workspaces.push(workspace);
        scores
    }
}

/// Whether the processor has the SIMD instructions that the engine is fast with.
pub fn is_fast() -> bool {
    Lanes::of(Arch::new()).lanes > 1
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Engine");
        shown.field("input", &self.input);
        shown
            .field("steps", &self.steps.len())
            .finish_non_exhaustive()
    }
}
