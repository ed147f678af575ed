//! A backbone's stages: its top-level modules, the units of freezing, of
//! gradual unfreezing and of learning rates.

use crate::backbone_kind::BackboneKind;

pub use crate::path::is_within;

/// The stage of everything that predicts scores.
pub const HEAD: &str = "head";

impl BackboneKind {
    /// Top-level modules from input to output, the units of freezing, as
    /// prefixes of `state_dict` keys.
    pub fn stages(self) -> &'static [&'static str] {
        self.spec().stages
    }

    /// The stage that the tensor `key` (`backbone.…` or `head.…`) belongs to.
    /// Auxiliary classifiers are heads.
    pub fn stage_of(self, key: &str) -> &'static str {
        let stages = self.stages().iter().copied();
        let inside = key.strip_prefix("backbone.");
        inside
            .and_then(|key| stages.into_iter().find(|stage| is_within(key, stage)))
            .unwrap_or(HEAD)
    }

    /// How far a stage is from the scores, in layers: 0 for [`HEAD`], 1 for the
    /// backbone's last layer, [`depth`](Self::depth) for its first. Stages that
    /// are part of a layer (a norm of its convolution, a ViT's embeddings of
    /// its patches) are as far as that layer.
    pub fn distance(self, stage: &str) -> usize {
        let stages = self.stages();
        match stages.iter().position(|&name| name == stage) {
            Some(place) => self.layers(&stages[place + 1..]) + 1,
            None => 0,
        }
    }

    /// The number of layers that [`distance`](Self::distance) counts.
    pub fn depth(self) -> usize {
        self.layers(self.stages())
    }

    /// The stages with a batch norm that sees one value per channel of one image with
    /// `size` pixels per side, in the order of [`stages`](Self::stages); the auxiliary
    /// classifiers' is the head.
    pub fn single_value_stages(self, size: u32, auxiliary: bool) -> &'static [&'static str] {
        let spec = self.spec();
        let of_auxiliary = spec.auxiliary.filter(|_| auxiliary);
        if of_auxiliary.is_some_and(|classifiers| size <= classifiers.single_values) {
            return &[HEAD];
        }
        match spec.single_values {
            Some((largest, stages)) if size <= largest => stages,
            _ => &[],
        }
    }

    /// How many of `stages` begin a layer.
    fn layers(self, stages: &[&str]) -> usize {
        let joined = self.spec().joined;
        stages
            .iter()
            .filter(|stage| !joined.contains(stage))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelConfig;
    use crate::{Backbone, state};
    use burn::tensor::{Device, Tensor};

    #[test]
    fn every_tensor_of_a_backbone_belongs_to_one_of_its_stages_and_every_stage_has_some() {
        for &kind in BackboneKind::ALL {
            let config = ModelConfig {
                auxiliary: !kind.auxiliary().is_empty(),
                ..ModelConfig::new(kind, 2)
            };
            let backbone = Backbone::new(&config, &Device::default());
            let mut seen = std::collections::BTreeSet::new();
            for (key, _) in state::shapes(&backbone) {
                let stage = kind.stage_of(&format!("backbone.{key}"));
                let auxiliary = kind
                    .auxiliary()
                    .iter()
                    .any(|module| is_within(&key, module));
                assert_eq!(stage == HEAD, auxiliary, "{kind} {key}");
                seen.insert(stage);
            }
            for stage in kind.stages() {
                assert!(seen.contains(stage), "{kind} {stage}");
            }
        }
    }

    #[test]
    fn a_stage_is_as_far_from_the_head_as_there_are_layers_between() {
        let far = |kind: BackboneKind, stage| kind.distance(stage);
        let resnet = BackboneKind::ResNet18;
        assert_eq!(far(resnet, HEAD), 0);
        assert_eq!(far(resnet, "layer4"), 1);
        assert_eq!(far(resnet, "layer1"), 4);
        assert_eq!(far(resnet, "bn1"), 5);
        assert_eq!(far(resnet, "conv1"), 5);
        assert_eq!(resnet.depth(), 5);
        let vit = BackboneKind::VitB16;
        assert_eq!(far(vit, "encoder.ln"), 1);
        assert_eq!(far(vit, "encoder.layers.encoder_layer_11"), 1);
        assert_eq!(far(vit, "encoder.layers.encoder_layer_0"), 12);
        for stage in ["conv_proj", "class_token", "encoder.pos_embedding"] {
            assert_eq!(far(vit, stage), 13);
        }
        assert_eq!(vit.depth(), 13);
        for &kind in BackboneKind::ALL {
            let distances: Vec<usize> = kind.stages().iter().map(|s| far(kind, s)).collect();
            assert!(
                distances.is_sorted_by(|a, b| a >= b),
                "{kind}: {distances:?}"
            );
            assert_eq!(distances[0], kind.depth(), "{kind}");
        }
    }

    #[test]
    fn stages_see_single_values_up_to_the_size_at_which_the_last_map_grows() {
        let device = Device::default();
        for (kind, largest) in [
            (BackboneKind::ResNet18, 32),
            (BackboneKind::GoogLeNet, 46),
            (BackboneKind::InceptionV3, 106),
            (BackboneKind::EfficientnetB0, 32),
            (BackboneKind::MobilenetV2, 32),
        ] {
            let model = Backbone::new(&ModelConfig::new(kind, 1), &device);
            for (size, is_single) in [(largest, true), (largest + 1, false)] {
                let image = Tensor::<4>::zeros([1, 3, size as usize, size as usize], &device);
                let [_, _, height, width] = model.feature_map(image).unwrap().dims();
                assert_eq!(height * width == 1, is_single, "{kind} {size}");
                let stages = kind.single_value_stages(size, false);
                assert_eq!(!stages.is_empty(), is_single, "{kind} {size}");
                assert!(stages.iter().all(|stage| kind.stages().contains(stage)));
            }
        }
        assert_eq!(
            BackboneKind::InceptionV3.single_value_stages(299, true),
            [HEAD]
        );
        assert!(
            BackboneKind::VitB16
                .single_value_stages(32, false)
                .is_empty()
        );
    }
}
