//! What every part of an operator needs, built once in main, and by tests around a test client.

use kube::Client;

use crate::clock::Clock;
use crate::events::{Events, Reporter};
use crate::metrics::Collectors;
use crate::metrics::names::{CORE, ControllerNames};
use crate::readiness::Readiness;
use crate::shutdown::Shutdown;

/// Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Runtime {
    /// For reads past the stores; writes go through [`crate::apply::Writer`].
    pub client: Client,
    /// The one request to stop.
    pub shutdown: Shutdown,
    /// Gates of `/readyz`.
    pub readiness: Readiness,
    /// Where events go.
    pub events: Events,
    /// The one clock.
    pub clock: Clock,
    /// State metrics, rendered when asked for.
    pub collectors: Collectors,
    /// Names under which controllers count their runs.
    pub names: &'static ControllerNames,
}

impl Runtime {
    /// A runtime around that client: system clock, no signals, and a task that writes events as `reporter`.
    /// Change fields with struct update syntax.
    pub fn new(client: Client, reporter: Reporter) -> Self {
        let shutdown = Shutdown::manual();
        Self {
            events: Events::start(client.clone(), reporter),
            client,
            shutdown,
            readiness: Readiness::default(),
            clock: Clock::system(),
            collectors: Collectors::default(),
            names: &CORE,
        }
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("readiness", &self.readiness)
            .finish_non_exhaustive()
    }
}
