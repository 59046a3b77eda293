//! What the set-up of an issuer is decided on: its settings, what its status says, and the key in its Secret.

use evercert_acme::AccountKey;
use evercert_api::acme::v1::{AcmeIssuer, AcmeIssuerStatus};
use k8s_openapi::api::core::v1::Secret;

use super::super::clients::key_in;
use super::super::outcome::Error;
use super::decide::{KeyFacts, Observed};
use crate::context::Context;
use crate::issuers::object::IssuerObject;

/// Reads the account key's Secret; returns the key beside the facts, because facts hold no secrets.
pub async fn gather(
    ctx: &Context,
    issuer: &IssuerObject,
    acme: &AcmeIssuer,
) -> Result<(Observed, Option<AccountKey>), Error> {
    let namespace = issuer.secret_namespace(&ctx.settings);
    let secret = ctx.secret(&namespace, &acme.private_key_secret_ref.name).await?;
    let (facts, key) = key_facts(secret.as_ref(), acme);
    let status = issuer
        .status()
        .and_then(|status| status.acme.clone())
        .unwrap_or_default();
    Ok((
        Observed {
            spec: acme.clone(),
            status,
            key: facts,
        },
        key,
    ))
}

/// A Secret without the key is filled, one with something else in it is never overwritten.
fn key_facts(secret: Option<&Secret>, acme: &AcmeIssuer) -> (KeyFacts, Option<AccountKey>) {
    if secret.is_none() {
        return (KeyFacts::Missing, None);
    }
    match key_in(secret, acme).and_then(|key| Ok((key.checksum().map_err(|error| error.to_string())?, key))) {
        Ok((checksum, key)) => (KeyFacts::Present { checksum }, Some(key)),
        Err(why) => (KeyFacts::Unusable(why), None),
    }
}

/// The HMAC key of the external account binding, or in words why there is none.
pub async fn binding_key(
    ctx: &Context,
    issuer: &IssuerObject,
    acme: &AcmeIssuer,
) -> Result<Option<Result<Vec<u8>, String>>, Error> {
    let Some(binding) = &acme.external_account_binding else {
        return Ok(None);
    };
    let (name, key) = (
        &binding.key_secret_ref.name,
        binding.key_secret_ref.key.as_deref().unwrap_or_default(),
    );
    let secret = ctx.secret(&issuer.secret_namespace(&ctx.settings), name).await?;
    let Some(secret) = secret else {
        return Ok(Some(Err(format!(
            "Secret {name} with the external account binding key is not there"
        ))));
    };
    let found = secret.data.and_then(|mut data| data.remove(key)).map(|bytes| bytes.0);
    Ok(Some(found.ok_or_else(|| {
        format!("Secret {name} has no key {key:?} with the external account binding key")
    })))
}

/// What the status says of an account that is registered.
pub fn registered(uri: String, acme: &AcmeIssuer, checksum: String) -> AcmeIssuerStatus {
    AcmeIssuerStatus {
        uri,
        last_registered_email: acme.email.clone(),
        last_private_key_hash: checksum,
    }
}
