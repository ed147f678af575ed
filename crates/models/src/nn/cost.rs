//! Counting multiply-adds while a model runs.

use std::cell::Cell;

thread_local! {
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Runs `f` and returns how many multiply-adds its convolutions, linear layers
/// and attention took on this thread; elementwise work is not counted, as is
/// the custom.
pub fn multiply_adds<T>(f: impl FnOnce() -> T) -> (T, u64) {
    let before = COUNT.replace(Some(0));
    let result = f();
    let counted = COUNT.replace(before).unwrap_or(0);
    (result, counted)
}

/// Adds to the running count, if there is one.
pub(super) fn count(multiply_adds: usize) {
    if let Some(so_far) = COUNT.get() {
        COUNT.set(Some(so_far + multiply_adds as u64));
    }
}
