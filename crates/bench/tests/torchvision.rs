//! Every backbone against torchvision's recorded numbers, on the device named
//! by `PSP_TEST_DEVICE` (default `flex`).

use std::path::{Path, PathBuf};

use crate::shared::shared;
use psp_bench::verify::{Reference, verify};
use psp_models::DeviceSpec;

/// What `scripts/torchvision_reference.sh` recorded, a file of each backbone.
pub(crate) const RECORDED: &str = "tests/fixtures";

/// One of these files.
pub(crate) fn recorded(name: &str) -> PathBuf {
    Path::new(RECORDED).join(name)
}

fn holds(path: &Path) {
    let device = std::env::var("PSP_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    let device = device.parse::<DeviceSpec>().unwrap().open().unwrap();
    let report = verify(&Reference::read(path).unwrap(), &device).unwrap();
    for part in &report.parts {
        println!("{part:?}");
    }
    assert!(report.passes());
    assert_eq!(report.parts.len(), 13);
}

macro_rules! computes_what_torchvision_computes {
    ($($name:ident: $path:expr,)*) => {
        $(
            #[test]
            fn $name() {
                if let Some(path) = $path {
                    holds(&path);
                }
            }
        )*
    };
}

computes_what_torchvision_computes! {
    resnet18_at_64_pixels: Some(recorded("resnet18_64.json")),
    googlenet_at_64_pixels: Some(recorded("googlenet_64.json")),
    inception_v3_at_107_pixels: Some(recorded("inception_v3_107.json")),
    efficientnet_b0_at_64_pixels: Some(recorded("efficientnet_b0_64.json")),
    mobilenet_v2_at_64_pixels: Some(recorded("mobilenet_v2_64.json")),
    vit_b_16_at_64_pixels: Some(recorded("vit_b_16_64.json")),
    // At their own sizes they take files from elsewhere, and skip without them.
    resnet18_at_224_pixels: shared("reference/resnet18_224.json"),
    googlenet_at_224_pixels: shared("reference/googlenet_224.json"),
    inception_v3_at_299_pixels: shared("reference/inception_v3_299.json"),
    efficientnet_b0_at_224_pixels: shared("reference/efficientnet_b0_224.json"),
    mobilenet_v2_at_224_pixels: shared("reference/mobilenet_v2_224.json"),
    vit_b_16_at_224_pixels: shared("reference/vit_b_16_224.json"),
}

#[test]
fn a_wrong_weight_is_found() {
    let mut reference = Reference::read(&recorded("resnet18_64.json")).unwrap();
    reference.seed += 1;
    let device = DeviceSpec::Flex.open().unwrap();
    let report = verify(&reference, &device).unwrap();
    let failed: Vec<_> = report.parts.iter().filter(|part| !part.passes()).collect();
    assert!(failed.len() >= 8, "only {failed:?}");
}
