//! The handle that operators hold: read the store, subscribe to it, tell it of own writes.

use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::builder::{Scope, WatchBuilder};
use super::fanout::{Fanout, Subscription};
use super::index::IndexFn;
use super::key::Key;
use super::store::Store;

/// `kubectl apply` keeps a whole copy of the object here.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// All objects of one kind that a process watches. Cheap to clone; clones share the store.
pub struct Watched<K> {
    shared: Arc<Shared<K>>,
}

pub(super) struct Shared<K> {
    store: RwLock<Store<K>>,
    fanout: Fanout,
    trim: Trim<K>,
    synced: watch::Sender<bool>,
}

/// What is dropped from each object before it is stored.
pub(super) struct Trim<K> {
    pub managed_fields: bool,
    pub custom: Option<fn(&mut K)>,
}

impl<K> Watched<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    /// Describes a watch; [`WatchBuilder::start`] begins it.
    pub fn builder(client: Client, scope: Scope) -> WatchBuilder<K> {
        WatchBuilder::new(client, scope)
    }

    /// The newest version that the watch or one of our own writes has shown.
    pub fn get(&self, namespace: Option<&str>, name: &str) -> Option<Arc<K>> {
        self.get_key(&Key::new(namespace, name))
    }

    /// As [`Watched::get`].
    pub fn get_key(&self, key: &Key) -> Option<Arc<K>> {
        self.shared.read().get(key)
    }

    /// Objects with that value in that index, ordered by namespace and name. An unknown index is empty.
    pub fn by_index(&self, index: &'static str, value: &str) -> Vec<Arc<K>> {
        self.shared.read().by_index(index, value)
    }

    /// All objects, in no order.
    pub fn list(&self) -> Vec<Arc<K>> {
        self.shared.read().objects().cloned().collect()
    }

    /// How many objects there are.
    pub fn count(&self) -> usize {
        self.shared.read().objects().len()
    }

    /// Read-your-writes: tells the store the result of a write of our own. It is kept until the watch has passed its
    /// `resourceVersion`; subscribers are told now, not again when the watch confirms it.
    pub fn written(&self, mut obj: K) {
        self.shared.trim.apply(&mut obj);
        let mut store = self.shared.write();
        let told = store.written(obj);
        self.shared.fanout.tell(told.as_slice());
    }

    /// The same for a delete of our own; `uid` is that of the deleted object.
    pub fn deleted(&self, namespace: Option<&str>, name: &str, uid: &str) {
        let mut store = self.shared.write();
        let told = store.deleted(&Key::new(namespace, name), uid, Instant::now());
        self.shared.fanout.tell(told.as_slice());
    }

    /// Every present object once, then each change and delete. A slow subscriber sees the newest state once, never less.
    pub fn subscribe(&self) -> Subscription {
        // The read lock keeps changes out between the enumeration and the registration.
        let store = self.shared.read();
        self.shared.fanout.subscribe(store.keys())
    }

    /// Resolves when the first list is in (or the optional API is known to be absent).
    pub async fn synced(&self) {
        // The sender lives in `shared`, so an error cannot happen.
        let _ = self.shared.synced.subscribe().wait_for(|synced| *synced).await;
    }

    /// True once [`Watched::synced`] resolves.
    pub fn is_synced(&self) -> bool {
        *self.shared.synced.borrow()
    }

    pub(super) fn new(indexes: Vec<(&'static str, IndexFn<K>)>, trim: Trim<K>) -> Self {
        let store = RwLock::new(Store::new(indexes));
        Self {
            shared: Arc::new(Shared {
                store,
                fanout: Fanout::default(),
                trim,
                synced: watch::Sender::new(false),
            }),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<K>> {
        &self.shared
    }
}

impl<K: Resource> Shared<K> {
    /// Changes the store and tells subscribers, in this order and under one lock.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Store<K>) -> T)
    where
        T: IntoIterator<Item = Arc<Key>>,
    {
        let mut store = self.write();
        let told: Vec<_> = change(&mut store).into_iter().collect();
        self.fanout.tell(&told);
    }

    pub(super) fn trimmed(&self, mut obj: K) -> K {
        self.trim.apply(&mut obj);
        obj
    }

    pub(super) fn set_synced(&self) {
        self.synced.send_replace(true);
    }

    fn read(&self) -> RwLockReadGuard<'_, Store<K>> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Store<K>> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Resource> Trim<K> {
    fn apply(&self, obj: &mut K) {
        if self.managed_fields {
            obj.meta_mut().managed_fields = None;
        }
        let annotations = &mut obj.meta_mut().annotations;
        if annotations
            .as_mut()
            .is_some_and(|all| all.remove(LAST_APPLIED).is_some() && all.is_empty())
        {
            *annotations = None;
        }
        if let Some(custom) = self.custom {
            custom(obj);
        }
    }
}

impl<K> Clone for Watched<K> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<K: Resource<DynamicType = ()>> Debug for Watched<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched")
            .field("kind", &K::kind(&()))
            .finish_non_exhaustive()
    }
}
