//! Every backbone against torchvision's recorded numbers, on the device named
//! by `PSP_TEST_DEVICE` (default `flex`).

use std::path::PathBuf;

use crate::shared::shared;
use psp_bench::verify::{Reference, verify};
use psp_models::DeviceSpec;

fn reference(name: &str) -> Option<PathBuf> {
    shared(&format!("reference/{name}"))
}

fn holds(name: &str) {
    let Some(path) = reference(name) else { return };
    let device = std::env::var("PSP_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    let device = device.parse::<DeviceSpec>().unwrap().open().unwrap();
    let report = verify(&Reference::read(&path).unwrap(), &device).unwrap();
    for part in &report.parts {
        println!("{part:?}");
    }
    assert!(report.passes());
    assert_eq!(report.parts.len(), 13);
}

macro_rules! computes_what_torchvision_computes {
    ($($name:ident: $file:literal,)*) => {
        $(
            #[test]
            fn $name() {
                holds($file);
            }
        )*
    };
}

computes_what_torchvision_computes! {
    resnet18_at_64_pixels_computes_what_torchvision_computes: "resnet18_64.json",
    resnet18_at_224_pixels_computes_what_torchvision_computes: "resnet18_224.json",
    googlenet_at_96_pixels_computes_what_torchvision_computes: "googlenet_96.json",
    googlenet_at_224_pixels_computes_what_torchvision_computes: "googlenet_224.json",
    inception_v3_at_139_pixels_computes_what_torchvision_computes: "inception_v3_139.json",
    inception_v3_at_299_pixels_computes_what_torchvision_computes: "inception_v3_299.json",
    efficientnet_b0_at_64_pixels_computes_what_torchvision_computes: "efficientnet_b0_64.json",
    efficientnet_b0_at_224_pixels_computes_what_torchvision_computes: "efficientnet_b0_224.json",
    mobilenet_v2_at_64_pixels_computes_what_torchvision_computes: "mobilenet_v2_64.json",
    mobilenet_v2_at_224_pixels_computes_what_torchvision_computes: "mobilenet_v2_224.json",
    vit_b_16_at_224_pixels_computes_what_torchvision_computes: "vit_b_16_224.json",
}

#[test]
fn a_wrong_weight_is_found() {
    let Some(path) = reference("resnet18_64.json") else {
        return;
    };
    let mut reference = Reference::read(&path).unwrap();
    reference.seed += 1;
    let device = DeviceSpec::Flex.open().unwrap();
    let report = verify(&reference, &device).unwrap();
    let failed: Vec<_> = report.parts.iter().filter(|part| !part.passes()).collect();
    assert!(failed.len() >= 8, "only {failed:?}");
}
