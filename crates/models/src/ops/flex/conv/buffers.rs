//! Memory that outlasts a call, and work on parts of it.

use std::cell::Cell;

use rayon::prelude::*;

/// The first `len` values of a buffer that grows as needed.
pub(super) fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

/// One core's buffers, kept between calls.
#[derive(Default)]
pub(super) struct Buffers {
    pub(super) patches: Vec<f32>,
    pub(super) outputs: Vec<f32>,
    /// Of the thread that begins a convolution.
    pub(super) kernels: Vec<f32>,
}

/// Lends this thread's buffers to `f`. A call within `f`, as when a thread that
/// waits takes on other work, gets new ones.
pub(super) fn with_buffers<T>(f: impl FnOnce(&mut Buffers) -> T) -> T {
    thread_local! {
        static BUFFERS: Cell<Buffers> = Cell::default();
    }
    let mut buffers = BUFFERS.take();
    let result = f(&mut buffers);
    BUFFERS.set(buffers);
    result
}

/// `f(index, chunk)` of every `len` values, in parallel or one by one.
pub(super) fn each_chunk(
    values: &mut [f32],
    len: usize,
    in_parallel: bool,
    f: impl Fn((usize, &mut [f32])) + Send + Sync,
) {
    if in_parallel {
        values.par_chunks_mut(len).enumerate().for_each(f)
    } else {
        values.chunks_mut(len).enumerate().for_each(f)
    }
}
