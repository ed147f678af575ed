//! Locks that outlive a panic.
//!
//! What a store keeps behind its locks changes by whole insertions and
//! removals, so a thread that panicked has left nothing half done there.

use std::sync::{
    Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard as Read, RwLockWriteGuard as Write,
};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn read<T>(lock: &RwLock<T>) -> Read<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn write<T>(lock: &RwLock<T>) -> Write<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
