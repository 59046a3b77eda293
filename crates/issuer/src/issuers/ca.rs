//! The key pair of a CA issuer: read from its Secret when that changed, checked before it signs anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use evercert_core::contract::keys::{TLS_CRT, TLS_KEY};
use evercert_pki::certificate::Certificate;
use evercert_pki::key::PrivateKey;
use evercert_pki::limits;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use crate::certificates::facts::bytes;
use crate::context::Context;
use crate::error::Error;
use crate::names::reasons;
use crate::stores::path;

/// A CA that may sign.
#[derive(Debug)]
pub struct CaPair {
    /// Its certificate, then those above it.
    pub chain: Vec<Certificate>,
    /// Its key.
    pub key: PrivateKey,
}

/// Why a Secret holds no CA: reason of upstream, message that tells what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// `ErrGetKeyPair` or `ErrInvalidKeyPair`.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// When time alone will help.
    pub until: Option<Timestamp>,
}

/// What a Secret of a CA issuer was found to hold.
pub type Found = Result<Arc<CaPair>, Unusable>;

/// Key pairs by `ns/name` of their Secret, each for one version of it.
#[derive(Debug, Default)]
pub struct CaCache {
    all: Mutex<HashMap<String, Entry>>,
}

#[derive(Debug, Clone)]
struct Entry {
    uid: String,
    version: String,
    found: Found,
}

impl CaPair {
    /// The certificate that signs.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// Refuses a CA outside its time.
    pub fn check_time(&self, now: Timestamp) -> Result<(), Unusable> {
        let Some(certificate) = self.certificate() else {
            return Ok(());
        };
        let (from, to) = (certificate.not_before(), certificate.not_after());
        if now >= to {
            return Err(invalid(format!("the CA certificate expired on {to}; renew it")));
        }
        if now < from {
            let early = invalid(format!("the CA certificate is not valid before {from}"));
            return Err(Unusable {
                until: Some(from),
                ..early
            });
        }
        Ok(())
    }
}

/// The CA in a Secret, without regard to the time.
pub fn read(name: &str, secret: Option<&Secret>) -> Result<CaPair, Unusable> {
    let Some(secret) = secret else {
        return Err(missing(format!(
            "Secret {name:?} not found; create it with the keys tls.crt and tls.key"
        )));
    };
    let part = |key| bytes(secret, key).ok_or_else(|| missing(format!("Secret {name:?} has no {key}")));
    let (certificates, key) = (part(TLS_CRT)?, part(TLS_KEY)?);
    let chain = Certificate::bundle_from_pem(certificates, limits::CHAIN)
        .map_err(|error| invalid(format!("tls.crt: {error}")))?;
    let key = PrivateKey::from_pem(key).map_err(|error| invalid(format!("tls.key: {error}")))?;
    let pair = CaPair { chain, key };
    let Some(certificate) = pair.certificate() else {
        return Err(invalid("tls.crt holds no certificate".to_owned()));
    };
    if !certificate.matches(&pair.key) {
        return Err(invalid(
            "tls.key is not the key of the first certificate in tls.crt".to_owned(),
        ));
    }
    if !certificate.is_ca() {
        return Err(invalid(
            "certificate is not a CA; request it with isCA: true".to_owned(),
        ));
    }
    if !certificate.may_sign_certificates() {
        return Err(invalid(
            "the CA certificate may not sign certificates; request it with the usage \"cert sign\"".to_owned(),
        ));
    }
    Ok(pair)
}

fn missing(message: impl std::fmt::Display) -> Unusable {
    Unusable {
        reason: reasons::ERR_GET_KEY_PAIR,
        message: format!("Error getting keypair for CA issuer: {message}"),
        until: None,
    }
}

fn invalid(message: impl std::fmt::Display) -> Unusable {
    Unusable {
        reason: reasons::ERR_INVALID_KEY_PAIR,
        message: format!("Error getting keypair for CA issuer: {message}"),
        until: None,
    }
}

impl Context {
    /// The CA in that Secret as it is now; it is read only if it changed since the last time.
    pub async fn ca(&self, namespace: &str, name: &str, now: Timestamp) -> Result<Found, Error> {
        let found = match self.secrets.get(Some(namespace), name) {
            None => read(name, None).map(Arc::new),
            Some(seen) => match self.cas.get(namespace, name, &seen.metadata) {
                Some(found) => found,
                None => self.read_ca(namespace, name).await?,
            },
        };
        Ok(found.and_then(|pair| pair.check_time(now).map(|()| pair)))
    }

    async fn read_ca(&self, namespace: &str, name: &str) -> Result<Found, Error> {
        let secret = self.secret(namespace, name).await?;
        let found = read(name, secret.as_ref()).map(Arc::new);
        if let Some(secret) = secret {
            let (uid, version) = (
                secret.uid().unwrap_or_default(),
                secret.resource_version().unwrap_or_default(),
            );
            self.cas.put(
                namespace,
                name,
                Entry {
                    uid,
                    version,
                    found: found.clone(),
                },
            );
        }
        Ok(found)
    }
}

impl CaCache {
    fn get(
        &self,
        ns: &str,
        name: &str,
        seen: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    ) -> Option<Found> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = all.get(&path(ns, name))?;
        let same = Some(&entry.uid) == seen.uid.as_ref() && Some(&entry.version) == seen.resource_version.as_ref();
        same.then(|| entry.found.clone())
    }

    fn put(&self, ns: &str, name: &str, entry: Entry) {
        self.all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path(ns, name), entry);
    }
}
