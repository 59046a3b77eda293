//! The loop over Routes, woken by Routes and by the Secrets they name.

use std::sync::Arc;

use evercert_api::route::v1::Route;
use evercert_core::apply::Writer;
use evercert_core::backoff::Backoff;
use evercert_core::contract::annotations::{CERTS_FROM_SECRET, DESTINATION_CA_FROM_SECRET};
use evercert_core::controller::{self, ControllerConfig, Next};
use evercert_core::events::Events;
use evercert_core::runtime::Runtime;
use evercert_core::watch::{Key, Scope, Watched};
use futures::StreamExt;

use super::gather::{self, Version, secret_key};
use super::{act, decide::decide};
use crate::Error;
use crate::contents::Contents;
use crate::names::FIELD_MANAGER;
use crate::remembered::Remembered;
use crate::secrets::SecretMeta;

const CONFIG: ControllerConfig = ControllerConfig {
    name: "routes",
    concurrency: 4,
    backoff: Backoff::CERTIFICATES,
};

/// Index of Routes by the Secrets they name, as `namespace/name`.
const BY_SECRET: &str = "secret";

pub(super) struct Context {
    pub(super) store: Watched<Route>,
    pub(super) secrets: Watched<SecretMeta>,
    pub(super) contents: Contents,
    pub(super) writer: Writer,
    pub(super) events: Events,
    pub(super) looked_at: Remembered<Version>,
}

/// Starts the watch. Clusters without Routes are fine, and so is a CRD that is installed later.
pub fn watch(rt: &Runtime, scope: &Scope) -> Watched<Route> {
    let watch = Watched::builder(rt.client.clone(), scope.clone()).optional();
    watch
        .keep_managed_fields()
        .trim(trim)
        .index(BY_SECRET, secrets_named)
        .start(rt)
}

/// Runs until shutdown.
pub async fn run(rt: &Runtime, routes: Watched<Route>, secrets: Watched<SecretMeta>) {
    // Before the first list is in, every Secret would seem to be missing.
    tokio::select! {
        () = secrets.synced() => {}
        () = rt.shutdown.requested() => return,
    }
    let store = routes.clone();
    let using = move |secret: Key| {
        let routes = store.by_index(BY_SECRET, &secret.to_string());
        futures::stream::iter(routes.into_iter().map(|route| Key::of(&*route)))
    };
    let triggers = vec![routes.subscribe().boxed(), secrets.subscribe().flat_map(using).boxed()];
    let context = Arc::new(Context {
        store: routes,
        secrets,
        contents: Contents::new(rt.client.clone()),
        writer: Writer::new(rt.client.clone(), FIELD_MANAGER),
        events: rt.events.clone(),
        looked_at: Remembered::default(),
    });
    controller::run(rt, CONFIG, triggers, move |key| reconcile(context.clone(), key)).await;
}

async fn reconcile(context: Arc<Context>, key: Key) -> Result<Next, Error> {
    match gather::gather(&context, &key).await? {
        Some(found) => {
            let plan = decide(&found.observed);
            act::act(&context, &key, found, plan).await
        }
        None => Ok(Next::Done),
    }
}

fn secrets_named(route: &Route) -> Vec<String> {
    let names = [CERTS_FROM_SECRET, DESTINATION_CA_FROM_SECRET];
    names
        .iter()
        .filter_map(|name| secret_key(route, name))
        .map(|key| key.to_string())
        .collect()
}

/// Keeps what decisions are made from; of the managed fields only who wrote to `spec.tls`.
fn trim(route: &mut Route) {
    route.status = None;
    route.spec.http_headers = None;
    route.spec.alternate_backends = Vec::new();
    if let Some(entries) = &mut route.metadata.managed_fields {
        entries.retain(|entry| {
            let fields = entry
                .fields_v1
                .as_ref()
                .and_then(|fields| fields.0.pointer("/f:spec/f:tls"));
            fields.is_some()
        });
    }
}
