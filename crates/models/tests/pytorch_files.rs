//! What may be in a PyTorch file besides what torchvision's hold.

use crate::support::official::{Precision, keys, saved};
use crate::support::pickle::Value;
use crate::support::pth::{Container, Saved, Storage, Variant};
use crate::support::{Folder, refusal};
use burn::tensor::Device;
use half::{bf16, f16};
use psp_models::{
    BackboneKind, HostTensor, ModelConfig, Regressor, StateDict, WeightsError, read_state_dict,
    read_weights,
};

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

/// Renames every tensor of a backbone's file.
fn prefixed(kind: BackboneKind, prefix: &str) -> Vec<(String, Vec<usize>)> {
    let keys = keys(kind).into_iter();
    keys.map(|(key, shape)| (format!("{prefix}{key}"), shape))
        .collect()
}

/// In a training checkpoint: a dict beside the epoch and the program's own settings.
fn wrap(state: Value) -> Value {
    Value::Dict(vec![
        (Value::text("state_dict"), state),
        (Value::text("epoch"), Value::Int(3)),
        (
            Value::text("hyper_parameters"),
            Value::call("argparse", "Namespace", Vec::new()),
        ),
    ])
}

#[test]
fn a_backbone_is_found_whatever_stands_before_its_names() {
    let kind = BackboneKind::ResNet18;
    let model = Regressor::zeros(&ModelConfig::new(kind, 2), &Device::default());
    for (container, wrapped, prefix, whole) in [
        (Container::Zip, false, "module.", "module."),
        (
            Container::Legacy,
            false,
            "module._orig_mod.",
            "module._orig_mod.",
        ),
        (Container::Zip, true, "", "state_dict."),
        (
            Container::Legacy,
            true,
            "model.net.",
            "state_dict.model.net.",
        ),
    ] {
        let folder = Folder::new();
        let path = folder.path("checkpoint.pth");
        let variant = Variant {
            wrap: wrapped.then_some(wrap as fn(Value) -> Value),
            ..Variant::default()
        };
        let mut keys = prefixed(kind, prefix);
        keys.push(("criterion.weight".to_owned(), vec![3]));
        let saved = saved(&keys, Precision::Half, true);
        container.write_variant(&path, &saved, variant);
        let found = model.recognise(read_weights(&path).unwrap(), None).unwrap();
        assert_eq!(found.prefix, whole);
        assert_eq!(found.alternatives, [""; 0]);
        assert_eq!(found.passed_over.len(), 1, "{:?}", found.passed_over);
        let objects = ["`hyper_parameters` (argparse.Namespace)"];
        assert_eq!(found.objects, objects[..usize::from(wrapped)]);
        let notes = found.notes();
        assert_eq!(notes[0], format!("prefix `{whole}` removed"));
        model.clone().load_backbone(found.state).unwrap();
    }
}

#[test]
fn of_two_copies_the_trained_weights_are_taken_unless_the_average_is_asked_for() {
    let kind = BackboneKind::ResNet18;
    let folder = Folder::new();
    let keys = [prefixed(kind, "ema."), prefixed(kind, "student.")].concat();
    let path = folder.write(Container::Zip, &saved(&keys, Precision::Half, false));
    let model = Regressor::zeros(&ModelConfig::new(kind, 2), &Device::default());
    let found = model.recognise(read_weights(&path).unwrap(), None).unwrap();
    assert_eq!(found.prefix, "student.");
    assert_eq!(found.alternatives, ["ema."]);
    let file = read_weights(&path).unwrap();
    let found = model.recognise(file, Some("ema.")).unwrap();
    assert_eq!(found.prefix, "ema.");
    model.load_backbone(found.state).unwrap();
}

#[test]
fn what_is_wrong_with_a_tensor_matters_only_where_the_backbone_is() {
    let kind = BackboneKind::ResNet18;
    let folder = Folder::new();
    let model = Regressor::zeros(&ModelConfig::new(kind, 2), &Device::default());
    let mut saved = saved(&prefixed(kind, "net."), Precision::Half, true);
    saved.tensor("queue", &[1], Storage::long(&[3]));
    saved.tensor("loss.scale", &[1], Storage::half(&[1e6]));
    let path = folder.write(Container::Zip, &saved);
    let found = model.recognise(read_weights(&path).unwrap(), None).unwrap();
    assert_eq!(found.prefix, "net.");
    saved.tensor("net.layer1.mask", &[1], Storage::long(&[3]));
    let path = folder.write(Container::Zip, &saved);
    let error = model.recognise(read_weights(&path).unwrap(), None);
    let text = error.unwrap_err().to_string();
    assert!(text.contains("`net.layer1.mask`"), "{text}");
}

#[test]
fn a_file_of_another_network_is_refused_on_one_line_and_the_details_name_every_key() {
    let kind = BackboneKind::EfficientnetB0;
    let folder = Folder::new();
    let path = folder.write(Container::Zip, &saved(&keys(kind), Precision::Half, true));
    let model = Regressor::zeros(
        &ModelConfig::new(BackboneKind::ResNet18, 2),
        &Device::default(),
    );
    let found = model.recognise(read_weights(&path).unwrap(), None).unwrap();
    let error = model.load_backbone(found.state).unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 500, "{text}");
    for part in ["100 missing: ", "and 97 more", "not used by the model: "] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let details = error.details().unwrap();
    for part in ["layer4.1.bn2.weight", "features.8.0.weight"] {
        assert!(details.contains(part), "no {part} in {details}");
    }
}
