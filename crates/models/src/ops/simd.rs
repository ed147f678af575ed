//! Plain loops compiled for the SIMD instructions of the processor at hand.

/// Runs `task` with the widest instructions that the processor has. It and all that it
/// calls should be `#[inline(always)]`: what is not inlined keeps the instructions that
/// every processor has.
pub fn widest<R>(task: impl FnMut() -> R) -> R {
    /// Not the closure itself: it would be called through `FnOnce`, which for one that can
    /// be called again is a function of its own, and not inlined.
    struct Task<F>(F);

    impl<R, F: FnMut() -> R> pulp::NullaryFnOnce for Task<F> {
        type Output = R;

        #[inline(always)]
        fn call(mut self) -> R {
            (self.0)()
        }
    }

    pulp::Arch::new().dispatch(Task(task))
}

#[cfg(all(test, any(target_arch = "x86", target_arch = "x86_64")))]
mod tests {
    use pulp::Arch;

    #[test]
    fn a_processor_with_avx2_does_not_run_what_every_processor_has() {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            assert!(!matches!(Arch::new(), Arch::Scalar));
        }
    }
}
