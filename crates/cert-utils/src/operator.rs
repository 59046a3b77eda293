//! Flags of the operator, and what runs in it.

use clap::Parser;
use evercert_core::flags::CommonArgs;
use evercert_core::metrics::names;
use evercert_core::operator::{self, LeaseTimes, OperatorError, OperatorInfo};
use evercert_core::runtime::Runtime;
use evercert_core::watch::Scope;

use crate::{keystores, routes, secrets};

/// What is particular to this operator.
pub const INFO: OperatorInfo = OperatorInfo {
    name: "evercert-cert-utils",
    reporter: "cert-utils",
    // Upstream's lock was a ConfigMap, which nobody can share any more; so the name is our own.
    lease: "evercert-cert-utils",
    lease_times: LeaseTimes::DEFAULT,
    leader_elect: true,
    metrics_address: ":8080",
    healthz_address: ":8081",
    live_paths: &[],
    names: &names::CORE,
};

/// Puts certificates where they are used: Java keystores and OpenShift Routes.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// Flags that all operators have.
    #[command(flatten)]
    pub common: CommonArgs,

    /// Only this namespace; all of them without it.
    #[arg(long, env = "EVERCERT_NAMESPACE", value_name = "NAMESPACE")]
    pub namespace: Option<String>,
}

/// Runs the operator until it is asked to stop.
pub async fn run(args: Args) -> Result<(), OperatorError> {
    operator::run(INFO, args.common, async |rt: Runtime| {
        let controllers = start(&rt, &Scope::of(args.namespace.as_deref()));
        Ok::<_, std::convert::Infallible>(controllers)
    })
    .await
}

/// Starts the watches; the future that is returned runs the controllers until shutdown.
pub fn start(rt: &Runtime, scope: &Scope) -> impl Future<Output = ()> + Send + use<> {
    let (secrets, routes) = (secrets::watch(rt, scope), routes::watch(rt, scope));
    let rt = rt.clone();
    async move {
        tokio::join!(
            keystores::run(&rt, secrets.clone()),
            routes::run(&rt, routes, secrets.clone())
        );
    }
}
