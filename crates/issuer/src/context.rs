//! What all controllers of the issuer share: stores, settings, memories, one writer, and a pool for computing.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use evercert_api::certmanager::v1::{Certificate, CertificateRequest, ClusterIssuer, Issuer};
use evercert_core::apply::Writer;
use evercert_core::runtime::Runtime;
use evercert_core::watch::{Key, Scope, Watched};
use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMeta;
use tokio::sync::{Semaphore, mpsc};

use crate::acme;
use crate::certificates::observed::IssuerRef;
use crate::error::Error;
use crate::flags::Settings;
use crate::issuers::ca::CaCache;
use crate::issuers::object::IssuerObject;
use crate::memory::Memories;
use crate::names::{GROUP, KIND_CLUSTER_ISSUER, KIND_ISSUER, SECRET_MANAGER};
use crate::stores;

/// Shared by all controllers, always in an `Arc`.
pub struct Context {
    /// Client, events, clock, shutdown.
    pub rt: Runtime,
    /// Flags.
    pub settings: Settings,
    /// Index `secret`: `ns/secretName`.
    pub certificates: Watched<Certificate>,
    /// Indexes `owner` (uid of the owning Certificate), and of those without a result `issuer` and `key`.
    pub requests: Watched<CertificateRequest>,
    /// Index `secret`: `ns/name` of each Secret it names.
    pub issuers: Watched<Issuer>,
    /// The same; `None` where only one namespace is looked at.
    pub cluster_issuers: Option<Watched<ClusterIssuer>>,
    /// Metadata only: name, uid, resourceVersion.
    pub secrets: Watched<PartialObjectMeta<Secret>>,
    /// Writes as `cert-manager-certificates-issuing`.
    pub writer: Writer,
    /// Stores and clients of the ACME part.
    pub acme: acme::State,
    /// What is remembered of each Certificate.
    pub memories: Memories,
    /// Key pairs of CA issuers.
    pub cas: CaCache,
    /// Requests that a Certificate's own pass is answering.
    pub answering: Busy,
    /// Certificates that stand back behind another one.
    pub rivals: Rivals,
    compute: Arc<Semaphore>,
}

impl Context {
    /// Starts the watches. Also returns the stream of Certificates to look at again because a rival changed.
    pub fn start(rt: Runtime, settings: Settings) -> (Arc<Self>, mpsc::UnboundedReceiver<Key>) {
        let scope = Scope::of(Some(&settings.namespace));
        let (poke, poked) = mpsc::unbounded_channel();
        let context = Self {
            certificates: stores::certificates(&rt, scope.clone()),
            requests: stores::requests(&rt, scope.clone()),
            issuers: stores::issuers(&rt, scope.clone()),
            cluster_issuers: stores::cluster_issuers(&rt, &settings),
            secrets: stores::secrets(&rt, scope),
            writer: Writer::new(rt.client.clone(), SECRET_MANAGER),
            acme: acme::State::start(&rt, &settings),
            memories: Memories::default(),
            cas: CaCache::default(),
            answering: Busy::default(),
            rivals: Rivals {
                poke,
                all: Mutex::default(),
            },
            compute: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(2, usize::from),
            )),
            settings,
            rt,
        };
        (Arc::new(context), poked)
    }

    /// Resolves when all stores hold what the API server holds.
    pub async fn synced(&self) {
        self.certificates.synced().await;
        self.requests.synced().await;
        self.issuers.synced().await;
        if let Some(cluster_issuers) = &self.cluster_issuers {
            cluster_issuers.synced().await;
        }
        self.secrets.synced().await;
        self.acme.synced().await;
    }

    /// Reads a Secret from the API server; `None` where it is not there.
    pub async fn secret(&self, ns: &str, name: &str) -> Result<Option<Secret>, evercert_core::apply::WriteError> {
        self.writer.get(Some(ns), name).await
    }

    /// The issuer of our group that a reference from that namespace means.
    pub fn issuer(&self, ns: &str, reference: &IssuerRef) -> Option<IssuerObject> {
        match (reference.group.as_str(), reference.kind.as_str()) {
            (GROUP, KIND_ISSUER) => self
                .issuers
                .get(Some(ns), &reference.name)
                .map(IssuerObject::Namespaced),
            (GROUP, KIND_CLUSTER_ISSUER) => self
                .cluster_issuers
                .as_ref()?
                .get(None, &reference.name)
                .map(IssuerObject::Cluster),
            _ => None,
        }
    }

    /// Runs something that takes CPU time off the async threads, no more at once than there are cores.
    pub async fn compute<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // The semaphore is never closed, so an error cannot happen.
        let _permit = self.compute.acquire().await;
        tokio::task::spawn_blocking(work).await.map_err(Error::Worker)
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Requests that somebody is working at, so that nobody else does.
#[derive(Debug, Default)]
pub struct Busy {
    keys: Mutex<HashSet<Key>>,
}

/// Held while a request is worked at.
#[derive(Debug)]
pub struct BusyGuard<'a> {
    busy: &'a Busy,
    key: Key,
}

impl Busy {
    /// Takes a request; `None` where somebody has it.
    pub fn take(&self, key: &Key) -> Option<BusyGuard<'_>> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(key.clone()).then(|| BusyGuard {
            busy: self,
            key: key.clone(),
        })
    }
}

impl Drop for BusyGuard<'_> {
    fn drop(&mut self) {
        self.busy
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}

/// Who waits for whom among Certificates that name the same Secret.
#[derive(Debug)]
pub struct Rivals {
    poke: mpsc::UnboundedSender<Key>,
    all: Mutex<HashMap<Key, HashSet<Key>>>,
}

impl Rivals {
    /// `waiting` stands back behind `owner`, and is looked at again when `owner` changes.
    pub fn wait(&self, owner: Key, waiting: &Key) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(owner).or_default().insert(waiting.clone());
    }

    /// `owner` changed or is gone.
    pub fn changed(&self, owner: &Key) {
        let waiting = self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(owner);
        for key in waiting.into_iter().flatten() {
            // The receiver lives as long as the controller; afterwards nobody needs to know.
            let _ = self.poke.send(key);
        }
    }
}
