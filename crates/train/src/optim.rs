//! Gradients, optimisers, learning-rate schedules and weight averaging, all
//! over flat tensors by `state_dict` key.

mod ema;
mod grads;
mod optimizer;
mod schedule;
mod tensors;

pub use ema::Ema;
pub use grads::Grads;
pub use optimizer::{Optimizer, OptimizerConfig, OptimizerState};
pub use schedule::{Schedule, ScheduleConfig};
pub(crate) use tensors::{tensors, with_tensors};
