//! A real API server for integration tests: etcd, kube-apiserver and (by default) the controller manager on free
//! loopback ports. Needs no privileges; no pod ever runs.
//!
//! One a test binary ([`Plane::shared`]), a namespace a test ([`Plane::namespace`]). Nothing is left behind: the
//! components have a parent-death signal, the directory is removed by a small watcher when this process has ended.

mod builder;
mod start;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use nix::sys::signal::Signal;
use tokio::sync::{Mutex, OnceCell};

pub use builder::PlaneBuilder;

use crate::audit::AuditLog;
use crate::control_plane::ControlPlane;
use crate::error::{During, Error, Result};
use crate::process::Process;
use crate::{objects, users};

/// Name of the API server among the components.
pub const API_SERVER: &str = "kube-apiserver";

/// A running control plane.
#[derive(Debug)]
pub struct Plane {
    control: ControlPlane,
    processes: Mutex<Vec<Process>>,
    /// Removes the directory once this process is gone; holding it is what keeps the directory.
    _watcher: std::process::Child,
}

static SHARED: OnceCell<Plane> = OnceCell::const_new();
static NAMESPACES: AtomicU32 = AtomicU32::new(0);

impl Plane {
    /// The plane of this test binary, started at the first call (4 to 7 s).
    ///
    /// # Panics
    /// Where it cannot be started: a test can do nothing about it.
    #[expect(clippy::panic, reason = "called by tests, which have no use for the error")]
    pub async fn shared() -> &'static Self {
        match SHARED.get_or_try_init(|| Self::builder().start()).await {
            Ok(plane) => plane,
            Err(error) => panic!("the test API server did not start: {}", crate::chain(&error)),
        }
    }

    /// A plane of one's own, for tests that stop it or need options.
    pub fn builder() -> PlaneBuilder {
        PlaneBuilder::default()
    }

    /// Cluster administrator. A client belongs to the runtime it was made in: make one a test.
    pub async fn client(&self) -> Result<Client> {
        users::client(&self.kubeconfig()).await
    }

    /// Kubeconfig of the cluster administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.control.kubeconfig("admin")
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        self.control.url()
    }

    /// Directory of this run: logs, kubeconfigs, certificates.
    pub fn dir(&self) -> &Path {
        &self.control.dir
    }

    /// Makes a namespace of a name that nobody else has, and returns the name.
    pub async fn namespace(&self, prefix: &str) -> Result<String> {
        let number = NAMESPACES.fetch_add(1, Ordering::Relaxed);
        let name = format!("{prefix}-{}-{number}", std::process::id());
        let namespaces: Api<Namespace> = Api::all(self.client().await?);
        let object = Namespace {
            metadata: ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() },
            ..Namespace::default()
        };
        let created = namespaces.create(&PostParams::default(), &object).await;
        created.during(format_args!("create namespace {name}"))?;
        Ok(name)
    }

    /// Acts as a ServiceAccount (made if missing) with a token of its own: what RBAC does not grant is refused.
    pub async fn client_for(&self, namespace: &str, service_account: &str) -> Result<Client> {
        let kubeconfig = self.kubeconfig_for(namespace, service_account).await?;
        users::client(&kubeconfig).await
    }

    /// Kubeconfig of a ServiceAccount (made if missing), by TokenRequest.
    pub async fn kubeconfig_for(&self, namespace: &str, service_account: &str) -> Result<PathBuf> {
        let admin = self.client().await?;
        users::kubeconfig_for(&admin, &self.control, namespace, service_account).await
    }

    /// Applies every object of a YAML text (several documents); CRDs are waited for until they are served.
    pub async fn apply(&self, yaml: &str) -> Result<()> {
        objects::apply(&self.client().await?, yaml).await
    }

    /// Applies CRDs given as objects or as JSON and waits until they are served.
    pub async fn apply_crds<T: serde::Serialize>(&self, crds: impl IntoIterator<Item = T>) -> Result<()> {
        let client = self.client().await?;
        for crd in crds {
            let value = serde_json::to_value(crd).map_err(|error| Error::Invalid(format!("CRD: {error}")))?;
            objects::apply_one(&client, value).await?;
        }
        Ok(())
    }

    /// The audit log; only with [`PlaneBuilder::audit`].
    pub fn audit(&self) -> Result<AuditLog> {
        if !self.control.audit {
            return Err(Error::Invalid("this plane has no audit log: Plane::builder().audit(true)".into()));
        }
        Ok(AuditLog::new(self.control.audit_log()))
    }

    /// Kills a component, as a crash would.
    pub async fn kill(&self, component: &str) -> Result<()> {
        self.with(component, Process::kill).await
    }

    /// Freezes (SIGSTOP) a component: connections stay open and nobody answers.
    pub async fn freeze(&self, component: &str) -> Result<()> {
        self.with(component, |process| process.signal(Signal::SIGSTOP)).await?
    }

    /// Ends a freeze.
    pub async fn thaw(&self, component: &str) -> Result<()> {
        self.with(component, |process| process.signal(Signal::SIGCONT)).await?
    }

    /// Starts a killed component again, on its old port and data; waits until the API server is ready.
    pub async fn start(&self, component: &str) -> Result<()> {
        let mut processes = self.processes.lock().await;
        let process = find(&mut processes, component)?;
        process.kill();
        *process = Process::start(process.spec.clone())?;
        start::api_ready(&self.control, &mut processes).await
    }

    /// Process number of a component, for measuring.
    pub async fn pid(&self, component: &str) -> Result<u32> {
        self.with(component, |process| process.pid()).await
    }

    async fn with<T>(&self, component: &str, act: impl FnOnce(&mut Process) -> T) -> Result<T> {
        let mut processes = self.processes.lock().await;
        Ok(act(find(&mut processes, component)?))
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        for process in self.processes.get_mut() {
            process.kill();
        }
    }
}

fn find<'a>(processes: &'a mut [Process], component: &str) -> Result<&'a mut Process> {
    let found = processes.iter_mut().find(|process| process.spec.name == component);
    found.ok_or_else(|| Error::Invalid(format!("this plane has no component {component}")))
}

/// How long a component may take to come up; generous, because the machine may be busy compiling.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(120);
