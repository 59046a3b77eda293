//! One ACME client per issuer, kept as long as its settings and its account key stay the same; connections are shared.

use std::sync::Arc;

use ahash::AHashMap;
use evercert_acme::{AccountKey, AcmeClient, SignedClient, Transport, TransportOptions};
use evercert_api::acme::v1::AcmeIssuer;
use k8s_openapi::api::core::v1::Secret;
use tokio::sync::Mutex;

use super::names::ACCOUNT_KEY;
use super::outcome::Error;
use crate::context::Context;
use crate::issuers::object::IssuerObject;

/// What a client was made of; another one is made where any of it differs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Made {
    server: String,
    options: TransportOptions,
    secret: (String, String, String),
    account: String,
}

/// A client and what it was made of.
type Entry = (Made, Arc<dyn AcmeClient>);

/// Clients by uid of their issuer, and the connection pools they share.
#[derive(Debug, Default)]
pub struct Clients {
    clients: Mutex<AHashMap<String, Entry>>,
    transports: std::sync::Mutex<AHashMap<TransportOptions, Transport>>,
}

/// A usable client, or in words why there is none; the words are shown to users.
pub type Found = Result<Arc<dyn AcmeClient>, String>;

impl Clients {
    /// The connection pool for those options.
    pub fn transport(&self, options: &TransportOptions) -> Result<Transport, evercert_acme::Error> {
        let mut transports = self
            .transports
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(transport) = transports.get(options) {
            return Ok(transport.clone());
        }
        let transport = Transport::new(options)?;
        transports.insert(options.clone(), transport.clone());
        Ok(transport)
    }

    /// The client of a registered issuer. Reads its key only where it is not the one in use.
    pub async fn of(&self, ctx: &Context, issuer: &IssuerObject, acme: &AcmeIssuer) -> Result<Found, Error> {
        let made = made(ctx, issuer, acme);
        let mut clients = self.clients.lock().await;
        if let Some((known, client)) = clients.get(issuer.uid())
            && *known == made
        {
            return Ok(Ok(client.clone()));
        }
        let (namespace, name, _) = &made.secret;
        let secret = ctx.secret(namespace, name).await?;
        let client = key_in(secret.as_ref(), acme).and_then(|key| {
            let transport = self.transport(&made.options).map_err(|error| error.to_string())?;
            let account = Some(made.account.clone()).filter(|url| !url.is_empty());
            let client = SignedClient::new(transport, &made.server, key, account).map_err(|error| error.to_string())?;
            Ok(Arc::new(client) as Arc<dyn AcmeClient>)
        });
        if let Ok(client) = &client {
            clients.insert(issuer.uid().to_owned(), (made, client.clone()));
        }
        Ok(client)
    }
}

fn made(ctx: &Context, issuer: &IssuerObject, acme: &AcmeIssuer) -> Made {
    let namespace = issuer.secret_namespace(&ctx.settings);
    let name = acme.private_key_secret_ref.name.clone();
    let seen = ctx.secrets.get(Some(&namespace), &name);
    let version = seen
        .and_then(|secret| secret.metadata.resource_version.clone())
        .unwrap_or_default();
    let account = issuer
        .status()
        .and_then(|status| status.acme.as_ref())
        .map(|acme| acme.uri.clone())
        .unwrap_or_default();
    Made {
        server: acme.server.clone(),
        options: options(acme),
        secret: (namespace, name, version),
        account,
    }
}

/// How to reach the server of an issuer.
pub fn options(acme: &AcmeIssuer) -> TransportOptions {
    TransportOptions {
        ca_bundle: acme
            .ca_bundle
            .as_ref()
            .map(|bundle| bundle.0.clone())
            .filter(|bundle| !bundle.is_empty()),
        skip_tls_verify: acme.skip_tls_verify,
        user_agent: concat!("evercert-issuer/", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// The account key in a Secret, or in words why there is none.
pub fn key_in(secret: Option<&Secret>, acme: &AcmeIssuer) -> Result<AccountKey, String> {
    let name = &acme.private_key_secret_ref.name;
    let key = acme
        .private_key_secret_ref
        .key
        .as_deref()
        .filter(|key| !key.is_empty())
        .unwrap_or(ACCOUNT_KEY);
    let secret = secret.ok_or_else(|| format!("Secret {name} with the ACME account key is not there"))?;
    let pem = secret.data.as_ref().and_then(|data| data.get(key));
    let pem = pem.ok_or_else(|| format!("Secret {name} has no key {key} with the ACME account key"))?;
    AccountKey::from_pem(&pem.0).map_err(|error| format!("Secret {name}, key {key}: {error}"))
}
