//! What every backbone's network does.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::spec::BackboneSpec;
use crate::config::ModelConfig;
use crate::nn::{Image, Noise, global_avg_pool2d};

/// A backbone's network.
pub(crate) trait Network: Module {
    /// What is known of it besides its layers.
    const SPEC: BackboneSpec;

    /// The network of `config` with zero weights, to be filled by [`crate::state::load`].
    fn new(config: &ModelConfig, device: &Device) -> Self;

    /// Returns features and auxiliary predictions, as
    /// [`Backbone::forward`](super::Backbone::forward) does.
    fn forward<X: Image>(&self, x: X, noise: &mut Noise) -> (X::Row, Vec<Tensor<2>>);

    /// Returns the last feature map, as
    /// [`Backbone::feature_map`](super::Backbone::feature_map) does.
    fn feature_map(&self, x: Tensor<4>) -> Option<Tensor<4>>;
}

/// A network whose features are the mean pixel of its last feature map.
pub(crate) trait Convolutional: Module {
    /// What is known of it besides its layers.
    const SPEC: BackboneSpec;

    /// The network with zero weights, as [`Network::new`] makes it.
    fn new(config: &ModelConfig, device: &Device) -> Self;

    /// `[batch, 3, height, width]`, normalised, to the last feature map, `[batch,
    /// features, h', w']`, and what the auxiliary classifiers predict.
    fn layers<X: Image>(&self, x: X, noise: &mut Noise) -> (X, Vec<Tensor<2>>);
}

impl<N: Convolutional> Network for N {
    const SPEC: BackboneSpec = N::SPEC;

    fn new(config: &ModelConfig, device: &Device) -> Self {
        N::new(config, device)
    }

    fn forward<X: Image>(&self, x: X, noise: &mut Noise) -> (X::Row, Vec<Tensor<2>>) {
        let (map, auxiliary) = self.layers(x, noise);
        (global_avg_pool2d(map), auxiliary)
    }

    fn feature_map(&self, x: Tensor<4>) -> Option<Tensor<4>> {
        Some(self.layers(x, &mut Noise::off()).0)
    }
}
