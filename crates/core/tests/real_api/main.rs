//! Core against a real API server: one plane for this binary, a namespace a test.

mod apply;
mod election;
mod events;
mod kill;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use evercert_core::runtime::Runtime;
use evercert_core::testing::faults::FaultPlan;
use evercert_core::testing::{TestResult, plane};
use evercert_harness::Plane;

/// Longest wait for anything that should happen soon; the machine may be busy.
const SOON: Duration = Duration::from_secs(30);

async fn kubeconfig() -> PathBuf {
    Plane::shared().await.kubeconfig()
}

/// A fresh namespace, and a runtime whose client has faults in front.
async fn world(prefix: &str) -> TestResult<(String, Runtime, FaultPlan)> {
    let server = Plane::shared().await;
    let namespace = server.namespace(prefix).await?;
    let plan = FaultPlan::default();
    let rt = plane::runtime(&server.kubeconfig(), &plan).await?;
    Ok((namespace, rt, plan))
}
