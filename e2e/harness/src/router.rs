//! The router: HAProxy configured from Routes, as OpenShift's router is.
//!
//! One address, ports 80 and 443. Passthrough Routes are chosen by SNI and not decrypted; edge and re-encrypt Routes end
//! TLS here with the certificate of `spec.tls`; re-encrypt verifies the backend against `destinationCACertificate`
//! without looking at the host name. `status.ingress` says `Admitted`, or why not.
//!
//! gather ([`follow`]) → decide ([`plan`], [`validate`], [`slots`], [`haproxy`]) → act ([`reload`], [`status`]).
//! Pods that come and go are changed in the running HAProxy; everything else is a reload that keeps connections.
//!
//! Not there: weights (every Service with a weight above 0 gets an equal share per pod), `externalCertificate`,
//! `httpHeaders`, wildcard hosts.

mod follow;
mod haproxy;
mod plan;
mod reload;
mod slots;
mod status;
mod validate;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::error::{During, Error, Result};
use crate::objects;
use crate::probe::{self, Awaited};
use crate::reexec::{self, Role};
use crate::sandbox::network::ROUTER_IP;

/// Name of the component, of its log, and in `status.ingress`.
pub const NAME: &str = "router";
/// Our own CRD of Route: documented fields, validation as CEL, unknown fields kept.
pub const ROUTE_CRD: &str = include_str!("../crd/route.yaml");
const LIMIT: Duration = Duration::from_secs(20);

/// Runs until it is killed; the helper of that name.
pub fn main(dir: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.during("start a runtime")?.block_on(follow::run(dir))
}

/// Installs the CRD and starts the router in the cluster that this process is inside of; waits until it listens.
pub async fn start(cluster: &Cluster) -> Result<()> {
    objects::apply(&cluster.client().await?, ROUTE_CRD).await?;
    let program = reexec::program()?.display().to_string();
    let argv = std::iter::once(program)
        .chain(Role::Router.arguments(cluster.dir()))
        .collect();
    cluster.run_component(NAME, argv, BTreeMap::new()).await?;
    let address: SocketAddr = format!("{ROUTER_IP}:443")
        .parse()
        .map_err(|_| Error::Invalid("router address".into()))?;
    let log = cluster.log(NAME);
    Awaited {
        what: "the router",
        limit: LIMIT,
        log: &log,
    }
    .until(async || Ok(probe::tcp_open(address).await))
    .await
}
