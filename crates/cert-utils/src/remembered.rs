//! What has been looked at already, so that the same input is not read again, nor complained about again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use evercert_core::watch::Key;

/// One version of the input for each object. Forgotten at a restart, which costs one read for each annotated object.
#[derive(Debug)]
pub struct Remembered<V>(Mutex<HashMap<Key, V>>);

impl<V: PartialEq> Remembered<V> {
    /// True where this version has been dealt with.
    pub fn is_known(&self, key: &Key, version: &V) -> bool {
        self.lock().get(key) == Some(version)
    }

    /// This version has been dealt with.
    pub fn remember(&self, key: &Key, version: V) {
        self.lock().insert(key.clone(), version);
    }

    /// The object is gone or no longer concerns us.
    pub fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Default for Remembered<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
