//! Copies of the model on further devices (data-parallel training).
//!
//! The micro-batches of one optimiser step are spread over the devices. Their
//! gradients, and what batch norms learn, come together on the main device in the
//! batches' order, which alone takes the step and hands out the new weights. So the
//! result does not depend on the number of devices: it is that of one device that
//! computes the same micro-batches one after the other.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use burn::tensor::{Device, Tensor};
use psp_models::predict::PredictError;
use psp_models::{BatchStatistics, ModelConfig, Regressor, StateDict, is_running_statistic, state};

use super::micro_batch::{Computed, MicroBatch, Pass};
use crate::error::TrainError;
use crate::optim::{tensors, with_tensors};

/// Bytes of a copy's stack: a main thread's, which models are computed on otherwise.
const STACK: usize = 8 << 20;

/// How long a wait for answers goes on before it looks for the copies' work again.
const PAUSE: Duration = Duration::from_micros(200);

/// One copy per device, each with a thread of its own.
#[derive(Debug)]
pub(super) struct Replicas(Vec<Replica>);

#[derive(Debug)]
struct Replica {
    /// Taken when the copy is no longer needed, which ends the thread.
    orders: Option<Sender<Order>>,
    answers: Receiver<Result<Computed, PredictError>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Order {
    Compute(Box<MicroBatch>),
    /// Take these weights, on the main device.
    Load(BTreeMap<String, Tensor<4>>),
}

impl Replicas {
    /// Copies of `model`, which is on `main` with autodiff, on `devices`.
    ///
    /// # Errors
    /// When a device fails to give a tensor back, or no thread can be started.
    pub(super) fn new(
        model: &Regressor,
        config: &ModelConfig,
        pass: &Pass,
        main: &Device,
        devices: &[Device],
    ) -> Result<Self, TrainError> {
        let state = state::collect(model)?;
        let replicas = devices.iter().map(|device| {
            let copy = copy_of(config, &state, pass, device)?;
            Replica::start(copy, pass.clone(), main.clone(), device.clone())
        });
        replicas.collect::<Result<_, _>>().map(Self)
    }

    /// The number of copies.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Hands each copy one of `micro_batches`, of which there are no more than
    /// copies.
    pub(super) fn compute(&mut self, micro_batches: impl Iterator<Item = MicroBatch>) -> Asked<'_> {
        let mut asked = 0;
        for (replica, micro_batch) in self.0.iter_mut().zip(micro_batches) {
            replica.order(Order::Compute(Box::new(micro_batch)));
            asked += 1;
        }
        Asked(&mut self.0[..asked])
    }

    /// Gives every copy the weights of `model`'s trained stages.
    pub(super) fn load(&mut self, model: &Regressor, pass: &Pass) {
        let is_weight = |key: &str| pass.stages().train(key) && !is_running_statistic(key);
        let weights = tensors(model, is_weight);
        for replica in &mut self.0 {
            replica.order(Order::Load(weights.clone()));
        }
    }
}

/// Copies that are at work.
#[allow(missing_debug_implementations)]
pub(super) struct Asked<'a>(&'a mut [Replica]);

impl Asked<'_> {
    /// Waits for what they were asked for, in that order.
    ///
    /// # Panics
    /// As a copy's thread did.
    ///
    /// # Errors
    /// When a device fails to give a tensor back.
    pub(super) fn wait(self) -> Result<Vec<Computed>, PredictError> {
        self.0.iter_mut().map(Replica::answer).collect()
    }
}

impl Replica {
    fn start(
        model: Regressor,
        pass: Pass,
        main: Device,
        device: Device,
    ) -> Result<Self, TrainError> {
        let (orders, receiver) = channel();
        let (sender, answers) = channel();
        let work = move || {
            let mut model = model;
            for order in receiver {
                match order {
                    Order::Load(weights) => model = loaded(model, weights, &device),
                    Order::Compute(micro_batch) => {
                        let computed = pass.run(&model, &device, *micro_batch);
                        let answer = computed.map(|computed| {
                            let (bare, statistics) = taken(model.clone(), &pass);
                            model = bare;
                            Computed {
                                grads: computed.grads.to_device(&main),
                                statistics: statistics.to_device(&main),
                                ..computed
                            }
                        });
                        if sender.send(answer).is_err() {
                            return;
                        }
                    }
                }
            }
        };
        let thread = Builder::new()
            .name("replica".to_owned())
            .stack_size(STACK)
            .spawn(work)
            .map_err(TrainError::Thread)?;
        Ok(Self {
            orders: Some(orders),
            answers,
            thread: Some(thread),
        })
    }

