//! What Orders and Challenges have in common: finding their issuer, being woken by it, running together.

use std::sync::Arc;

use evercert_api::meta::v1::IssuerReference;
use evercert_core::watch::Key;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;

use super::facts::IssuerFacts;
use super::triggers::dependants;
use super::{challenges, orders};
use crate::certificates::request_match::issuer_ref;
use crate::context::Context;
use crate::issuers::object::{IssuerObject, index_key};
use crate::names::{KIND_CLUSTER_ISSUER, KIND_ISSUER};

/// Runs the Order and Challenge controllers until shutdown.
pub async fn run(ctx: Arc<Context>) {
    futures::future::join(orders::run(ctx.clone()), challenges::run(ctx)).await;
}

/// The issuer that a reference from that namespace means, and whether it can be used.
pub fn issuer_facts(
    ctx: &Context,
    namespace: &str,
    reference: &IssuerReference,
) -> (Option<IssuerObject>, IssuerFacts) {
    let reference = issuer_ref(reference);
    let issuer = ctx.issuer(namespace, &reference);
    let facts = match &issuer {
        None => IssuerFacts::Unusable(format!(
            "Waiting for {} {:?}, which does not exist",
            reference.kind, reference.name
        )),
        Some(issuer) => match &issuer.spec().acme {
            None => IssuerFacts::Unusable(format!("{} {:?} is not an ACME issuer", reference.kind, reference.name)),
            Some(acme) if issuer.is_ready() => IssuerFacts::Ready(Box::new(acme.clone())),
            Some(_) => {
                let why = issuer.ready_message().unwrap_or("it was not set up yet");
                IssuerFacts::Unusable(format!(
                    "Waiting for {} {:?} to become ready: {why}",
                    reference.kind, reference.name
                ))
            }
        },
    };
    (issuer, facts)
}

/// Wakes what an issuer's change concerns: the issuer itself, or a Secret that it names.
/// `found` gives the keys for a value of the index `issuer`.
pub fn issuer_triggers(
    ctx: &Arc<Context>,
    found: impl Fn(&str) -> Vec<Key> + Clone + Send + Sync + 'static,
) -> Vec<BoxStream<'static, Key>> {
    let by_issuer = found.clone();
    let issuers = dependants(ctx.issuers.subscribe(), move |key| {
        by_issuer(&index_key(
            KIND_ISSUER,
            key.namespace.as_deref().unwrap_or_default(),
            &key.name,
        ))
    });
    let by_cluster_issuer = found.clone();
    let cluster_issuers = ctx.cluster_issuers.iter().map(|watched| {
        let found = by_cluster_issuer.clone();
        dependants(watched.subscribe(), move |key| {
            found(&index_key(KIND_CLUSTER_ISSUER, "", &key.name))
        })
        .boxed()
    });
    let mut triggers: Vec<_> = cluster_issuers.collect();
    let context = ctx.clone();
    let secrets = dependants(ctx.secrets.subscribe(), move |key| {
        let path = key.to_string();
        let namespaced = context
            .issuers
            .by_index("secret", &path)
            .into_iter()
            .map(IssuerObject::Namespaced);
        let cluster = context
            .cluster_issuers
            .iter()
            .flat_map(|watched| watched.by_index("secret", &path))
            .map(IssuerObject::Cluster);
        namespaced
            .chain(cluster)
            .flat_map(|issuer| found(&issuer.index_key()))
            .collect()
    });
    triggers.extend([issuers.boxed(), secrets.boxed()]);
    triggers
}

/// A time for messages: to the second, UTC.
pub fn at(time: Timestamp) -> String {
    evercert_core::conditions::whole_second(time).to_string()
}
