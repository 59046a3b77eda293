//! Clients and runtimes around a test's API server.

use std::path::Path;

use kube::Client;

use super::faults::{FaultLayer, FaultPlan};
use super::{TestError, TestResult};
use crate::client::{self, ClientOptions};
use crate::clock::Clock;
use crate::events::{Events, Reporter};
use crate::metrics::Collectors;
use crate::metrics::names::CORE;
use crate::readiness::Readiness;
use crate::runtime::Runtime;
use crate::shutdown::Shutdown;

/// A client as operators have it, with the faults of `plan` in front. It belongs to the tokio runtime it is made in.
pub async fn client(kubeconfig: &Path, plan: &FaultPlan) -> TestResult<Client> {
    let opts = ClientOptions {
        kubeconfig: Some(kubeconfig.to_owned()),
        user_agent: "evercert-test".into(),
    };
    let config = client::config(&opts).await?;
    let builder = client::builder(config).map_err(TestError::from)?;
    Ok(builder.with_layer(&FaultLayer::new(plan)).build())
}

/// A runtime around such a client.
pub async fn runtime(kubeconfig: &Path, plan: &FaultPlan) -> TestResult<Runtime> {
    let reporter = Reporter {
        controller: "evercert-test".into(),
        instance: "test".into(),
    };
    Ok(Runtime::new(client(kubeconfig, plan).await?, reporter))
}

/// A runtime without an API server, for tests of what only needs a clock, a shutdown or readiness: every call fails,
/// events go nowhere.
pub fn offline() -> Runtime {
    let refuse = tower::service_fn(|_: http::Request<kube::client::Body>| async {
        Err::<http::Response<kube::client::Body>, _>(TestError::from("offline"))
    });
    Runtime {
        client: Client::new(refuse, "default"),
        shutdown: Shutdown::manual(),
        readiness: Readiness::default(),
        events: Events::discarded(),
        clock: Clock::system(),
        collectors: Collectors::default(),
        names: &CORE,
    }
}