    fn order(&mut self, order: Order) {
        let sent = self.orders.as_ref().map(|orders| orders.send(order));
        if !matches!(sent, Some(Ok(()))) {
            self.end();
        }
    }

    fn answer(&mut self) -> Result<Computed, PredictError> {
        self.next().unwrap_or_else(|| self.end())
    }

    /// Waits for its next answer; `None`: its thread has ended. The CPU's copies share
    /// their work out among the threads of rayon's pool, of which this may be one, or the
    /// only one: it does its part.
    fn next(&self) -> Option<Result<Computed, PredictError>> {
        loop {
            let pause = match rayon::yield_now() {
                Some(rayon::Yield::Executed) => Duration::ZERO,
                Some(rayon::Yield::Idle) => PAUSE,
                None => Duration::MAX,
            };
            match self.answers.recv_timeout(pause) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// What a thread that is gone had to say.
    fn end(&mut self) -> ! {
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => resume_unwind(panic),
            _ => unreachable!("a replica's thread ends before it is told to only by a panic"),
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.orders = None;
        while self.next().is_some() {}
        if let Some(thread) = self.thread.take() {
            // Its panic, if any, has been printed; nobody waits for its work.
            let _ = thread.join();
        }
    }
}

/// A model of its own with these weights, whose norms remember nothing.
fn copy_of(
    config: &ModelConfig,
    state: &StateDict,
    pass: &Pass,
    device: &Device,
) -> Result<Regressor, TrainError> {
    let copy = Regressor::from_state(config, state, &device.clone().autodiff())?;
    let copy = copy.train_only(pass.stages().names());
    Ok(taken(copy, pass).0)
}

/// Takes what the norms have learned.
fn taken(model: Regressor, pass: &Pass) -> (Regressor, BatchStatistics) {
    BatchStatistics::take(model, |key| pass.stages().train(key))
}

fn loaded(model: Regressor, weights: BTreeMap<String, Tensor<4>>, device: &Device) -> Regressor {
    let weights = weights.into_iter();
    let weights = weights.map(|(key, tensor)| (key, tensor.to_device(device)));
    with_tensors(model, &weights.collect())
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use psp_data::Batch;
    use psp_models::nn::Noise;

    use super::*;
    use crate::config::RunConfig;
    use crate::trainer::stages::Stages;

    /// Seed of the weights: 0.
    fn replicas(device: &Device) -> Replicas {
        let config = RunConfig::default();
        let model_config = config.model_config();
        let pass = Pass::new(&config, &Stages::of(&config, 0));
        let model = Regressor::new(&model_config, 0, &device.clone().autodiff());
        let devices = [device.clone(), device.clone()];
        Replicas::new(&model, &model_config, &pass, device, &devices).unwrap()
    }

    /// One grey image of 32 x 32 pixels with as many values as are given.
    fn micro_batch(values: usize) -> MicroBatch {
        MicroBatch {
            batch: Batch {
                values: vec![0.5; values],
                shape: vec![3, 32, 32],
                targets: vec![0.0, 1.0],
                indices: vec![0],
                number: 0,
                epoch: 0,
                target_count: 2,
            },
            noise: Noise::off(),
            share: 1.0,
        }
    }

    #[cfg(feature = "flex")]
    #[test]
    fn a_panic_on_one_device_is_passed_on_and_nobody_waits_for_it() {
        let mut replicas = replicas(&Device::flex());
        let good = || micro_batch(3 * 32 * 32);
        let outcome = replicas.compute([good(), good()].into_iter()).wait();
        assert_eq!(outcome.unwrap().len(), 2);
        // A value too few for the shape: the thread that makes a tensor of it panics.
        let bad = micro_batch(3 * 32 * 32 - 1);
        let asked = replicas.compute([good(), bad].into_iter());
        let panic = catch_unwind(AssertUnwindSafe(|| asked.wait())).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains("3071"), "{message}");
    }
}
