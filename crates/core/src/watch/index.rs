//! A secondary index: values computed from objects, and the keys that have each.

use std::sync::Arc;

use ahash::AHashMap;

use super::key::Key;

/// Computes the index values of an object.
pub(super) type IndexFn<K> = Box<dyn Fn(&K) -> Vec<String> + Send + Sync>;

/// One index of a store.
pub(super) struct Index<K> {
    pub name: &'static str,
    pub values: IndexFn<K>,
    // Sorted; a vector, because most values have one key and some have ten thousand.
    pub keys: AHashMap<String, Vec<Arc<Key>>>,
}

impl<K> Index<K> {
    /// The object of that key was `old` and is `new`.
    pub fn change(&mut self, key: &Arc<Key>, old: Option<&K>, new: Option<&K>) {
        let old = old.map(|obj| (self.values)(obj)).unwrap_or_default();
        let new = new.map(|obj| (self.values)(obj)).unwrap_or_default();
        for value in old.iter().filter(|value| !new.contains(value)) {
            let Some(keys) = self.keys.get_mut(value) else { continue };
            if let Ok(at) = keys.binary_search(key) {
                keys.remove(at);
            }
            if keys.is_empty() {
                self.keys.remove(value);
            }
        }
        for value in new.into_iter().filter(|value| !old.contains(value)) {
            let keys = self.keys.entry(value).or_default();
            if let Err(at) = keys.binary_search(key) {
                keys.insert(at, key.clone());
            }
        }
    }
}
