//! The official files.
//!
//! Names, preprocessing and accuracy: torchvision 0.24's `Weights` enums.
//! Hashes: of the files as PyTorch serves them; their first eight digits are
//! part of each name.

use serde::Serialize;

/// How an image is resized before the crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// Linear in both directions, with antialiasing.
    Bilinear,
    /// Cubic in both directions, with antialiasing.
    Bicubic,
}

/// One file of weights trained on ImageNet-1k.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pretrained {
    /// torchvision's name of the model.
    pub backbone: &'static str,
    /// torchvision's name of the weights.
    pub name: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// Folder that the file is served from.
    pub base_url: &'static str,
    /// Hash of the whole file, lower-case hexadecimal.
    pub sha256: &'static str,
    /// SPDX name of the licence that torchvision gives it.
    pub licence: &'static str,
    /// The shorter side is resized to this many pixels …
    pub resize: u32,
    /// … and this many are cropped from the centre.
    pub crop: u32,
    /// How it is resized.
    pub interpolation: Interpolation,
    /// Top-1 accuracy on ImageNet-1k's validation images, percent.
    pub top1: f64,
}

impl Pretrained {
    /// Where the file is served.
    pub fn url(&self) -> String {
        format!("{}/{}", self.base_url, self.file)
    }
}

const PYTORCH: Pretrained = Pretrained {
    backbone: "",
    name: "IMAGENET1K_V1",
    file: "",
    base_url: "https://download.pytorch.org/models",
    sha256: "",
    licence: "BSD-3-Clause",
    resize: 256,
    crop: 224,
    interpolation: Interpolation::Bilinear,
    top1: 0.0,
};

/// All files, in the order that tables list them.
pub const REGISTRY: [Pretrained; 5] = [
    Pretrained {
        backbone: "resnet18",
        file: "resnet18-f37072fd.pth",
        sha256: "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
        top1: 69.758,
        ..PYTORCH
    },
    Pretrained {
        backbone: "googlenet",
        file: "googlenet-1378be20.pth",
        sha256: "1378be20a8e875cf1568b8a71654e704449655e34711a959a38b04fb34905cef",
        top1: 69.778,
        ..PYTORCH
    },
    Pretrained {
        backbone: "inception_v3",
        file: "inception_v3_google-0cc3c7bd.pth",
        sha256: "0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef",
        resize: 342,
        crop: 299,
        top1: 77.294,
        ..PYTORCH
    },
    Pretrained {
        backbone: "efficientnet_b0",
        file: "efficientnet_b0_rwightman-7f5810bc.pth",
        sha256: "7f5810bc96def8f7552d5b7e68d53c4786f81167d28291b21c0d90e1fca14934",
        interpolation: Interpolation::Bicubic,
        top1: 77.692,
        ..PYTORCH
    },
    Pretrained {
        backbone: "vit_b_16",
        file: "vit_b_16-c867db91.pth",
        sha256: "c867db91d3e12c6cbadabb610d73c24a546bf82d8c03a9fea34f43a712ddb0e9",
        top1: 81.072,
        ..PYTORCH
    },
];

/// The file for a backbone by torchvision's name.
pub fn pretrained(backbone: &str) -> Option<&'static Pretrained> {
    REGISTRY.iter().find(|entry| entry.backbone == backbone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_begins_with_the_digits_in_the_files_name() {
        for entry in REGISTRY {
            let digits = entry.file.trim_end_matches(".pth").rsplit('-').next();
            assert_eq!(Some(&entry.sha256[..8]), digits, "{}", entry.backbone);
            assert_eq!(entry.sha256.len(), 64, "{}", entry.backbone);
        }
    }
}
