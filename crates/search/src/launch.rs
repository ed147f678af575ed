//! A study's workers as jobs of a cluster.
//!
//! Each job runs the same command on the shared folder; which trial it works on
//! is settled there, and so is what becomes of a trial whose job was killed.

mod kubernetes;
mod slurm;

pub use kubernetes::KubernetesJob;
pub use slurm::SlurmJob;
