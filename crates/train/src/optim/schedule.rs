//! Learning-rate schedules, per optimiser step.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The shape of the learning rate over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleConfig {
    /// The peak rate throughout, after the warm-up.
    Constant,
    /// Half a cosine from the peak to 0, after the warm-up
    /// (`CosineAnnealingLR`).
    #[default]
    Cosine,
    /// Up from peak/25 over the first 30 %, then down to peak/250 000, each
    /// half a cosine (`OneCycleLR`; Smith & Topin, 2018). Has its own warm-up.
    OneCycle,
}

/// A schedule for a run of known length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    config: ScheduleConfig,
    warmup_steps: u64,
    total_steps: u64,
}

impl Schedule {
    /// A schedule over `total_steps` of which the first `warmup_steps` rise
    /// linearly to the peak.
    pub fn new(config: ScheduleConfig, warmup_steps: u64, total_steps: u64) -> Self {
        Self {
            config,
            warmup_steps,
            total_steps,
        }
    }

    /// The factor of the peak learning rate at `step`, counted from 0.
    pub fn factor(&self, step: u64) -> f64 {
        if self.config == ScheduleConfig::OneCycle {
            return self.one_cycle(step);
        }
        if step < self.warmup_steps {
            return (step + 1) as f64 / (self.warmup_steps + 1) as f64;
        }
        match self.config {
            ScheduleConfig::Cosine => {
                let length = self.total_steps.saturating_sub(self.warmup_steps).max(1);
                let done = (step - self.warmup_steps) as f64 / length as f64;
                between(1.0, 0.0, done)
            }
            ScheduleConfig::Constant | ScheduleConfig::OneCycle => 1.0,
        }
    }

    fn one_cycle(&self, step: u64) -> f64 {
        const START: f64 = 1.0 / 25.0;
        const END: f64 = START / 1e4;
        const RISE: f64 = 0.3;
        // OneCycleLR's own bounds: the peak is reached at 0.3 * total - 1.
        let total = self.total_steps as f64;
        let peak = RISE * total - 1.0;
        let step = step as f64;
        if step <= peak {
            between(START, 1.0, step / peak.max(f64::MIN_POSITIVE))
        } else {
            let length = (total - 1.0 - peak).max(f64::MIN_POSITIVE);
            between(1.0, END, (step - peak) / length)
        }
    }
}

/// Half a cosine from `start` to `end` as `done` goes from 0 to 1.
fn between(start: f64, end: f64, done: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + (PI * done.clamp(0.0, 1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_falls_from_the_peak_to_zero_at_the_end() {
        let schedule = Schedule::new(ScheduleConfig::Cosine, 0, 100);
        assert_eq!(schedule.factor(0), 1.0);
        assert!((schedule.factor(50) - 0.5).abs() < 1e-12);
        assert!(schedule.factor(100).abs() < 1e-12);
    }

    #[test]
    fn warm_up_rises_linearly_and_never_starts_at_zero() {
        let schedule = Schedule::new(ScheduleConfig::Constant, 4, 100);
        let factors: Vec<f64> = (0..6).map(|step| schedule.factor(step)).collect();
        assert_eq!(factors, [0.2, 0.4, 0.6, 0.8, 1.0, 1.0]);
    }

    /// The rates that `OneCycleLR` of PyTorch 2.9 gives before each step:
    ///
    /// ```python
    /// p = torch.nn.Parameter(torch.zeros(1))
    /// o = torch.optim.SGD([p], lr=1.0)
    /// s = torch.optim.lr_scheduler.OneCycleLR(o, max_lr=1, total_steps=10)
    /// for _ in range(10):
    ///     print(o.param_groups[0]["lr"]); o.step(); s.step()
    /// ```
    const ONE_CYCLE_10: [f64; 10] = [
        0.040000000000000036,
        0.52,
        1.0,
        0.9504846320134737,
        0.8117456539497631,
        0.6112620219362893,
        0.38874197806371075,
        0.18825834605023697,
        0.049519367986526286,
        4e-06,
    ];

    /// The same with `total_steps=3`, where the peak lies before the first step.
    const ONE_CYCLE_3: [f64; 3] = [0.9944154354509117, 0.46263710266697505, 4e-06];

    #[test]
    fn one_cycle_follows_pytorch() {
        for expected in [&ONE_CYCLE_10[..], &ONE_CYCLE_3] {
            let total = expected.len() as u64;
            let schedule = Schedule::new(ScheduleConfig::OneCycle, 0, total);
            for (step, want) in (0..).zip(expected) {
                let got = schedule.factor(step);
                assert!(
                    (got - want).abs() < 1e-12,
                    "step {step} of {total}: {got} != {want}"
                );
            }
        }
    }

    #[test]
    fn every_factor_of_every_short_run_is_a_number_from_0_to_1() {
        use ScheduleConfig::{Constant, Cosine, OneCycle};
        for total in 1..=30 {
            for (config, warmup) in [(Constant, 0), (Cosine, 0), (Cosine, total), (OneCycle, 0)] {
                let schedule = Schedule::new(config, warmup, total);
                for step in 0..=total {
                    let factor = schedule.factor(step);
                    let valid = (0.0..=1.0).contains(&factor);
                    assert!(valid, "{config:?}, step {step} of {total}: {factor}");
                }
            }
        }
    }
}
