//! Bars on a terminal, plain lines in a pipe.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use psp_data::DataNotice;
use psp_train::Event;

use crate::text::{counted, duration, squared};

mod preamble;

/// The longest silence in a pipe while something is computed whose parts are shorter.
const SILENCE: Duration = Duration::from_secs(30);

/// Whether someone is watching.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Says on standard error what is worth telling about a data set.
pub(crate) fn notice(about: &DataNotice) {
    let kind = if about.is_warning() {
        "warning"
    } else {
        "note"
    };
    eprintln!("{kind}: {about}");
}

/// A bar over `total` of something; invisible in a pipe.
pub(crate) fn bar(total: u64, what: &str) -> ProgressBar {
    let target = if is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    bar.set_style(style(
        "{prefix:>10} {bar:30} {pos}/{len} {per_sec}, {eta} left",
    ));
    bar.set_prefix(what.to_owned());
    bar
}

/// A count of something whose number is not known; invisible in a pipe.
pub(crate) fn counter(what: &str) -> ProgressBar {
    let bar = bar(0, what);
    bar.unset_length();
    bar.set_style(style("{prefix:>10} {spinner} {pos}, {per_sec}"));
    bar
}

/// A bar over bytes whose number is not known yet; invisible in a pipe.
pub(crate) fn bytes(what: &str) -> ProgressBar {
    let bar = bar(0, what);
    bar.set_style(style(
        "{prefix:>16} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left",
    ));
    bar
}

