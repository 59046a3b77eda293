//! What to watch and what to keep of it.

use std::fmt::Debug;

use kube::runtime::watcher;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use super::guard::Guarded;
use super::index::IndexFn;
use super::task;
use super::watched::{Trim, Watched};
use crate::runtime::Runtime;

/// Objects per page of a list.
const PAGE_SIZE: u32 = 500;
/// Seconds until a watch is renewed. A silent connection is noticed 5 s after that.
const WATCH_SECONDS: u32 = 60;

/// Where to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole cluster.
    All,
    /// One namespace.
    Namespace(String),
}

impl Scope {
    /// The whole cluster for `None` or an empty name, otherwise that namespace.
    pub fn of(namespace: Option<&str>) -> Self {
        namespace
            .filter(|namespace| !namespace.is_empty())
            .map_or(Self::All, |ns| Self::Namespace(ns.to_owned()))
    }
}

/// Describes one watch. Lists are consistent reads in pages of 500: reads from the server's cache (`resourceVersion=0`)
/// ignore the page size, so that the whole kind would be in memory twice.
pub struct WatchBuilder<K> {
    client: Client,
    scope: Scope,
    config: watcher::Config,
    trim: Trim<K>,
    optional: bool,
    indexes: Vec<(&'static str, IndexFn<K>)>,
}

impl<K> WatchBuilder<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    pub(super) fn new(client: Client, scope: Scope) -> Self {
        let config = watcher::Config::default().page_size(PAGE_SIZE).timeout(WATCH_SECONDS);
        let trim = Trim {
            managed_fields: true,
            custom: None,
        };
        Self {
            client,
            scope,
            config,
            trim,
            optional: false,
            indexes: Vec::new(),
        }
    }

    /// Drops more from each object before it is stored; `managedFields` and kubectl's last-applied are gone already.
    #[must_use]
    pub fn trim(mut self, trim: fn(&mut K)) -> Self {
        self.trim.custom = Some(trim);
        self
    }

    /// Keeps `managedFields`, for kinds where ownership of fields is asked for.
    #[must_use]
    pub fn keep_managed_fields(mut self) -> Self {
        self.trim.managed_fields = false;
        self
    }

    /// Only objects that this label selector matches.
    #[must_use]
    pub fn labels(mut self, selector: &str) -> Self {
        self.config = self.config.labels(selector);
        self
    }

    /// Only objects that this field selector matches.
    #[must_use]
    pub fn fields(mut self, selector: &str) -> Self {
        self.config = self.config.fields(selector);
        self
    }

    /// The API may be absent: it is probed again every 5 s, `/readyz` says so, and readiness does not wait for it.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// A secondary index, kept in step with the store: subscribers are told after it is updated.
    #[must_use]
    pub fn index(mut self, name: &'static str, values: impl Fn(&K) -> Vec<String> + Send + Sync + 'static) -> Self {
        self.indexes.push((name, Box::new(values)));
        self
    }

    /// Seconds until the watch is renewed (default 60); a silent connection is noticed 5 s after that.
    #[must_use]
    pub fn renew_after(mut self, seconds: u32) -> Self {
        self.config = self.config.timeout(seconds);
        self
    }

    /// Starts the watch task; it ends with the runtime's shutdown. Adds a readiness gate named after the kind.
    pub fn start(self, rt: &Runtime) -> Watched<K> {
        let watched = Watched::new(self.indexes, self.trim);
        let api: Api<Guarded<K>> = match &self.scope {
            Scope::All => Api::all_with(self.client, &()),
            Scope::Namespace(namespace) => Api::namespaced_with(self.client, namespace, &()),
        };
        let kind = kind_name::<K>();
        let task = task::WatchTask {
            shared: watched.shared().clone(),
            gate: rt.readiness.gate(&kind),
            kind,
            optional: self.optional,
            failures: 0,
        };
        let shutdown = rt.shutdown.requested();
        tokio::spawn(async move {
            tokio::select! {
                () = shutdown => {}
                () = task.run(api, self.config) => {}
            }
        });
        watched
    }

    /// A store without a watch, for tests of what reads stores: it holds what [`Watched::written`] tells it.
    #[cfg(any(test, feature = "testing"))]
    pub fn detached(self) -> Watched<K> {
        let watched = Watched::new(self.indexes, self.trim);
        watched.shared().set_synced();
        watched
    }
}

impl<K> Debug for WatchBuilder<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchBuilder")
            .field("scope", &self.scope)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Plural with the group, as the CRD is named: `secrets`, `certificates.cert-manager.io`.
fn kind_name<K: Resource<DynamicType = ()>>() -> String {
    match (K::plural(&()), K::group(&())) {
        (plural, group) if group.is_empty() => plural.into_owned(),
        (plural, group) => format!("{plural}.{group}"),
    }
}
