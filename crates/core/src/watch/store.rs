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

use super::key::Key;

/// How long a delete of our own hides an object that the server still shows.
const TRUST_OWN_DELETE: Duration = Duration::from_secs(10);

/// Computes the index values of an object.
pub(super) type IndexFn<K> = Box<dyn Fn(&K) -> Vec<String> + Send + Sync>;

struct Index<K> {
    name: &'static str,
    values: IndexFn<K>,
    // Sorted; a vector, because most values have one key and some have ten thousand.
    keys: AHashMap<String, Vec<Arc<Key>>>,
}

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
        gone.iter().for_each(|key| self.remove(key));
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
        self.put(&key, Arc::new(obj));
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
        self.put(&key, Arc::new(obj));
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

    fn put(&mut self, key: &Arc<Key>, obj: Arc<K>) {
        let old = self.objects.insert(key.clone(), obj.clone());
        for index in &mut self.indexes {
            index.change(key, old.as_deref(), Some(&obj));
        }
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

impl<K> Index<K> {
    fn change(&mut self, key: &Arc<Key>, old: Option<&K>, new: Option<&K>) {
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
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;

    fn object(name: &str, version: u64, team: &str) -> ConfigMap {
        let labels = (!team.is_empty()).then(|| [("team".to_owned(), team.to_owned())].into());
        let metadata = ObjectMeta {
            name: Some(name.into()),
            namespace: Some("ns".into()),
            uid: Some(format!("uid-{name}")),
            resource_version: Some(version.to_string()),
            labels,
            ..ObjectMeta::default()
        };
        ConfigMap {
            metadata,
            ..ConfigMap::default()
        }
    }

    fn reborn(name: &str, version: u64) -> ConfigMap {
        let mut obj = object(name, version, "");
        obj.metadata.uid = Some("uid-reborn".into());
        obj
    }

    fn store() -> Store<ConfigMap> {
        let team: IndexFn<ConfigMap> = Box::new(|obj| {
            obj.metadata
                .labels
                .iter()
                .flatten()
                .map(|(_, team)| team.clone())
                .collect()
        });
        Store::new(vec![("team", team)])
    }

    fn list(store: &mut Store<ConfigMap>, objects: Vec<ConfigMap>) -> Vec<String> {
        store.list_begins();
        let mut told: Vec<_> = objects
            .into_iter()
            .filter_map(|obj| store.observed(obj, Instant::now()))
            .collect();
        told.extend(store.list_done());
        let mut told: Vec<_> = told.iter().map(|key| key.name.clone()).collect();
        told.sort();
        told
    }

    fn version_of(store: &Store<ConfigMap>, name: &str) -> Option<u64> {
        store
            .get(&Key::namespaced("ns", name))
            .and_then(|obj| version(&obj.metadata))
    }

    fn team(store: &Store<ConfigMap>, team: &str) -> Vec<String> {
        store
            .by_index("team", team)
            .iter()
            .filter_map(|obj| obj.metadata.name.clone())
            .collect()
    }

    #[test]
    fn tells_what_vanished_changed_or_is_new_when_listed_again() {
        let mut store = store();
        assert_eq!(
            list(
                &mut store,
                vec![object("a", 1, "x"), object("b", 2, ""), object("c", 3, "x")]
            ),
            ["a", "b", "c"]
        );
        assert_eq!(
            list(
                &mut store,
                vec![object("a", 1, "x"), object("c", 9, "y"), object("d", 8, "x")]
            ),
            ["b", "c", "d"]
        );
        assert_eq!(
            (team(&store, "x"), team(&store, "y")),
            (vec!["a".into(), "d".into()], vec!["c".into()])
        );
        assert_eq!(version_of(&store, "b"), None);
    }

    #[test]
    fn keeps_the_last_readable_version_when_the_list_names_an_unreadable_one() {
        let mut store = store();
        list(&mut store, vec![object("a", 1, "")]);
        store.list_begins();
        store.unreadable(&object("a", 2, "").metadata);
        assert_eq!(store.list_done(), []);
        assert_eq!(version_of(&store, "a"), Some(1));
    }

    #[test]
    fn indexes_follow_when_objects_change_and_go() {
        let mut store = store();
        list(&mut store, vec![object("a", 1, "x"), object("b", 2, "x")]);
        store.observed(object("a", 3, "y"), Instant::now());
        assert_eq!(
            (team(&store, "x"), team(&store, "y")),
            (vec!["b".into()], vec!["a".into()])
        );
        store.vanished(&object("b", 4, "").metadata);
        assert_eq!(team(&store, "x"), Vec::<String>::new());
    }

    #[test]
    fn own_write_holds_until_the_watch_has_caught_up_and_is_told_once() {
        let (mut store, now) = (store(), Instant::now());
        list(&mut store, vec![object("a", 1, "")]);
        assert!(store.written(object("a", 5, "x")).is_some());
        assert_eq!(team(&store, "x"), ["a"]);
        assert!(
            store.observed(object("a", 3, ""), now).is_none(),
            "older than our write"
        );
        assert_eq!(version_of(&store, "a"), Some(5));
        assert!(
            store.observed(object("a", 5, "x"), now).is_none(),
            "our write, told already"
        );
        assert!(store.observed(object("a", 6, ""), now).is_some());
        assert!(store.written(object("a", 5, "x")).is_none(), "the watch was faster");
        assert_eq!(version_of(&store, "a"), Some(6));
    }

    #[test]
    fn own_create_survives_a_list_that_began_before_it_but_not_a_later_one() {
        let mut store = store();
        store.list_begins();
        store.written(object("a", 5, ""));
        assert_eq!(store.list_done(), []);
        assert_eq!(version_of(&store, "a"), Some(5));
        assert_eq!(list(&mut store, vec![]), ["a"]);
    }

    #[test]
    fn own_delete_hides_the_object_until_the_watch_knows() {
        let (mut store, now) = (store(), Instant::now());
        let key = Key::namespaced("ns", "a");
        list(&mut store, vec![object("a", 1, "")]);
        assert!(
            store.deleted(&key, "other", now).is_none(),
            "another object of that name"
        );
        assert!(store.deleted(&key, "uid-a", now).is_some());
        assert!(
            store.observed(object("a", 2, ""), now).is_none(),
            "a change from before our delete"
        );
        assert_eq!(version_of(&store, "a"), None);
        assert!(store.vanished(&object("a", 3, "").metadata).is_none(), "told already");
        assert!(store.observed(reborn("a", 4), now).is_some());
    }

    #[test]
    fn own_delete_is_given_up_when_it_did_not_happen() {
        let (mut store, now) = (store(), Instant::now());
        let key = Key::namespaced("ns", "a");
        let gone = |store: &mut Store<ConfigMap>| {
            list(store, vec![object("a", 1, "")]);
            store.deleted(&key, "uid-a", now).unwrap();
        };
        gone(&mut store);
        assert!(
            store.observed(object("a", 2, ""), now + TRUST_OWN_DELETE).is_some(),
            "long ago"
        );
        gone(&mut store);
        assert_eq!(
            list(&mut store, vec![object("a", 2, "")]),
            ["a"],
            "a later list still has it"
        );
        gone(&mut store);
        let mut finalizing = object("a", 3, "");
        finalizing.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
            jiff::Timestamp::UNIX_EPOCH,
        ));
        assert!(store.observed(finalizing, now).is_some(), "waits for a finalizer");
    }

    #[test]
    fn late_delete_of_an_older_object_does_not_hit_the_one_we_created_since() {
        let mut store = store();
        list(&mut store, vec![object("a", 1, "")]);
        store.written(reborn("a", 7));
        assert!(store.vanished(&object("a", 5, "").metadata).is_none());
        assert_eq!(version_of(&store, "a"), Some(7));
        assert!(store.vanished(&reborn("a", 8).metadata).is_some());
    }
}
