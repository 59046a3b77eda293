//! Which controllers run, with what back-off and how many at once.

use std::sync::Arc;
use std::time::Duration;

use evercert_core::backoff::Backoff;
use evercert_core::controller::{ControllerConfig, Next, run};
use evercert_core::metrics::names;
use evercert_core::operator::{LeaseTimes, OperatorInfo};
use evercert_core::runtime::Runtime;
use evercert_core::watch::Key;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::context::Context;
use crate::error::Error;
use crate::flags::Settings;
use crate::names::LEASE;
use crate::{acme, certificates, issuers, metrics, requests, triggers};

/// What core needs to know of this operator.
pub const INFO: OperatorInfo = OperatorInfo {
    name: "evercert-issuer",
    reporter: "cert-manager",
    lease: LEASE,
    lease_times: LeaseTimes::CERT_MANAGER,
    leader_elect: true,
    metrics_address: "0.0.0.0:9402",
    healthz_address: "0.0.0.0:9403",
    live_paths: &[],
    names: &names::CERT_MANAGER,
};

/// How soon to look again after somebody else wrote first.
const SOON: Duration = Duration::from_millis(250);

/// Starts the watches; the future runs the controllers until shutdown.
pub fn start(rt: Runtime, settings: Settings) -> impl Future<Output = ()> + Send + 'static {
    let (ctx, poked) = Context::start(rt, settings);
    metrics::register(&ctx);
    work(ctx, poked)
}

async fn work(ctx: Arc<Context>, poked: UnboundedReceiver<Key>) {
    tokio::select! {
        () = ctx.synced() => {}
        () = ctx.rt.shutdown.requested() => return,
    }
    tokio::join!(
        controller(
            &ctx,
            "certificates",
            Backoff::CERTIFICATES,
            triggers::certificates(&ctx, poked),
            certificates
        ),
        controller(
            &ctx,
            "certificaterequests",
            Backoff::DEFAULT,
            triggers::requests(&ctx),
            requests
        ),
        controller(&ctx, "issuers", Backoff::DEFAULT, triggers::issuers(&ctx), issuers),
        controller(
            &ctx,
            "clusterissuers",
            Backoff::DEFAULT,
            triggers::cluster_issuers(&ctx),
            cluster_issuers
        ),
        acme::run(ctx.clone()),
    );
}

async fn controller<F, Fut>(
    ctx: &Arc<Context>,
    name: &'static str,
    backoff: Backoff,
    triggers: Vec<futures::stream::BoxStream<'static, Key>>,
    pass: F,
) where
    F: Fn(Arc<Context>, Key) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Next, Error>> + Send + 'static,
{
    let config = ControllerConfig {
        name,
        concurrency: ctx.settings.concurrent_workers,
        backoff,
    };
    let shared = ctx.clone();
    let reconcile = move |key| {
        let pass = pass(shared.clone(), key);
        async move {
            match pass.await {
                Err(error) if error.is_conflict() => Ok(Next::After(SOON)),
                other => other,
            }
        }
    };
    run(&ctx.rt, config, triggers, reconcile).await;
}

async fn certificates(ctx: Arc<Context>, key: Key) -> Result<Next, Error> {
    certificates::reconcile::reconcile(&ctx, &key).await
}

async fn requests(ctx: Arc<Context>, key: Key) -> Result<Next, Error> {
    requests::act::reconcile(&ctx, &key).await
}

async fn issuers(ctx: Arc<Context>, key: Key) -> Result<Next, Error> {
    if !ctx.settings.runs("issuers") {
        return Ok(Next::Done);
    }
    issuers::act::reconcile_issuer(&ctx, &key).await
}

async fn cluster_issuers(ctx: Arc<Context>, key: Key) -> Result<Next, Error> {
    if !ctx.settings.runs("clusterissuers") {
        return Ok(Next::Done);
    }
    issuers::act::reconcile_cluster_issuer(&ctx, &key).await
}
