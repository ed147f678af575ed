//! Decoded and resized pixels kept between epochs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// One slot per sample, filled until the limit is reached.
///
/// Nothing is evicted: each epoch visits every sample once, so replacing one
/// cached image by another would only trade hits.
#[derive(Debug)]
pub(super) struct PixelCache {
    slots: Vec<OnceLock<Arc<[u8]>>>,
    used: AtomicU64,
    limit: u64,
}

impl PixelCache {
    pub(super) fn new(samples: usize, limit: u64) -> Self {
        let slots = if limit == 0 { 0 } else { samples };
        Self {
            slots: (0..slots).map(|_| OnceLock::new()).collect(),
            used: AtomicU64::new(0),
            limit,
        }
    }

    pub(super) fn get(&self, place: usize) -> Option<Arc<[u8]>> {
        self.slots.get(place)?.get().cloned()
    }

    /// Keeps `pixels` if there is room.
    pub(super) fn offer(&self, place: usize, pixels: &Arc<[u8]>) {
        let Some(slot) = self.slots.get(place) else {
            return;
        };
        let size = pixels.len() as u64;
        // Room is taken before the slot is filled, so that the limit holds
        // at every moment and for any number of threads.
        let reserved = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(size).filter(|&sum| sum <= self.limit)
            });
        if reserved.is_ok() && slot.set(Arc::clone(pixels)).is_err() {
            self.used.fetch_sub(size, Ordering::Relaxed);
        }
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_what_fits_and_no_byte_more() {
        let cache = PixelCache::new(4, 25);
        for place in 0..4 {
            cache.offer(place, &Arc::from(vec![place as u8; 10]));
            cache.offer(place, &Arc::from(vec![99; 10]));
        }
        assert_eq!(cache.used(), 20);
        assert_eq!(cache.get(1).as_deref(), Some(&[1u8; 10][..]));
        assert!(cache.get(2).is_none());
    }

    #[test]
    fn a_limit_of_zero_turns_the_cache_off() {
        let cache = PixelCache::new(4, 0);
        cache.offer(0, &Arc::from(vec![1]));
        assert!(cache.get(0).is_none());
        assert_eq!(cache.used(), 0);
    }
}