/// A template of this program.
pub(crate) fn style(template: &str) -> ProgressStyle {
    // The templates are constants; an invalid one shows plainly.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Shows a training run.
pub(crate) struct TrainProgress {
    bar: ProgressBar,
    /// Images whose features are computed.
    features: usize,
    epochs: u64,
    batches: u64,
    /// What is to be said of the initial weights.
    weights: Vec<String>,
    /// When training began, and the batches that were done then.
    begun: (Instant, u64),
    /// When a line was printed last.
    spoken: Instant,
}

impl TrainProgress {
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            features: 0,
            epochs: 0,
            batches: 0,
            weights: Vec::new(),
            begun: (Instant::now(), 0),
            spoken: Instant::now(),
        }
    }

    pub(crate) fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Checking { done, total } => {
                if self.bar.length() != Some(total as u64) {
                    self.bar = bar(total as u64, "check");
                }
                self.bar.set_position(done as u64);
                self.break_silence(|_| format!("checking images: {done} of {total}"));
                if done == total {
                    self.bar.finish_and_clear();
                }
            }
            Event::Weights(notes) => self.weights = notes.to_vec(),
            Event::Prepared(preparation) => {
                for line in preamble::lines(&preparation, &self.weights) {
                    self.line(&line);
                }
            }
            Event::Changed(changes) => {
                for line in preamble::changes(changes) {
                    self.line(&line);
                }
            }
            Event::Data(about) => self.bar.suspend(|| notice(about)),
            Event::DamagedFeatures { path, reason } => {
                self.bar.suspend(|| {
                    eprintln!(
                        "warning: {}: stored features removed, to be computed again: {reason}",
                        path.display()
                    );
                });
            }
            Event::UnstoredFeatures { reason } => {
                self.bar.suspend(|| {
                    eprintln!("warning: features are kept in memory, not stored: {reason}");
                });
            }
            Event::Warning { text } => {
                self.bar.suspend(|| eprintln!("warning: {text}"));
            }
            Event::PixelWarning(warning) => {
                self.bar.suspend(|| eprintln!("warning: {warning}"));
            }
            Event::WaitingForFeatures => {
                self.line("waiting for the features that another process computes");
            }
            Event::Features { done, total } => {
                if self.features == 0 {
                    self.bar.finish_and_clear();
                    self.bar = bar(total as u64, "features");
                    let images = counted(total, "image");
                    self.line(&format!("computing the features of {images}"));
                }
                self.features = done;
                self.bar.set_position(done as u64);
                self.break_silence(|_| format!("features: {done} of {total} images"));
            }
            Event::Stages { epoch, stages } => {
                self.line(&format!("epoch {epoch}: training {}", stages.join(", ")));
            }
            Event::Started {
                epoch,
                batch,
                epochs,
                batches,
                devices,
                damaged,
            } => {
                self.bar.suspend(|| {
                    for fault in damaged {
                        eprintln!("warning: {fault}; continuing from the checkpoint before it");
                    }
                });
                self.epochs = epochs;
                self.batches = batches as u64;
                self.bar.finish_and_clear();
                self.bar = bar(epochs * self.batches, "train");
                self.bar.set_style(style(
                    "{prefix:>10} {bar:30} {percent:>3} % {msg}, {eta} left",
                ));
                let done = (epoch - 1) * self.batches + batch as u64;
                self.begun = (Instant::now(), done);
                self.bar.set_position(done);
                self.bar.reset_eta();
                self.bar.enable_steady_tick(Duration::from_millis(500));
                if devices > 1 {
                    self.line(&format!("{devices} devices share each step's batches"));
                }
                if done > 0 {
                    self.line(&format!("continuing at epoch {epoch}, batch {}", batch + 1));
                }
            }
            Event::Step {
                epoch,
                batch,
                loss,
                r2,
                images_per_second,
            } => {
                let done = (epoch - 1) * self.batches + batch as u64;
                self.bar.set_position(done);
                self.break_silence(|progress| {
                    let left = progress.left(done).map_or_else(String::new, |seconds| {
                        format!(", {} left", duration(seconds))
                    });
                    format!(
                        "epoch {epoch:>3}/{}  batch {batch} of {}  loss {loss:.4}  \
                         {images_per_second:.1} images/s{left}",
                        progress.epochs, progress.batches
                    )
                });
                let r2 = r2.map_or_else(|| "–".to_owned(), |r2| format!("{r2:.3}"));
                self.bar.set_message(format!(
                    "epoch {epoch}/{} loss {loss:.4} R² {r2} {images_per_second:.1} images/s",
                    self.epochs
                ));
            }
            Event::Validation { done, total } => {
                self.bar.set_message(format!("validating {done}/{total}"));
                self.break_silence(|_| format!("validating: {done} of {total} images"));
            }
            Event::Epoch(record) => {
                let r2 =
                    |r2: Option<f64>| r2.map_or_else(|| "–".to_owned(), |r2| format!("{r2:.4}"));
                let (valid, best) = match &record.valid {
                    Some(valid) => {
                        let (mse, r2) = (valid.overall.mse, r2(valid.overall.r2));
                        let best = if record.best { "  best" } else { "" };
                        (format!("  valid MSE {} R² {r2}", squared(mse)), best)
                    }
                    None => (String::new(), ""),
                };
                self.line(&format!(
                    "epoch {:>3}/{}  train MSE {} R² {}{valid}  {:.1} s  \
                     {:.1} images/s{best}",
                    record.epoch,
                    self.epochs,
                    squared(record.train.overall.mse),
                    r2(record.train.overall.r2),
                    record.seconds,
                    record.images_per_second,
                ));
            }
        }
    }

    /// Prints a line above the bar.
    fn line(&mut self, text: &str) {
        self.spoken = Instant::now();
        self.bar.suspend(|| println!("{text}"));
    }

    /// Prints a line in a pipe where nothing was printed for a while.
    fn break_silence(&mut self, text: impl FnOnce(&Self) -> String) {
        if !is_terminal() && self.spoken.elapsed() >= SILENCE {
            let text = text(self);
            self.line(&text);
        }
    }

    /// Seconds until all epochs are done, with so many batches done.
    fn left(&self, done: u64) -> Option<f64> {
        let (begun, before) = self.begun;
        let trained = done.checked_sub(before).filter(|&batches| batches > 0)?;
        let all = self.epochs * self.batches;
        let seconds = begun.elapsed().as_secs_f64() / trained as f64;
        Some(seconds * all.saturating_sub(done) as f64)
    }
}

impl Drop for TrainProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
