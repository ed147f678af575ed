//! Time by phase.

use std::time::Instant;

use burn::tensor::Device;

use crate::{BenchError, Phase};

/// Measures the phases of steps; at each end the device has done all its work.
pub(crate) struct Stopwatch<'a> {
    device: &'a Device,
    since: Instant,
    laps: Vec<(&'static str, Vec<f64>)>,
}

impl<'a> Stopwatch<'a> {
    pub(crate) fn new(device: &'a Device) -> Self {
        Self {
            device,
            since: Instant::now(),
            laps: Vec::new(),
        }
    }

    /// A step begins.
    pub(crate) fn start(&mut self) {
        self.since = Instant::now();
    }

    /// The phase `name` ends and the next begins.
    pub(crate) fn lap(&mut self, name: &'static str) -> Result<(), BenchError> {
        self.device
            .sync()
            .map_err(|error| BenchError::Execution(error.to_string()))?;
        let now = Instant::now();
        let seconds = (now - self.since).as_secs_f64();
        self.since = now;
        match self.laps.iter_mut().find(|(known, _)| *known == name) {
            Some((_, laps)) => laps.push(seconds),
            None => self.laps.push((name, vec![seconds])),
        }
        Ok(())
    }

    /// Drops what was measured so far.
    pub(crate) fn forget(&mut self) {
        self.laps.clear();
    }

    /// All that was measured.
    pub(crate) fn seconds(&self) -> f64 {
        self.laps.iter().flat_map(|(_, laps)| laps).sum()
    }

    /// The median of each phase.
    pub(crate) fn phases(self) -> Vec<Phase> {
        self.laps
            .into_iter()
            .map(|(name, mut laps)| Phase {
                name,
                milliseconds: median(&mut laps) * 1000.0,
            })
            .collect()
    }
}

/// The middle value, or the mean of the middle two; 0 of none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => 0.0,
        (len, middle) if len % 2 == 1 => values[middle],
        (_, middle) => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_the_middle_two() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn phases_keep_their_order_and_forget_the_warm_up() {
        let device = Device::default();
        let mut watch = Stopwatch::new(&device);
        watch.lap("cold").unwrap();
        watch.forget();
        for _ in 0..3 {
            watch.start();
            watch.lap("first").unwrap();
            watch.lap("second").unwrap();
        }
        assert!(watch.seconds() > 0.0);
        let names: Vec<_> = watch.phases().iter().map(|phase| phase.name).collect();
        assert_eq!(names, ["first", "second"]);
    }
}
