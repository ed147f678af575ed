//! Convolution.

use burn::backend::LibTorch;
use burn::tensor::ops::ConvOptions;
use tch::Tensor;

use super::{Floats, leaf, pull};
use crate::conv::ConvKernels;

impl ConvKernels for LibTorch {
    fn conv_backward(
        [x, weight, grad]: [Floats; 3],
        options: ConvOptions<2>,
        [of_x, of_weight]: [bool; 2],
    ) -> [Option<Floats>; 2] {
        let (x, weight) = (leaf(&x, of_x), leaf(&weight, of_weight));
        let output = Tensor::conv2d(
            &x,
            &weight,
            None::<Tensor>,
            options.stride.map(|step| step as i64),
            options.padding_begin().map(|zeros| zeros as i64),
            options.dilation.map(|step| step as i64),
            options.groups as i64,
        );
        match [of_x, of_weight] {
            [true, true] => pull(&output, &grad, [&x, &weight]).map(Some),
            [true, false] => {
                let [of_x] = pull(&output, &grad, [&x]);
                [Some(of_x), None]
            }
            [false, true] => {
                let [of_weight] = pull(&output, &grad, [&weight]);
                [None, Some(of_weight)]
            }
            [false, false] => [None, None],
        }
    }
}
