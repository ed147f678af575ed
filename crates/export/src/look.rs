//! What a model looks at in an image.

use std::sync::atomic::AtomicBool;

use burn::tensor::{Tensor, TensorData};
use psp_data::Resize;
use psp_explain::{HeatMap, Method, Occlusion};

use crate::error::ExportError;
use crate::predictor::Predictor;

impl Predictor {
    /// How [`Predictor::heat_maps`] are made: by the method that reads the backbone's insides.
    pub fn method(&self) -> Method {
        let fitting = psp_explain::fitting(self.config.backbone);
        fitting.first().copied().unwrap_or(Method::Occlusion)
    }

    /// What the model looks at in an image, `[3, height, width]` as the model takes it: a map
    /// for each target, or one for all of them where the method knows no target.
    ///
    /// # Errors
    /// As [`Predictor::model`], and what [`psp_explain`] says.
    pub fn heat_maps(&self, pixels: Vec<f32>) -> Result<Vec<HeatMap>, ExportError> {
        let (width, height) = self.preprocessing.output_size();
        let shape = [1, 3, height as usize, width as usize];
        let image = Tensor::<4>::from_data(TensorData::new(pixels, shape), self.device());
        let model = self.model()?.regressor();
        Ok(match self.method() {
            Method::GradCam => psp_explain::grad_cam(model, image)?,
            Method::AttentionRollout => vec![psp_explain::attention_rollout(model, image)?],
            Method::Occlusion => {
                let (settings, never) = (Occlusion::default(), AtomicBool::new(false));
                psp_explain::occlusion(model, image, &settings, &never, &mut |_, _| {})?
            }
        })
    }
}

/// What a network sees of an image of this width and height: left, top, width and height as
/// shares of the image's own.
pub fn seen(resize: &Resize, (width, height): (u32, u32)) -> [f64; 4] {
    let [left, top, seen_width, seen_height] = resize.source_box(width, height);
    let (width, height) = (f64::from(width), f64::from(height));
    [
        left / width,
        top / height,
        seen_width / width,
        seen_height / height,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_sees_the_whole_of_a_squashed_photo_and_the_middle_of_a_cropped_one() {
        let photo = (640, 480);
        let squash = Resize::Squash {
            width: 224,
            height: 224,
        };
        assert_eq!(seen(&squash, photo), [0.0, 0.0, 1.0, 1.0]);
        let crop = Resize::ShortestSideCenterCrop {
            resize: 256,
            crop: 224,
        };
        let [left, top, width, height] = seen(&crop, photo);
        // 420 of 640 and of 480 pixels, in the middle.
        assert!((width - 0.65625).abs() < 0.003 && (height - 0.875).abs() < 1e-9);
        assert!((2.0 * left + width - 1.0).abs() < 0.01);
        assert!((2.0 * top + height - 1.0).abs() < 0.01);
    }
}
