//! Which change makes which controller look at which object.

use std::sync::Arc;

use evercert_core::watch::Key;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use kube::Resource;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::context::Context;
use crate::issuers::object::index_key;
use crate::names::{KIND_CLUSTER_ISSUER, KIND_ISSUER};
use crate::stores::{BY_ISSUER, BY_KEY, BY_SECRET, owner, path};

type Keys = BoxStream<'static, Key>;

/// Certificates: themselves, their Secret, their requests, a rival.
pub fn certificates(ctx: &Arc<Context>, poked: UnboundedReceiver<Key>) -> Vec<Keys> {
    let poked = stream::unfold(poked, async |mut poked| poked.recv().await.map(|key| (key, poked)));
    vec![
        ctx.certificates.subscribe().boxed(),
        fan_out(ctx, ctx.secrets.subscribe(), |ctx, secret| {
            keys(&ctx.certificates.by_index(
                BY_SECRET,
                &path(secret.namespace.as_deref().unwrap_or_default(), &secret.name),
            ))
        }),
        fan_out(ctx, ctx.requests.subscribe(), |ctx, request| {
            certificate_of(ctx, request).into_iter().collect()
        }),
        poked.boxed(),
    ]
}

/// Requests: themselves, their issuer, the Secret with their key, the ACME part's orders.
pub fn requests(ctx: &Arc<Context>) -> Vec<Keys> {
    let mut triggers = vec![
        ctx.requests.subscribe().boxed(),
        fan_out(ctx, ctx.issuers.subscribe(), |ctx, issuer| {
            let index = index_key(
                KIND_ISSUER,
                issuer.namespace.as_deref().unwrap_or_default(),
                &issuer.name,
            );
            keys(&ctx.requests.by_index(BY_ISSUER, &index))
        }),
        fan_out(ctx, ctx.secrets.subscribe(), |ctx, secret| {
            keys(&ctx.requests.by_index(
                BY_KEY,
                &path(secret.namespace.as_deref().unwrap_or_default(), &secret.name),
            ))
        }),
    ];
    triggers.extend(ctx.cluster_issuers.as_ref().map(|issuers| {
        fan_out(ctx, issuers.subscribe(), |ctx, issuer| {
            keys(
                &ctx.requests
                    .by_index(BY_ISSUER, &index_key(KIND_CLUSTER_ISSUER, "", &issuer.name)),
            )
        })
    }));
    triggers.extend(ctx.acme.request_triggers());
    triggers
}

/// Issuers: themselves, the Secrets that they name.
pub fn issuers(ctx: &Arc<Context>) -> Vec<Keys> {
    let by_secret = fan_out(ctx, ctx.secrets.subscribe(), |ctx, secret| {
        keys(&ctx.issuers.by_index(
            BY_SECRET,
            &path(secret.namespace.as_deref().unwrap_or_default(), &secret.name),
        ))
    });
    vec![ctx.issuers.subscribe().boxed(), by_secret]
}

/// ClusterIssuers: themselves, the Secrets that they name.
pub fn cluster_issuers(ctx: &Arc<Context>) -> Vec<Keys> {
    let Some(cluster_issuers) = &ctx.cluster_issuers else {
        return vec![];
    };
    let by_secret = fan_out(ctx, ctx.secrets.subscribe(), |ctx, secret| {
        let index = path(secret.namespace.as_deref().unwrap_or_default(), &secret.name);
        ctx.cluster_issuers
            .as_ref()
            .map(|issuers| keys(&issuers.by_index(BY_SECRET, &index)))
            .unwrap_or_default()
    });
    vec![cluster_issuers.subscribe().boxed(), by_secret]
}

/// The Certificate of a request; of one that is gone, the one that its name begins with.
fn certificate_of(ctx: &Context, request: &Key) -> Option<Key> {
    let name = match ctx.requests.get_key(request) {
        Some(found) => owner(&found.metadata).map(|(name, _)| name)?,
        None => request.name.rsplit_once('-')?.0.to_owned(),
    };
    Some(Key::new(request.namespace.as_deref(), &name))
}

fn fan_out<S>(ctx: &Arc<Context>, changes: S, map: fn(&Context, &Key) -> Vec<Key>) -> Keys
where
    S: futures::Stream<Item = Key> + Send + 'static,
{
    let ctx = ctx.clone();
    changes.flat_map(move |key| stream::iter(map(&ctx, &key))).boxed()
}

fn keys<K: Resource<DynamicType = ()>>(objects: &[Arc<K>]) -> Vec<Key> {
    objects.iter().map(|object| Key::of(&**object)).collect()
}
