//! Carries out a plan: events, and at most one write.

use std::time::Duration;

use evercert_api::Sensitive;
use evercert_api::route::v1::Route;
use evercert_core::apply::{ErrorClass, WriteError};
use evercert_core::controller::Next;
use evercert_core::events::reference;
use evercert_core::watch::Key;
use kube::{Resource, ResourceExt};
use serde_json::{Map, Value, json};

use super::controller::Context;
use super::decide::{Plan, Write};
use super::gather::{Gathered, version};
use crate::Error;
use crate::names::PROCESSING_ERROR;

/// The watch brings the version that won; should it not, we look again after this.
const AFTER_CONFLICT: Duration = Duration::from_secs(1);

pub(super) async fn act(context: &Context, key: &Key, found: Gathered, plan: Plan) -> Result<Next, Error> {
    let about = reference(&*found.route);
    for warning in plan.warnings {
        context.events.warning(&about, PROCESSING_ERROR, warning);
    }
    let Some(write) = plan.write else {
        context.looked_at.remember(key, found.version);
        return Ok(Next::Done);
    };
    match send(context, &found.route, &write).await {
        Ok(written) => {
            context.store.written(written);
            // What the store makes of it is what the next pass will see.
            let seen = context.store.get_key(key).map(|route| version(context, &route));
            // A Secret that changed meanwhile must not pass for seen.
            if let Some(seen) = seen.filter(|seen| seen.same_secrets(&found.version)) {
                context.looked_at.remember(key, seen);
            }
            Ok(Next::Done)
        }
        Err(error) => match error.class() {
            ErrorClass::Conflict | ErrorClass::NotFound => Ok(Next::After(AFTER_CONFLICT)),
            ErrorClass::Invalid => {
                let reason = error.message().unwrap_or("it refuses the content").to_owned();
                let note = format!("the API server refuses the certificates of this Route: {reason}");
                context.events.warning(&about, PROCESSING_ERROR, note);
                context.looked_at.remember(key, found.version);
                Ok(Next::Done)
            }
            ErrorClass::Transient | ErrorClass::Forbidden => Err(Error::Write(error)),
        },
    }
}

/// One server-side apply of all that is held. Clearing is a merge patch, because a field that cert-utils-operator once
/// wrote is owned by its name too and would outlive our letting go of it.
async fn send(context: &Context, route: &Route, write: &Write) -> Result<Route, WriteError> {
    let (namespace, name) = (route.namespace(), route.name_any());
    let value = |value: &Sensitive| Value::from(value.expose());
    let mut tls: Map<String, Value> = write
        .hold
        .iter()
        .map(|(field, text)| (field.name().to_owned(), value(text)))
        .collect();
    tls.extend(write.clear.iter().map(|field| (field.name().to_owned(), Value::Null)));
    let patch = json!({
        "apiVersion": Route::api_version(&()),
        "kind": Route::kind(&()),
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": route.uid(),
            "resourceVersion": route.resource_version(),
        },
        "spec": { "tls": tls },
    });
    if write.clear.is_empty() {
        context.writer.apply(namespace.as_deref(), &name, &patch).await
    } else {
        context.writer.merge(namespace.as_deref(), &name, &patch).await
    }
}
