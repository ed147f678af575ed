//! The blocks of Inception v3.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::nn::{BasicConv2d, Conv2dConfig, Image, Linear, global_avg_pool2d, max_pool2d};

/// A square kernel without padding.
pub(super) fn valid(
    in_channels: usize,
    out_channels: usize,
    kernel: usize,
    stride: usize,
    device: &Device,
) -> BasicConv2d {
    let config = Conv2dConfig::new(in_channels, out_channels, kernel).stride(stride);
    BasicConv2d::new(config, device)
}

/// A kernel that keeps the image's size.
pub(super) fn same(
    in_channels: usize,
    out_channels: usize,
    kernel: [usize; 2],
    device: &Device,
) -> BasicConv2d {
    BasicConv2d::new(
        Conv2dConfig::same(in_channels, out_channels, kernel),
        device,
    )
}

/// The convolutions of a branch, one after another.
pub(super) fn chain<X: Image, const N: usize>(x: &X, layers: [&BasicConv2d; N]) -> X {
    layers
        .into_iter()
        .fold(x.clone(), |x, layer| layer.forward(x))
}

/// `InceptionA`: 35×35 grid.
#[derive(Module, Debug)]
pub struct InceptionA {
    branch1x1: BasicConv2d,
    branch5x5_1: BasicConv2d,
    branch5x5_2: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3: BasicConv2d,
    branch_pool: BasicConv2d,
}

impl InceptionA {
    pub(super) fn new(in_channels: usize, pool_features: usize, device: &Device) -> Self {
        Self {
            branch1x1: same(in_channels, 64, [1, 1], device),
            branch5x5_1: same(in_channels, 48, [1, 1], device),
            branch5x5_2: same(48, 64, [5, 5], device),
            branch3x3dbl_1: same(in_channels, 64, [1, 1], device),
            branch3x3dbl_2: same(64, 96, [3, 3], device),
            branch3x3dbl_3: same(96, 96, [3, 3], device),
            branch_pool: same(in_channels, pool_features, [1, 1], device),
        }
    }

    pub(super) fn forward<X: Image>(&self, x: X) -> X {
        let branch1x1 = self.branch1x1.forward(x.clone());
        let branch5x5 = chain(&x, [&self.branch5x5_1, &self.branch5x5_2]);
        let branch3x3dbl = chain(
            &x,
            [
                &self.branch3x3dbl_1,
                &self.branch3x3dbl_2,
                &self.branch3x3dbl_3,
            ],
        );
        let branch_pool = self.branch_pool.forward(x.avg_pool2d(3, 1, 1));
        X::concat(vec![branch1x1, branch5x5, branch3x3dbl, branch_pool])
    }
}

/// `InceptionB`: 35×35 to 17×17.
#[derive(Module, Debug)]
pub struct InceptionB {
    branch3x3: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3: BasicConv2d,
}

impl InceptionB {
    pub(super) fn new(in_channels: usize, device: &Device) -> Self {
        Self {
            branch3x3: valid(in_channels, 384, 3, 2, device),
            branch3x3dbl_1: same(in_channels, 64, [1, 1], device),
            branch3x3dbl_2: same(64, 96, [3, 3], device),
            branch3x3dbl_3: valid(96, 96, 3, 2, device),
        }
    }

    pub(super) fn forward<X: Image>(&self, x: X) -> X {
        let branch3x3 = self.branch3x3.forward(x.clone());
        let branch3x3dbl = chain(
            &x,
            [
                &self.branch3x3dbl_1,
                &self.branch3x3dbl_2,
                &self.branch3x3dbl_3,
            ],
        );
        let branch_pool = max_pool2d(x, 3, 2, 0, false);
        X::concat(vec![branch3x3, branch3x3dbl, branch_pool])
    }
}

/// `InceptionC`: 17×17 grid, 7×7 kernels in two factors.
#[derive(Module, Debug)]
pub struct InceptionC {
    branch1x1: BasicConv2d,
    branch7x7_1: BasicConv2d,
    branch7x7_2: BasicConv2d,
    branch7x7_3: BasicConv2d,
    branch7x7dbl_1: BasicConv2d,
    branch7x7dbl_2: BasicConv2d,
    branch7x7dbl_3: BasicConv2d,
    branch7x7dbl_4: BasicConv2d,
    branch7x7dbl_5: BasicConv2d,
    branch_pool: BasicConv2d,
}

impl InceptionC {
    pub(super) fn new(in_channels: usize, channels_7x7: usize, device: &Device) -> Self {
        let c7 = channels_7x7;
        Self {
            branch1x1: same(in_channels, 192, [1, 1], device),
            branch7x7_1: same(in_channels, c7, [1, 1], device),
            branch7x7_2: same(c7, c7, [1, 7], device),
            branch7x7_3: same(c7, 192, [7, 1], device),
            branch7x7dbl_1: same(in_channels, c7, [1, 1], device),
            branch7x7dbl_2: same(c7, c7, [7, 1], device),
            branch7x7dbl_3: same(c7, c7, [1, 7], device),
            branch7x7dbl_4: same(c7, c7, [7, 1], device),
            branch7x7dbl_5: same(c7, 192, [1, 7], device),
            branch_pool: same(in_channels, 192, [1, 1], device),
        }
    }

