//! Reads one Secret, if it concerns us and has changed since it was last looked at.

use std::collections::BTreeMap;

use evercert_core::contract::annotations::{DERIVED_FROM, DERIVED_KEYS, GENERATE_JAVA_KEYSTORES};
use evercert_core::watch::Key;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use super::controller::Keystores;
use super::decide::{DERIVED, Observed};
use crate::Error;
use crate::ownership::owner;
use crate::secrets::{self, SecretMeta, Version};

/// A Secret that was read.
pub(super) struct Gathered {
    pub(super) observed: Observed,
    /// The version that was read.
    pub(super) version: Version,
}

/// `None` where there is nothing to decide.
pub(super) async fn gather(keystores: &Keystores, key: &Key) -> Result<Option<Gathered>, Error> {
    let Some(meta) = keystores.secrets.get_key(key).filter(|meta| concerns_us(meta)) else {
        keystores.looked_at.forget(key);
        return Ok(None);
    };
    if keystores.looked_at.is_known(key, &secrets::version(&meta)) {
        return Ok(None);
    }
    let secret = secrets::read(&keystores.writer.client, key).await;
    Ok(secret.map_err(Error::read(key))?.map(observe))
}

fn concerns_us(meta: &SecretMeta) -> bool {
    let annotations = meta.annotations();
    let wished = annotations
        .get(GENERATE_JAVA_KEYSTORES)
        .is_some_and(|value| value == "true");
    wished
        || [DERIVED_FROM, DERIVED_KEYS]
            .iter()
            .any(|name| annotations.contains_key(*name))
}

fn observe(secret: Secret) -> Gathered {
    let entries = secret.metadata.managed_fields.unwrap_or_default();
    let owners: BTreeMap<_, _> = DERIVED
        .into_iter()
        .map(|key| (key, owner(&entries, &["data", key])))
        .collect();
    Gathered {
        version: (secret.metadata.uid, secret.metadata.resource_version),
        observed: Observed {
            annotations: secret.metadata.annotations.unwrap_or_default(),
            data: secret.data.unwrap_or_default(),
            owners,
        },
    }
}
