//! What is seen inside a backbone against what it returns.

use burn::tensor::{Device, Distribution, Tensor};
use psp_models::nn::{Noise, global_avg_pool2d};
use psp_models::{Backbone, BackboneKind, ModelConfig, Regressor};

/// `PSP_TEST_DEVICE`, or Flex.
fn device() -> Device {
    let name = std::env::var("PSP_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    name.parse::<psp_models::DeviceSpec>()
        .unwrap()
        .open()
        .unwrap()
}

/// Weights of seed 6, for two images.
fn backbone(kind: BackboneKind) -> (Backbone, Tensor<4>) {
    let size = match kind {
        BackboneKind::InceptionV3 => 96,
        _ => 64,
    };
    let config = ModelConfig {
        input_size: size,
        ..ModelConfig::new(kind, 2)
    };
    let shape = [2, 3, size as usize, size as usize];
    let images = Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device());
    (Regressor::new(&config, 6, &device()).backbone, images)
}

#[test]
fn the_mean_pixel_of_a_convolutional_backbones_feature_map_is_its_features() {
    for &kind in BackboneKind::ALL {
        let (backbone, images) = backbone(kind);
        let (features, _) = backbone.forward(images.clone(), &mut Noise::off());
        let Some(map) = backbone.feature_map(images) else {
            assert_eq!(kind, BackboneKind::VitB16);
            continue;
        };
        let [batch, channels, height, width] = map.dims();
        assert_eq!([batch, channels], [2, kind.features()], "{kind}");
        assert!(height == width && height > 0, "{kind}");
        let pooled = global_avg_pool2d(map);
        assert_eq!(pooled.to_data(), features.to_data(), "{kind}");
    }
}

#[test]
fn every_token_of_a_vit_shares_its_attention_out_among_all_tokens() {
    let (Backbone::VitB16(vit), images) = backbone(BackboneKind::VitB16) else {
        panic!("not a ViT");
    };
    assert_eq!(vit.image_size(), 64);
    let weights = vit.blocks()[0].attention_weights(vit.embed(images));
    assert_eq!(weights.dims(), [2, 12, 17, 17]);
    assert!(weights.clone().min().into_scalar::<f32>() > 0.0);
    let error = (weights.sum_dim(3) - 1.0).abs().max().into_scalar::<f32>();
    assert!(error < 1e-5, "{error}");
}