    pub(super) fn forward<X: Image>(&self, x: X) -> X {
        let branch1x1 = self.branch1x1.forward(x.clone());
        let branch7x7 = chain(
            &x,
            [&self.branch7x7_1, &self.branch7x7_2, &self.branch7x7_3],
        );
        let branch7x7dbl = chain(
            &x,
            [
                &self.branch7x7dbl_1,
                &self.branch7x7dbl_2,
                &self.branch7x7dbl_3,
                &self.branch7x7dbl_4,
                &self.branch7x7dbl_5,
            ],
        );
        let branch_pool = self.branch_pool.forward(x.avg_pool2d(3, 1, 1));
        X::concat(vec![branch1x1, branch7x7, branch7x7dbl, branch_pool])
    }
}

/// `InceptionD`: 17×17 to 8×8.
#[derive(Module, Debug)]
pub struct InceptionD {
    branch3x3_1: BasicConv2d,
    branch3x3_2: BasicConv2d,
    branch7x7x3_1: BasicConv2d,
    branch7x7x3_2: BasicConv2d,
    branch7x7x3_3: BasicConv2d,
    branch7x7x3_4: BasicConv2d,
}

impl InceptionD {
    pub(super) fn new(in_channels: usize, device: &Device) -> Self {
        Self {
            branch3x3_1: same(in_channels, 192, [1, 1], device),
            branch3x3_2: valid(192, 320, 3, 2, device),
            branch7x7x3_1: same(in_channels, 192, [1, 1], device),
            branch7x7x3_2: same(192, 192, [1, 7], device),
            branch7x7x3_3: same(192, 192, [7, 1], device),
            branch7x7x3_4: valid(192, 192, 3, 2, device),
        }
    }

    pub(super) fn forward<X: Image>(&self, x: X) -> X {
        let branch3x3 = chain(&x, [&self.branch3x3_1, &self.branch3x3_2]);
        let branch7x7x3 = chain(
            &x,
            [
                &self.branch7x7x3_1,
                &self.branch7x7x3_2,
                &self.branch7x7x3_3,
                &self.branch7x7x3_4,
            ],
        );
        let branch_pool = max_pool2d(x, 3, 2, 0, false);
        X::concat(vec![branch3x3, branch7x7x3, branch_pool])
    }
}

/// `InceptionE`: 8×8 grid, branches that fork.
#[derive(Module, Debug)]
pub struct InceptionE {
    branch1x1: BasicConv2d,
    branch3x3_1: BasicConv2d,
    branch3x3_2a: BasicConv2d,
    branch3x3_2b: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3a: BasicConv2d,
    branch3x3dbl_3b: BasicConv2d,
    branch_pool: BasicConv2d,
}

impl InceptionE {
    pub(super) fn new(in_channels: usize, device: &Device) -> Self {
        Self {
            branch1x1: same(in_channels, 320, [1, 1], device),
            branch3x3_1: same(in_channels, 384, [1, 1], device),
            branch3x3_2a: same(384, 384, [1, 3], device),
            branch3x3_2b: same(384, 384, [3, 1], device),
            branch3x3dbl_1: same(in_channels, 448, [1, 1], device),
            branch3x3dbl_2: same(448, 384, [3, 3], device),
            branch3x3dbl_3a: same(384, 384, [1, 3], device),
            branch3x3dbl_3b: same(384, 384, [3, 1], device),
            branch_pool: same(in_channels, 192, [1, 1], device),
        }
    }

    pub(super) fn forward<X: Image>(&self, x: X) -> X {
        let fork = |x: X, a: &BasicConv2d, b: &BasicConv2d| {
            X::concat(vec![a.forward(x.clone()), b.forward(x)])
        };
        let branch1x1 = self.branch1x1.forward(x.clone());
        let branch3x3 = self.branch3x3_1.forward(x.clone());
        let branch3x3 = fork(branch3x3, &self.branch3x3_2a, &self.branch3x3_2b);
        let branch3x3dbl = chain(&x, [&self.branch3x3dbl_1, &self.branch3x3dbl_2]);
        let branch3x3dbl = fork(branch3x3dbl, &self.branch3x3dbl_3a, &self.branch3x3dbl_3b);
        let branch_pool = self.branch_pool.forward(x.avg_pool2d(3, 1, 1));
        X::concat(vec![branch1x1, branch3x3, branch3x3dbl, branch_pool])
    }
}

/// Auxiliary classifier: predicts from a middle layer while training.
#[derive(Module, Debug)]
pub struct InceptionAux {
    conv0: BasicConv2d,
    conv1: BasicConv2d,
    fc: Linear,
}

impl InceptionAux {
    pub(super) fn new(in_channels: usize, targets: usize, device: &Device) -> Self {
        Self {
            conv0: same(in_channels, 128, [1, 1], device),
            conv1: valid(128, 768, 5, 1, device),
            fc: Linear::new(768, targets, device),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.conv0.forward(x.avg_pool2d(5, 3, 0));
        self.fc.forward(global_avg_pool2d(self.conv1.forward(x)))
    }
}
