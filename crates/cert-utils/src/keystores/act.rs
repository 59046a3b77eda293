//! Carries out a plan: events, and at most one write.

use std::time::Duration;

use evercert_core::apply::{ErrorClass, WriteError};
use evercert_core::contract::annotations::{DERIVED_FROM, DERIVED_KEYS};
use evercert_core::controller::Next;
use evercert_core::events::reference;
use evercert_core::watch::Key;
use serde_json::{Map, Value, json};

use super::controller::Keystores;
use super::decide::{Plan, Write};
use crate::Error;
use crate::names::PROCESSING_ERROR;
use crate::secrets::{self, SecretMeta, Version};

/// The watch brings the version that won; should it not, we look again after this.
const AFTER_CONFLICT: Duration = Duration::from_secs(1);

pub(super) async fn act(keystores: &Keystores, key: &Key, read: Version, plan: Plan) -> Result<Next, Error> {
    for warning in plan.warnings {
        keystores.warn(key, warning);
    }
    let Some(write) = plan.write else {
        keystores.looked_at.remember(key, read);
        return Ok(Next::Done);
    };
    match send(keystores, key, &read, &write).await {
        Ok(written) => {
            keystores.looked_at.remember(key, secrets::version(&written));
            keystores.secrets.written(written);
            Ok(Next::Done)
        }
        Err(error) => match error.class() {
            ErrorClass::Conflict | ErrorClass::NotFound => Ok(Next::After(AFTER_CONFLICT)),
            ErrorClass::Invalid => {
                let reason = error.message().unwrap_or("it refuses the content").to_owned();
                keystores.warn(key, format!("the API server refuses the Java keystores: {reason}"));
                keystores.looked_at.remember(key, read);
                Ok(Next::Done)
            }
            ErrorClass::Transient | ErrorClass::Forbidden => Err(Error::Write(error)),
        },
    }
}

/// One server-side apply of all that is held. Taking something out is a merge patch, because a key that
/// cert-utils-operator once wrote is owned by its name too and would outlive our letting go of it.
async fn send(keystores: &Keystores, key: &Key, read: &Version, write: &Write) -> Result<SecretMeta, WriteError> {
    let (namespace, name) = (key.namespace.as_deref(), &key.name);
    let (uid, resource_version) = read;
    let mut data: Map<String, Value> = write
        .hold
        .iter()
        .map(|(key, bytes)| ((*key).to_owned(), json!(bytes)))
        .collect();
    data.extend(write.remove.iter().map(|key| ((*key).to_owned(), Value::Null)));
    let annotations = json!({ DERIVED_FROM: write.derived_from, DERIVED_KEYS: write.derived_keys });
    let metadata = json!({
        "name": name,
        "namespace": namespace,
        "uid": uid,
        "resourceVersion": resource_version,
        "annotations": annotations,
    });
    let patch = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data });
    if write.remove.is_empty() && write.derived_from.is_some() && write.derived_keys.is_some() {
        keystores.writer.apply(namespace, name, &patch).await
    } else {
        keystores.writer.merge(namespace, name, &patch).await
    }
}

impl Keystores {
    fn warn(&self, key: &Key, note: String) {
        if let Some(secret) = self.secrets.get_key(key) {
            self.events.warning(&reference(&*secret), PROCESSING_ERROR, note);
        }
    }
}
