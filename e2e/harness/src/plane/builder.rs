//! Options of a plane.

use super::{Plane, start};
use crate::error::Result;

/// What a plane is made of. `Plane::builder().audit(true).start().await`
#[derive(Debug, Clone)]
pub struct PlaneBuilder {
    pub(super) audit: bool,
    pub(super) controller_manager: bool,
    pub(super) scheduler: bool,
    pub(super) api_args: Vec<String>,
}

impl Default for PlaneBuilder {
    fn default() -> Self {
        Self {
            audit: false,
            controller_manager: true,
            scheduler: false,
            api_args: Vec::new(),
        }
    }
}

impl PlaneBuilder {
    /// Writes an audit log at Metadata level.
    #[must_use]
    pub fn audit(mut self, on: bool) -> Self {
        self.audit = on;
        self
    }

    /// Runs the controller manager (default): default ServiceAccounts, ReplicaSets, garbage collection, namespace deletion.
    #[must_use]
    pub fn controller_manager(mut self, on: bool) -> Self {
        self.controller_manager = on;
        self
    }

    /// Runs the scheduler (not by default): only of use with simulated nodes.
    #[must_use]
    pub fn scheduler(mut self, on: bool) -> Self {
        self.scheduler = on;
        self
    }

    /// One more flag for the API server.
    #[must_use]
    pub fn api_arg(mut self, flag: &str) -> Self {
        self.api_args.push(flag.to_owned());
        self
    }

    /// Starts it and waits until the API server is ready. Dropping the plane stops it.
    pub async fn start(self) -> Result<Plane> {
        start::start(&self).await
    }
}
