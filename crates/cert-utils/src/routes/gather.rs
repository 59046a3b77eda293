//! Reads one Route from the store and the Secrets it names from the API, if anything changed since the last look.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use evercert_api::route::v1::Route;
use evercert_core::contract::annotations::{CERTS_FROM_SECRET, DESTINATION_CA_FROM_SECRET, INJECT_CA};
use evercert_core::contract::keys::{CA_CRT, TLS_CRT, TLS_KEY};
use evercert_core::watch::Key;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use super::controller::Context;
use super::decide::{Observed, SecretData, Source};
use super::field::Field;
use crate::Error;
use crate::contents::Slot;
use crate::ownership::{Owner, owner};
use crate::secrets;

/// Everything that a decision depends on, in a form that is small and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// Of the parts of the Route that count; its status does not.
    route: u64,
    certs: Option<secrets::Version>,
    destination: Option<secrets::Version>,
}

impl Version {
    /// True where both were made from the same Secrets.
    pub(super) fn same_secrets(&self, other: &Self) -> bool {
        (&self.certs, &self.destination) == (&other.certs, &other.destination)
    }
}

pub(super) struct Gathered {
    pub(super) observed: Observed,
    pub(super) route: Arc<Route>,
    pub(super) version: Version,
    /// What was read, kept for other Routes until this one is done.
    pub(super) _held: Vec<Arc<Slot>>,
}

/// `None` where there is nothing to decide.
pub(super) async fn gather(context: &Context, key: &Key) -> Result<Option<Gathered>, Error> {
    let route = context.store.get_key(key).filter(|route| concerns_us(route));
    let Some(route) = route else {
        context.looked_at.forget(key);
        return Ok(None);
    };
    let version = version(context, &route);
    if context.looked_at.is_known(key, &version) {
        return Ok(None);
    }
    let mut held = Vec::new();
    let certs = source(context, &route, CERTS_FROM_SECRET, &mut held).await?;
    let destination = source(context, &route, DESTINATION_CA_FROM_SECRET, &mut held).await?;
    let observed = Observed {
        tls: route.spec.tls.clone(),
        certs,
        destination,
        inject_ca: route.annotations().get(INJECT_CA).is_some_and(|value| value != "false"),
        owned: owned(&route),
    };
    Ok(Some(Gathered {
        observed,
        route,
        version,
        _held: held,
    }))
}

pub(super) fn version(context: &Context, route: &Route) -> Version {
    let mut hasher = DefaultHasher::new();
    route.uid().hash(&mut hasher);
    for name in [CERTS_FROM_SECRET, DESTINATION_CA_FROM_SECRET, INJECT_CA] {
        route.annotations().get(name).hash(&mut hasher);
    }
    let tls = route.spec.tls.as_ref();
    tls.map(|tls| (tls.termination.as_ref(), tls.external_certificate.is_some()))
        .hash(&mut hasher);
    for field in Field::ALL {
        let value = tls.and_then(|tls| field.of(tls));
        value.as_ref().map(evercert_api::Sensitive::expose).hash(&mut hasher);
    }
    owned(route).hash(&mut hasher);
    let secret = |annotation| {
        let key = secret_key(route, annotation)?;
        context.secrets.get_key(&key).map(|meta| secrets::version(&meta))
    };
    Version {
        route: hasher.finish(),
        certs: secret(CERTS_FROM_SECRET),
        destination: secret(DESTINATION_CA_FROM_SECRET),
    }
}

/// The Secret that an annotation names, always in the Route's own namespace.
pub(super) fn secret_key(route: &Route, annotation: &str) -> Option<Key> {
    let name = route.annotations().get(annotation).filter(|name| !name.is_empty())?;
    Some(Key::new(route.namespace().as_deref(), name))
}

fn concerns_us(route: &Route) -> bool {
    let annotated = [CERTS_FROM_SECRET, DESTINATION_CA_FROM_SECRET]
        .iter()
        .any(|name| secret_key(route, name).is_some());
    annotated || !owned(route).is_empty()
}

fn owned(route: &Route) -> BTreeSet<Field> {
    let is_ours = |field: &Field| owner(route.managed_fields(), &["spec", "tls", field.name()]) == Owner::Ours;
    Field::ALL.into_iter().filter(is_ours).collect()
}

/// What an annotation gives; what was read for it is added to `held`.
async fn source(
    context: &Context,
    route: &Route,
    annotation: &str,
    held: &mut Vec<Arc<Slot>>,
) -> Result<Source, Error> {
    let Some(key) = secret_key(route, annotation) else {
        return Ok(Source::Unwanted);
    };
    let Some(meta) = context.secrets.get_key(&key) else {
        return Ok(Source::Missing(key.name));
    };
    let read = context.contents.get(&key, &secrets::version(&meta)).await;
    let (secret, slot) = read.map_err(Error::read(&key))?;
    held.push(slot);
    Ok(match &*secret {
        Some(secret) => Source::Found(content(&key.name, secret)),
        None => Source::Missing(key.name),
    })
}

fn content(name: &str, secret: &Secret) -> SecretData {
    let take = |key| Some(secret.data.as_ref()?.get(key)?.0.clone());
    SecretData {
        name: name.to_owned(),
        tls_crt: take(TLS_CRT),
        tls_key: take(TLS_KEY),
        ca_crt: take(CA_CRT),
    }
}
