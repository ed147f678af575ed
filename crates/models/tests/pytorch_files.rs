//! What may be in a PyTorch file besides what torchvision's hold.
#![allow(clippy::unwrap_used)]

mod support;

use burn::tensor::Device;
use half::{bf16, f16};
use psp_models::{
    BackboneKind, HostTensor, ModelConfig, Regressor, StateDict, WeightsError, read_state_dict,
};
use support::official::{Precision, keys, saved};
use support::pickle::Value;
use support::pth::{Container, Saved, Storage, Variant};
use support::{Folder, refusal};

fn state_dict(tensors: &[(&str, &[usize], &[f32])]) -> StateDict {
    let tensor = |(key, shape, data): &(&str, &[usize], &[f32])| {
        let (shape, data) = (shape.to_vec(), data.to_vec());
        ((*key).to_owned(), HostTensor { shape, data })
    };
    tensors.iter().map(tensor).collect()
}

#[test]
fn floats_of_every_width_become_f32() {
    let values = [1.0, -0.1, 3.0e-5, 65504.0];
    let saved = {
        let mut saved = Saved::default();
        saved.tensor("double", &[4], Storage::double(&values.map(f64::from)));
        saved.tensor("float", &[4], Storage::float(&values));
        saved.tensor("half", &[4], Storage::half(&values));
        saved.tensor("bfloat16", &[4], Storage::bfloat16(&values));
        saved
    };
    let expected = state_dict(&[
        ("double", &[4], &values),
        ("float", &[4], &values),
        ("half", &[4], &values.map(|v| f16::from_f32(v).to_f32())),
        (
            "bfloat16",
            &[4],
            &values.map(|v| bf16::from_f32(v).to_f32()),
        ),
    ]);
    for container in Container::BOTH {
        let folder = Folder::new();
        let path = folder.write(container, &saved);
        assert_eq!(read_state_dict(&path).unwrap(), expected, "{container:?}");
    }
}

#[test]
fn tensors_may_share_a_storage_and_stride_through_it() {
    let mut saved = Saved::default();
    let numbers: Vec<f32> = (0..12u8).map(f32::from).collect();
    let shared = saved.share(Storage::float(&numbers));
    saved.view("whole", shared, 0, &[3, 4], &[4, 1]);
    saved.view("transposed", shared, 0, &[4, 3], &[1, 4]);
    saved.view("column", shared, 2, &[3], &[4]);
    saved.view("tail", shared, 7, &[5], &[1]);
    saved.view("corner", shared, 5, &[2, 2], &[4, 1]);
    saved.view("expanded", shared, 3, &[2, 3], &[0, 1]);
    saved.view("scalar", shared, 11, &[], &[]);
    saved.view("empty", shared, 12, &[0, 4], &[4, 1]);
    let expected = state_dict(&[
        ("whole", &[3, 4], &numbers),
        (
            "transposed",
            &[4, 3],
            &[0., 4., 8., 1., 5., 9., 2., 6., 10., 3., 7., 11.],
        ),
        ("column", &[3], &[2., 6., 10.]),
        ("tail", &[5], &numbers[7..]),
        ("corner", &[2, 2], &[5., 6., 9., 10.]),
        ("expanded", &[2, 3], &[3., 4., 5., 3., 4., 5.]),
        ("scalar", &[], &[11.]),
        ("empty", &[0, 4], &[]),
    ]);
    for container in Container::BOTH {
        let folder = Folder::new();
        let path = folder.write(container, &saved);
        assert_eq!(read_state_dict(&path).unwrap(), expected, "{container:?}");
    }
}

#[test]
fn a_tensor_that_reaches_past_its_storage_is_refused() {
    for container in Container::BOTH {
        let mut saved = Saved::default();
        let shared = saved.share(Storage::float(&[0.0; 6]));
        saved.view("weight", shared, 1, &[2, 3], &[3, 1]);
        let folder = Folder::new();
        let text = refusal(&folder.write(container, &saved));
        assert!(text.contains("[2, 3]"), "{text}");
    }
}

#[test]
fn integers_are_no_weights_but_the_counters_of_batch_norms_are_passed_over() {
    for container in Container::BOTH {
        let mut saved = Saved::default();
        saved.tensor("bn.weight", &[1], Storage::float(&[2.0]));
        saved.tensor("bn.num_batches_tracked", &[], Storage::long(&[7]));
        let folder = Folder::new();
        let path = folder.write(container, &saved);
        let expected = state_dict(&[("bn.weight", &[1], &[2.0])]);
        assert_eq!(read_state_dict(&path).unwrap(), expected);

        saved.tensor("index", &[2], Storage::long(&[1, 2]));
        let error = read_state_dict(&folder.write(container, &saved)).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, WeightsError::Dtype { .. }), "{text}");
        assert!(text.contains("`index`") && text.contains("I64"), "{text}");
    }
}

#[test]
fn numbers_that_are_not_finite_are_refused_with_their_place() {
    for container in Container::BOTH {
        let mut saved = Saved::default();
        saved.tensor("fine", &[1], Storage::float(&[1.0]));
        // Too much for 16 bits, so an infinity.
        saved.tensor("large", &[2], Storage::half(&[1.0, 1e6]));
        let folder = Folder::new();
        let text = refusal(&folder.write(container, &saved));
        assert!(
            text.contains("`large`") && text.contains("element 1"),
            "{text}"
        );
    }
}

/// Which key of a training checkpoint holds the weights is not guessed: the
/// keys keep its name, and the error shows it.
#[test]
fn a_wrapped_state_dict_fits_no_model_and_the_error_shows_the_wrapper() {
    let wrap = |state| {
        Value::Dict(vec![
            (Value::text("state_dict"), state),
            (Value::text("epoch"), Value::Int(3)),
        ])
    };
    let kind = BackboneKind::EfficientnetB0;
    for container in Container::BOTH {
        let folder = Folder::new();
        let path = folder.path("checkpoint.pth");
        let variant = Variant {
            wrap: Some(wrap),
            ..Variant::default()
        };
        container.write_variant(&path, &saved(&keys(kind), Precision::Half, true), variant);
        let model = Regressor::zeros(&ModelConfig::new(kind, 2), &Device::default());
        let error = model.load_backbone(read_state_dict(&path).unwrap());
        let text = error.unwrap_err().to_string();
        for part in [
            "309 missing",
            "311 not used by the model",
            " features.0.0.weight",
            " state_dict.features.0.0.weight",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }
}
