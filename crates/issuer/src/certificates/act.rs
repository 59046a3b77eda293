//! Carries out a plan about a Certificate, step by step; the only place here that writes.

use std::sync::Arc;

use evercert_api::ByteString;
use evercert_api::certmanager::v1::{Certificate, CertificateRequest};
use evercert_core::apply::ErrorClass;
use evercert_core::contract::keys::TLS_KEY;
use evercert_core::events::reference;
use evercert_core::watch::Key;
use evercert_pki::key::{KeyEncoding, PrivateKey};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::core::PartialObjectMetaExt;
use serde_json::json;

use super::observed::{Observed, Status};
use super::plan::{Plan, Step};
use super::secret::owner_reference;
use super::{facts, status};
use crate::context::Context;
use crate::error::Error;
use crate::memory::HeldKey;
use crate::names::annotations;

/// What the steps work on.
pub struct Act<'a> {
    /// Stores and writers.
    pub ctx: &'a Context,
    /// Key of the Certificate.
    pub key: &'a Key,
    /// The Certificate as it was when the plan was made.
    pub certificate: &'a Arc<Certificate>,
    /// What the plan was made from.
    pub observed: &'a Observed,
}

impl Act<'_> {
    /// All steps, then the events.
    pub async fn run(&self, plan: Plan) -> Result<(), Error> {
        for step in plan.steps {
            self.step(step).await?;
        }
        let events = self.ctx.rt.events.reporting_as("cert-manager-certificates-issuing");
        let on = reference(&**self.certificate);
        for event in plan.events {
            if event.warning {
                events.warning(&on, &event.reason, event.message);
            } else {
                events.normal(&on, &event.reason, event.message);
            }
        }
        Ok(())
    }

    async fn step(&self, step: Step) -> Result<(), Error> {
        match step {
            Step::Status(status) => self.write_status(&status).await,
            Step::NewKey { secret, algorithm } => {
                let key = self.ctx.compute(move || PrivateKey::generate(algorithm)).await?;
                self.hold(secret, key.map_err(crypto("generate the next private key"))?, false);
                Ok(())
            }
            Step::KeepKey { secret } => self.keep_key(secret).await,
            Step::StoreKey => self.store_key().await,
            Step::DropKeySecret(name) => self.drop_key_secret(&name).await,
            Step::ForgetKey => {
                self.ctx
                    .memories
                    .with(self.key, |memory| (memory.next_key, memory.answer) = (None, None));
                Ok(())
            }
            Step::Request { revision, answer } => self.request(revision, answer).await,
            Step::DeleteRequest { name, uid } => {
                self.ctx
                    .writer
                    .delete::<CertificateRequest>(self.namespace(), &name, Some(&uid))
                    .await?;
                self.ctx.requests.deleted(self.namespace(), &name, &uid);
                Ok(())
            }
            Step::Answer(name) => self.answer(&name).await,
            Step::WriteSecret { request } => self.write_secret(&request).await,
            Step::RepairSecret => self.repair_secret().await,
            Step::Account(uid) => {
                self.ctx.memories.with(self.key, |memory| memory.accounted = Some(uid));
                Ok(())
            }
        }
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.key.namespace.as_deref()
    }

    async fn write_status(&self, wished: &Status) -> Result<(), Error> {
        let mut certificate = (**self.certificate).clone();
        status::write(certificate.status.get_or_insert_default(), wished);
        let written = self.ctx.writer.replace_status(&certificate).await?;
        self.ctx.certificates.written(written);
        Ok(())
    }

    fn hold(&self, secret: String, key: PrivateKey, stored: bool) -> Arc<HeldKey> {
        let held = Arc::new(HeldKey { secret, key, stored });
        self.ctx
            .memories
            .with(self.key, |memory| memory.next_key = Some(held.clone()));
        held
    }

    pub(super) fn held(&self) -> Result<Arc<HeldKey>, Error> {
        self.ctx
            .memories
            .with(self.key, |memory| memory.next_key.clone())
            .ok_or(Error::Stale("next private key"))
    }

    /// Rotation policy Never: the key of the target Secret becomes the next key.
    async fn keep_key(&self, secret: String) -> Result<(), Error> {
        let target = self.target().await?;
        let pem = facts::bytes(&target, TLS_KEY).ok_or(Error::Stale("Secret"))?;
        let key = PrivateKey::from_pem(pem).map_err(crypto("read the private key of the Secret"))?;
        self.hold(secret, key, false);
        Ok(())
    }

    async fn store_key(&self) -> Result<(), Error> {
        let held = self.held()?;
        let pem = held
            .key
            .to_pem(KeyEncoding::Pkcs8)
            .map_err(crypto("encode the next private key"))?;
        let secret: Secret = parse(json!({
            "metadata": {
                "name": held.secret,
                "namespace": self.key.namespace,
                "labels": { annotations::NEXT_PRIVATE_KEY: "true", annotations::FAO: "true" },
                "ownerReferences": [owner_reference(self.certificate)],
            },
            "data": { TLS_KEY: ByteString(pem.into_bytes()) },
        }))?;
        match self.ctx.writer.create(self.namespace(), &secret).await {
            Ok(written) => {
                self.ctx.secrets.written(written.metadata.into_response_partial());
                self.hold(held.secret.clone(), held.key.clone(), true)
            }
            // It is there already: the next pass takes the key that is in it, or another name.
            Err(error) if error.class() == ErrorClass::Conflict => {
                self.ctx.memories.with(self.key, |memory| memory.next_key = None);
                return Err(Error::Stale("next private key"));
            }
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    /// Deletes a next-key Secret, but nothing else that a status may name.
    async fn drop_key_secret(&self, name: &str) -> Result<(), Error> {
        let Some(secret) = self.ctx.secrets.get(self.namespace(), name) else {
            return Ok(());
        };
        let Some(uid) = &secret.metadata.uid else { return Ok(()) };
        let found = self.ctx.secret(self.namespace().unwrap_or_default(), name).await?;
        if found.is_some_and(|found| found.labels().contains_key(annotations::NEXT_PRIVATE_KEY)) {
            self.ctx
                .writer
                .delete::<Secret>(self.namespace(), name, Some(uid))
                .await?;
            self.ctx.secrets.deleted(self.namespace(), name, uid);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Act<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Act").field("key", &self.key).finish_non_exhaustive()
    }
}

pub(super) fn crypto(operation: &'static str) -> impl Fn(evercert_pki::Error) -> Error {
    move |source| Error::Crypto { operation, source }
}

/// Our own literals always fit their types; a mistake shows in the first test.
pub(super) fn parse<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(Error::Literal)
}
