//! Which engine runs a model.

use anyhow::{Result, ensure};
use psp_models::{DeviceSpec, Precision};

use crate::args::Engine;

/// Whether it is the CPU engine; refuses one that can't do what the flags ask for.
pub(crate) fn is_cpu(engine: Engine, device: DeviceSpec, precision: Precision) -> Result<bool> {
    let is_on_flex = device.resolved() == DeviceSpec::Flex;
    let is_fp32 = precision == Precision::Fp32;
    if engine == Engine::Cpu {
        ensure!(
            is_on_flex || device == DeviceSpec::Auto,
            "--engine cpu: computes on the CPU; leave out --device {device}, or the engine"
        );
        ensure!(
            is_fp32,
            "--engine cpu: computes in fp32; leave out --precision {precision}, or the engine"
        );
        return Ok(true);
    }
    Ok(engine == Engine::Auto && is_on_flex && is_fp32 && psp_infer::is_fast())
}
