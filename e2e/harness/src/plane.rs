//! A real API server for integration tests: etcd, kube-apiserver and (by default) the controller manager on free
//! loopback ports. Needs no privileges; no pod ever runs.
//!
//! One a test binary ([`Plane::shared`]), a namespace a test ([`Plane::namespace`]). Nothing is left behind: the
//! components have a parent-death signal, the directory is removed by a small watcher when this process has ended.

mod builder;
mod start;

use std::ops::Deref;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::sync::{Mutex, OnceCell};

pub use builder::PlaneBuilder;

use crate::api_server::ApiServer;
use crate::error::{Error, Result};
use crate::process::Process;

/// Name of the API server among the components.
pub const API_SERVER: &str = "kube-apiserver";

/// A running control plane.
#[derive(Debug)]
pub struct Plane {
    server: ApiServer,
    processes: Mutex<Vec<Process>>,
    /// Removes the directory once this process is gone; holding it is what keeps the directory.
    _watcher: std::process::Child,
}

static SHARED: OnceCell<Plane> = OnceCell::const_new();

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
        start::api_ready(&self.server.control, &mut processes).await
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

impl Deref for Plane {
    type Target = ApiServer;

    fn deref(&self) -> &ApiServer {
        &self.server
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
pub(crate) const START_LIMIT: Duration = Duration::from_mins(2);
