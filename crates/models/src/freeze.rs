//! Freezing: which of a model's stages are trained.

use burn::module::{Flag, Module, ModuleMapper, Param};
use burn::tensor::Tensor;

use crate::backbone_kind::BackboneKind;
use crate::path::ModulePath;
use crate::regressor::Regressor;

impl Regressor {
    /// Trains `stages` (names of [`BackboneKind::stages`], and
    /// [`HEAD`](crate::HEAD)) and freezes everything else: no gradients, norms
    /// keep and use their running statistics, and nothing is dropped.
    pub fn train_only(self, stages: &[&str]) -> Self {
        let kind = self.backbone.kind();
        self.map(&mut Freezer {
            path: ModulePath::default(),
            kind,
            trained: stages,
        })
    }
}

struct Freezer<'a> {
    path: ModulePath,
    kind: BackboneKind,
    trained: &'a [&'a str],
}

impl Freezer<'_> {
    fn is_trained(&self) -> bool {
        let key = self.path.key();
        self.trained.contains(&self.kind.stage_of(&key))
    }
}

impl ModuleMapper for Freezer<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Burn keeps running statistics from requiring gradients.
        param.set_require_grad(self.is_trained())
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        if self.path.key().ends_with(".training") {
            flag.with_value(self.is_trained())
        } else {
            flag
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelConfig;
    use crate::nn::Noise;
    use burn::module::ModuleVisitor;
    use burn::tensor::{Device, Distribution, Gradients};

    /// Seed of the weights: 4.
    fn model(kind: BackboneKind, stages: &[&str]) -> Regressor {
        let config = ModelConfig {
            stochastic_depth: 0.9,
            ..ModelConfig::new(kind, 2)
        };
        let device = Device::default().autodiff();
        Regressor::new(&config, 4, &device).train_only(stages)
    }

    #[test]
    fn a_frozen_backbone_computes_while_training_what_it_computes_in_evaluation() {
        for kind in [BackboneKind::ResNet18, BackboneKind::EfficientnetB0] {
            let model = model(kind, &["head"]);
            let shape = [2, 3, 32, 32];
            let images =
                Tensor::<4>::random(shape, Distribution::Default, &Device::default().autodiff());
            let mut noise = Noise::for_step(1, 1);
            let (training, _) = model.backbone.forward(images.clone(), &mut noise);
            let (evaluation, _) = model
                .valid()
                .backbone
                .forward(images.inner(), &mut Noise::off());
            assert_eq!(training.to_data(), evaluation.to_data(), "{kind}");
        }
    }

    #[test]
    fn a_stage_can_be_unfrozen_again() {
        let kind = BackboneKind::ResNet18;
        let model = model(kind, &["head"]);
        let images = Tensor::<4>::ones([2, 3, 32, 32], &Device::default().autodiff());
        let trained = |model: &Regressor| {
            let loss = model.forward(images.clone(), &mut Noise::off()).sum();
            let mut visitor = Visitor {
                path: ModulePath::default(),
                gradients: &loss.backward(),
                found: Found::new(),
            };
            model.visit(&mut visitor);
            visitor.found
        };
        assert_eq!(trained(&model), ["head"].map(str::to_owned).into());
        let model = model.train_only(&["layer3", "head"]);
        assert_eq!(
            trained(&model),
            ["head", "layer3"].map(str::to_owned).into()
        );
        let stages: Vec<&str> = kind.stages().iter().chain([&"head"]).copied().collect();
        assert_eq!(trained(&model.train_only(&stages)).len(), stages.len());
    }

    type Found = std::collections::BTreeSet<String>;

    /// Collects the stages that get gradients.
    struct Visitor<'a> {
        path: ModulePath,
        gradients: &'a Gradients,
        found: Found,
    }

    impl ModuleVisitor for Visitor<'_> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.is_require_grad() && param.val().grad(self.gradients).is_some() {
                let stage = BackboneKind::ResNet18.stage_of(&self.path.key());
                self.found.insert(stage.to_owned());
            }
        }
    }
}
