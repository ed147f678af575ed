//! The regression head: `Linear(F, 256) → ReLU → Dropout → Linear(256, targets)`.

use burn::module::Module;
use burn::tensor::Device;

use crate::nn::{Linear, Noise, Value};
use crate::output::Output;

/// The perspective-score project's head. Its keys are those of
/// `Sequential(Linear, ReLU, Linear)`: `0.weight`, `0.bias`, `2.weight`,
/// `2.bias`; dropout holds no parameters and does not shift them.
#[derive(Module, Debug)]
pub struct Head {
    _0: Linear,
    _2: Linear,
    #[module(skip)]
    dropout: f64,
}

impl Head {
    /// The head with zero weights, to be filled by [`crate::state::load`].
    ///
    /// `dropout` is the probability with which a hidden unit is zeroed.
    pub fn new(
        features: usize,
        hidden: usize,
        targets: usize,
        dropout: f64,
        device: &Device,
    ) -> Self {
        Self {
            _0: Linear::new(features, hidden, device),
            _2: Linear::new(hidden, targets, device),
            dropout,
        }
    }

    /// How many scores it gives.
    pub fn targets(&self) -> usize {
        let [targets, _] = self._2.weight.dims();
        targets
    }

    /// `[batch, features]` to `[batch, targets]`.
    pub fn forward<X: Value>(&self, features: X, noise: &mut Noise) -> X {
        let hidden = self._0.forward(features).relu();
        self._2.forward(hidden.dropout(self.dropout, noise))
    }

    /// The head that predicts the same labels with the output `to` as this one does
    /// with `from`. Not for a device with autodiff, where its weights would be results
    /// and no parameters.
    pub(crate) fn in_units_of(mut self, from: &Output, to: &Output) -> Self {
        let [targets, _] = self._2.weight.dims();
        let device = self._2.weight.val().device();
        let Some([scale, mean]) = from.relative_to(to).tensors(targets, &device) else {
            return self;
        };
        let factor = scale.clone().reshape([targets, 1]);
        self._2.weight = self._2.weight.map(|weight| weight * factor);
        self._2.bias = self._2.bias.map(|bias| bias * scale + mean);
        self
    }
}
