//! The newest known version of each object, with its indexes and the writes of our own that the watch has yet to confirm.
//!
//! Pure data: each method takes what happened and returns the key to tell subscribers of, if any. Resource versions are
//! compared as numbers, as Kubernetes allows for objects of one kind.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ahash::AHashMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;

use super::index::{Index, IndexFn};
use super::key::Key;

/// How long a delete of our own hides an object that the server still shows.
const TRUST_OWN_DELETE: Duration = Duration::from_secs(10);

/// A write of our own, told by `written` or `deleted`.
struct Own {
    what: OwnWrite,
    /// List during which it was made: a list that began later shows it.
    list: u64,
}

enum OwnWrite {
    Written { version: Option<u64> },
    Deleted { uid: String, at: Instant },
}

pub(super) struct Store<K> {
    objects: AHashMap<Arc<Key>, Arc<K>>,
    indexes: Vec<Index<K>>,
    own: AHashMap<Arc<Key>, Own>,
    /// Number of lists begun.
    lists: u64,
    /// Keys named by the list in progress.
    listed: Option<HashSet<Arc<Key>>>,
}

impl<K: Resource> Store<K> {
    pub fn new(indexes: Vec<(&'static str, IndexFn<K>)>) -> Self {
        let indexes = indexes
            .into_iter()
            .map(|(name, values)| Index {
                name,
                values,
                keys: AHashMap::new(),
            })
            .collect();
        Self {
            objects: AHashMap::new(),
            indexes,
            own: AHashMap::new(),
            lists: 0,
            listed: None,
        }
    }

    pub fn get(&self, key: &Key) -> Option<Arc<K>> {
        self.objects.get(key).cloned()
    }

    pub fn by_index(&self, index: &str, value: &str) -> Vec<Arc<K>> {
        let keys = self
            .indexes
            .iter()
            .find(|candidate| candidate.name == index)
            .and_then(|index| index.keys.get(value));
        keys.into_iter()
            .flatten()
            .filter_map(|key| self.objects.get(key).cloned())
            .collect()
    }

    pub fn objects(&self) -> impl ExactSizeIterator<Item = &Arc<K>> {
        self.objects.values()
    }

    pub fn keys(&self) -> impl Iterator<Item = Arc<Key>> {
        self.objects.keys().cloned()
    }

    /// A list begins; what it does not name by [`Store::list_done`] is gone.
    pub fn list_begins(&mut self) {
        self.lists += 1;
        self.listed = Some(HashSet::new());
    }

    /// The list is complete: returns what vanished unseen.
    pub fn list_done(&mut self) -> Vec<Arc<Key>> {
        let Some(listed) = self.listed.take() else {
            return Vec::new();
        };
        let lists = self.lists;
        self.own.retain(|_, own| own.list >= lists);
        let gone: Vec<_> = self
            .keys()
            .filter(|key| !listed.contains(key) && !self.own.contains_key(key))
            .collect();
        for key in &gone {
            self.remove(key);
        }
        gone
    }

    /// Notes that the list in progress names an object that cannot be read; its last readable version stays.
    pub fn unreadable(&mut self, meta: &ObjectMeta) {
        let key = self.shared_key(meta);
        if let Some(listed) = &mut self.listed {
            listed.insert(key);
        }
    }

    /// The watch or a list shows this version.
    pub fn observed(&mut self, obj: K, now: Instant) -> Option<Arc<Key>> {
        let key = self.shared_key(obj.meta());
        if let Some(listed) = &mut self.listed {
            listed.insert(key.clone());
            // Lists are consistent reads: one that began after a write of ours shows its effect.
            if self.own.get(&key).is_some_and(|own| own.list < self.lists) {
                self.own.remove(&key);
            }
        }
        let told = !self.confirm(&key, obj.meta(), now)?;
        let known = self
            .objects
            .get(&key)
            .is_some_and(|known| is_as_new(known.meta(), obj.meta()));
        if known && told {
            return None;
        }
        self.put(&key, obj);
        told.then_some(key)
    }

    /// The watch shows that this object was deleted.
    pub fn vanished(&mut self, meta: &ObjectMeta) -> Option<Arc<Key>> {
        let key = self.shared_key(meta);
        let newer = |known: &Arc<K>| known.meta().uid != meta.uid && is_as_new(known.meta(), meta);
        if self.objects.get(&key).is_some_and(newer) {
            return None;
        }
        self.own.remove(&key);
        let present = self.objects.contains_key(&key);
        self.remove(&key);
        present.then_some(key)
    }

    /// The result of a write of our own; subscribers are told now, and not again when the watch confirms it.
    pub fn written(&mut self, obj: K) -> Option<Arc<Key>> {
        let key = self.shared_key(obj.meta());
        if self
            .objects
            .get(&key)
            .is_some_and(|known| is_as_new(known.meta(), obj.meta()))
        {
            return None;
        }
        let what = OwnWrite::Written {
            version: version(obj.meta()),
        };
        self.own.insert(key.clone(), Own { what, list: self.lists });
        self.put(&key, obj);
        Some(key)
    }

    /// An object with that uid was deleted by us.
    pub fn deleted(&mut self, key: &Key, uid: &str, now: Instant) -> Option<Arc<Key>> {
        let (key, known) = self
            .objects
            .get_key_value(key)
            .map(|(key, known)| (key.clone(), known.clone()))?;
        if known.meta().uid.as_deref() != Some(uid) {
            return None;
        }
        let what = OwnWrite::Deleted {
            uid: uid.to_owned(),
            at: now,
        };
        self.own.insert(key.clone(), Own { what, list: self.lists });
        self.remove(&key);
        Some(key)
    }

    /// `None`: older than what we know from our own write, ignore. `Some(true)`: exactly our own write, told before.
    fn confirm(&mut self, key: &Arc<Key>, meta: &ObjectMeta, now: Instant) -> Option<bool> {
        let exact = match self.own.get(key).map(|own| &own.what) {
            None => return Some(false),
            Some(OwnWrite::Written { version: own }) => match (version(meta), own) {
                (Some(seen), Some(own)) if seen < *own => return None,
                (seen, own) => seen == *own,
            },
            Some(OwnWrite::Deleted { uid, at }) => {
                let same = meta.uid.as_ref() == Some(uid) && meta.deletion_timestamp.is_none();
                if same && now.saturating_duration_since(*at) < TRUST_OWN_DELETE {
                    return None;
                }
                false
            }
        };
        self.own.remove(key);
        Some(exact)
    }

    fn put(&mut self, key: &Arc<Key>, obj: K) {
        let obj = Arc::new(obj);
        for index in &mut self.indexes {
            index.change(key, self.objects.get(key).map(Arc::as_ref), Some(&obj));
        }
        self.objects.insert(key.clone(), obj);
    }

    fn remove(&mut self, key: &Arc<Key>) {
        let old = self.objects.remove(key);
        for index in &mut self.indexes {
            index.change(key, old.as_deref(), None);
        }
    }

    /// The key of that object, the stored one if there is one: each key is held once.
    fn shared_key(&self, meta: &ObjectMeta) -> Arc<Key> {
        let key = Key {
            namespace: meta.namespace.clone(),
            name: meta.name.clone().unwrap_or_default(),
        };
        self.objects
            .get_key_value(&key)
            .map_or_else(|| Arc::new(key), |(known, _)| known.clone())
    }
}

fn version(meta: &ObjectMeta) -> Option<u64> {
    meta.resource_version.as_ref()?.parse().ok()
}

/// True where `known` is the same version as `other` or a newer one.
fn is_as_new(known: &ObjectMeta, other: &ObjectMeta) -> bool {
    match (version(known), version(other)) {
        (Some(known), Some(other)) => known >= other,
        _ => known.resource_version == other.resource_version && known.uid == other.uid,
    }
}

#[cfg(test)]
mod tests;
