//! What batch norms learn of a batch, apart from the model that saw it.
//!
//! A running statistic `r` becomes `(1 - m)·r + m·b` with each batch, so the
//! batches' order counts. Copies of a model that compute batches at the same time
//! keep `m·b` alone, and one model takes these in, in the batches' order.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};

use crate::nn::moved;
use crate::path::ModulePath;

/// A batch's statistics times the momentum, by the running ones' `state_dict` keys:
/// `[channels]` each, outside autodiff.
#[derive(Clone, Debug, Default)]
pub struct BatchStatistics(BTreeMap<String, Tensor<1>>);

impl BatchStatistics {
    /// Takes the running statistics out of those layers of `module` that
    /// `is_trained` accepts by key, and leaves zeros. What is taken after a
    /// training batch that began with zeros is that batch's.
    pub fn take<M: Module>(module: M, is_trained: impl Fn(&str) -> bool) -> (M, Self) {
        let mut taken = BTreeMap::new();
        let module = map(module, |key, running| {
            if !is_trained(key) {
                return None;
            }
            let zeros = running.zeros_like();
            taken.insert(key.to_owned(), running);
            Some(zeros)
        });
        (module, Self(taken))
    }

    /// The same on `device`.
    pub fn to_device(self, device: &Device) -> Self {
        let tensors = self.0.into_iter();
        Self(
            tensors
                .map(|(key, tensor)| (key, tensor.to_device(device)))
                .collect(),
        )
    }

    /// `module` after the batch: the very bits that it would have if it had
    /// computed the batch itself.
    pub fn add_to<M: Module>(mut self, module: M) -> M {
        if self.0.is_empty() {
            return module;
        }
        map(module, |key, running| {
            Some(moved(running, self.0.remove(key)?))
        })
    }
}

/// Whether a `state_dict` key is that of a norm's running statistic.
pub fn is_running_statistic(key: &str) -> bool {
    key.ends_with(".running_mean") || key.ends_with(".running_var")
}

/// Replaces running statistics by what `value` makes of their key and value, both
/// outside autodiff; `None` leaves one as it is.
fn map<M: Module>(module: M, value: impl FnMut(&str, Tensor<1>) -> Option<Tensor<1>>) -> M {
    module.map(&mut Mapper {
        path: ModulePath::default(),
        value,
    })
}

struct Mapper<F> {
    path: ModulePath,
    value: F,
}

impl<F: FnMut(&str, Tensor<1>) -> Option<Tensor<1>>> ModuleMapper for Mapper<F> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let key = self.path.key();
        if !is_running_statistic(&key) {
            return param;
        }
        let shape = param.val().shape();
        let running = param
            .val()
            .without_autodiff()
            .reshape([shape.num_elements()]);
        match (self.value)(&key, running) {
            None => param,
            Some(value) => param.map(|before| {
                let value = value.reshape(shape);
                if before.device().is_autodiff() {
                    Tensor::from_inner(value)
                } else {
                    value
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, TensorData};

    use super::*;
    use crate::nn::{BatchNorm2d, Conv2d, Conv2dConfig};

    #[derive(Module, Debug)]
    struct Layers {
        conv: Conv2d,
        bn: BatchNorm2d,
    }

    /// A convolution with a weight of one and a norm that has seen nothing.
    fn layers() -> Layers {
        let device = Device::default().autodiff();
        let mut conv = Conv2dConfig::new(1, 2, 1).init(&device);
        conv.weight = Param::from_tensor(Tensor::ones([2, 1, 1, 1], &device));
        Layers {
            conv,
            bn: BatchNorm2d::new(2, &device),
        }
    }

    fn learn(layers: &Layers, batch: &Tensor<4>) {
        layers.bn.after(&layers.conv, batch.clone());
    }

    fn statistics(layers: &Layers) -> [TensorData; 2] {
        [&layers.bn.running_mean, &layers.bn.running_var].map(|s| s.value().into_data())
    }

    #[test]
    fn batches_that_copies_have_seen_count_as_if_one_model_had_seen_them_in_turn() {
        let device = Device::default().autodiff();
        let batches: Vec<Tensor<4>> = (0..3)
            .map(|n| {
                let spread = Distribution::Uniform(0.0, 1.0 + f64::from(n));
                Tensor::random([4, 1, 5, 5], spread, &device)
            })
            .collect();
        let alone = layers();
        batches.iter().for_each(|batch| learn(&alone, batch));

        let (mut main, copy) = (layers(), layers());
        learn(&main, &batches[0]);
        let (mut copy, _) = BatchStatistics::take(copy, |_| true);
        for batch in &batches[1..] {
            learn(&copy, batch);
            let (emptied, statistics) = BatchStatistics::take(copy, |_| true);
            copy = emptied;
            main = statistics.add_to(main);
        }
        assert_eq!(statistics(&main), statistics(&alone));
        assert_ne!(statistics(&main), statistics(&layers()));
    }

    #[test]
    fn what_is_frozen_keeps_its_statistics() {
        let before = statistics(&layers());
        let (layers, taken) = BatchStatistics::take(layers(), |_| false);
        assert_eq!(statistics(&layers), before);
        assert_eq!(statistics(&taken.add_to(layers)), before);
    }
}
