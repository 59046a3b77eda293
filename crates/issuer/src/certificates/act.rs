//! Carries out a plan about a Certificate, step by step; the only place here that writes.

use std::sync::Arc;

use evercert_api::ByteString;
use evercert_api::certmanager::v1::{Certificate, CertificateRequest, CertificateRequestSpec};
use evercert_core::apply::{ErrorClass, WriteError};
use evercert_core::contract::keys::{CA_CRT, TLS_CRT, TLS_KEY};
use evercert_core::events::reference;
use evercert_core::watch::Key;
use evercert_pki::certificate::Certificate as X509;
use evercert_pki::key::{KeyEncoding, PrivateKey};
use evercert_pki::limits;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::core::PartialObjectMetaExt;
use serde_json::json;

use super::observed::{Observed, Status};
use super::plan::{Plan, Step};
use super::secret::{Pems, Target, owner_reference, render};
use super::{csr, facts, revision, status};
use crate::context::Context;
use crate::error::Error;
use crate::memory::HeldKey;
use crate::names::annotations;
use crate::requests;

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

    fn namespace(&self) -> Option<&str> {
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

    fn held(&self) -> Result<Arc<HeldKey>, Error> {
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

    async fn request(&self, revision: i64, answer: bool) -> Result<(), Error> {
        let held = self.held()?;
        // Taken before the request exists, so that its own controller does not come in between.
        let name = revision::request_name(&self.certificate.name_any(), revision);
        let guard = if answer {
            self.ctx.answering.take(&Key::new(self.namespace(), &name))
        } else {
            None
        };
        let template = csr::template(&self.certificate.spec).map_err(|_| Error::Stale("Certificate"))?;
        let signer = held.clone();
        let pem = self
            .ctx
            .compute(move || evercert_pki::csr::build(&template, &signer.key))
            .await?;
        let request = self.render_request(revision, &held.secret, pem.map_err(crypto("build the CSR"))?)?;
        let written = match self.ctx.writer.create(self.namespace(), &request).await {
            Err(error) if error.class() == ErrorClass::Conflict => self.replace_foreign(request).await?,
            other => other?,
        };
        let written_name = written.name_any();
        self.ctx.requests.written(written);
        match guard {
            Some(_guard) if written_name == name => self.answered(&name).await,
            _ => Ok(()),
        }
    }

    fn render_request(&self, revision: i64, key_secret: &str, csr: String) -> Result<CertificateRequest, Error> {
        let certificate = self.certificate;
        let spec = &certificate.spec;
        let mut notes: std::collections::BTreeMap<_, _> = certificate
            .annotations()
            .iter()
            .filter(|(key, _)| self.ctx.settings.copies(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let name = certificate.name_any();
        let own = [
            (annotations::REVISION, revision.to_string()),
            (annotations::PRIVATE_KEY_SECRET, key_secret.to_owned()),
            (annotations::CERTIFICATE_NAME, name.clone()),
        ];
        notes.extend(own.map(|(key, value)| (key.to_owned(), value)));
        let mut request = CertificateRequest::new(
            &revision::request_name(&name, revision),
            CertificateRequestSpec {
                duration: spec.duration,
                issuer_ref: spec.issuer_ref.clone(),
                request: ByteString(csr.into_bytes()),
                is_ca: spec.is_ca,
                usages: spec.usages.clone(),
                ..CertificateRequestSpec::default()
            },
        );
        request.metadata.namespace.clone_from(&self.key.namespace);
        request.metadata.annotations = Some(notes);
        request.metadata.labels = Some(certificate.labels().clone()).filter(|labels| !labels.is_empty());
        request.metadata.owner_references = Some(vec![parse(owner_reference(certificate))?]);
        Ok(request)
    }

    /// A request of our name is there, but not ours: one whose owner is gone (restored from a backup) is deleted, past any other the
    /// name gets a suffix. Upstream stops here for ever.
    async fn replace_foreign(&self, mut request: CertificateRequest) -> Result<CertificateRequest, Error> {
        let name = request.name_any();
        let Some(found) = self
            .ctx
            .writer
            .get::<CertificateRequest>(self.namespace(), &name)
            .await?
        else {
            return Err(Error::Stale("CertificateRequest"));
        };
        let owner = crate::stores::owner(&found.metadata);
        if owner
            .as_ref()
            .is_some_and(|(_, uid)| Some(uid) == self.certificate.metadata.uid.as_ref())
        {
            return Err(Error::Stale("CertificateRequest"));
        }
        if owner.is_some_and(|(owner, _)| owner == self.certificate.name_any()) {
            self.ctx
                .writer
                .delete::<CertificateRequest>(self.namespace(), &name, found.metadata.uid.as_deref())
                .await?;
        } else {
            request.metadata.name = Some(format!(
                "{name}-{}",
                revision::suffix(crate::random::bytes().unwrap_or_default())
            ));
        }
        Ok(self.ctx.writer.create(self.namespace(), &request).await?)
    }

    /// Has an open request answered; if its own controller is at it already, its result will trigger the next pass.
    async fn answer(&self, name: &str) -> Result<(), Error> {
        let key = Key::new(self.namespace(), name);
        let Some(_guard) = self.ctx.answering.take(&key) else {
            return Err(Error::Busy);
        };
        self.answered(name).await
    }

    async fn answered(&self, name: &str) -> Result<(), Error> {
        let (_, held) = requests::act::answer(self.ctx, &Key::new(self.namespace(), name)).await?;
        if let Some(held) = held {
            self.ctx
                .memories
                .with(self.key, |memory| memory.answer = Some(Arc::new(held)));
        }
        Ok(())
    }

    async fn write_secret(&self, request: &str) -> Result<(), Error> {
        let held = self.held()?;
        let candidate = self
            .observed
            .requests
            .iter()
            .find(|candidate| candidate.name == request);
        let answer = self.ctx.memories.with(self.key, |memory| memory.answer.clone());
        let answer = answer
            .filter(|answer| candidate.is_some_and(|candidate| candidate.uid == answer.request))
            .ok_or(Error::Stale("CertificateRequest"))?;
        let key = held
            .key
            .to_pem(csr::key_encoding(&self.certificate.spec))
            .map_err(crypto("encode the private key"))?;
        let pems = Pems {
            key: key.into_bytes(),
            chain: answer.chain.clone(),
            ca: answer.ca.clone(),
        };
        let existing = self
            .observed
            .secret
            .as_ref()
            .and_then(|secret| secret.other_type.clone());
        self.apply(&pems, existing.as_deref(), None).await
    }

    async fn repair_secret(&self) -> Result<(), Error> {
        let target = self.target().await?;
        let part = |key| facts::bytes(&target, key).map(<[u8]>::to_vec);
        let (Some(key), Some(chain)) = (part(TLS_KEY), part(TLS_CRT)) else {
            return Err(Error::Stale("Secret"));
        };
        let pems = Pems {
            key,
            chain,
            ca: part(CA_CRT),
        };
        self.apply(&pems, target.type_.as_deref(), target.metadata.uid.as_deref())
            .await
    }

    /// The Secret as the plan saw it.
    async fn target(&self) -> Result<Secret, Error> {
        let secret = self
            .ctx
            .secret(self.namespace().unwrap_or_default(), &self.certificate.spec.secret_name)
            .await?;
        let version = self.observed.secret.as_ref().map(|seen| seen.version.as_str());
        secret
            .filter(|secret| secret.metadata.resource_version.as_deref() == version)
            .ok_or(Error::Stale("Secret"))
    }

    async fn apply(&self, pems: &Pems, existing_type: Option<&str>, uid: Option<&str>) -> Result<(), Error> {
        let chain = X509::bundle_from_pem(&pems.chain, limits::CHAIN).map_err(crypto("read the certificate"))?;
        let Some(leaf) = chain.first() else {
            return Err(Error::Stale("CertificateRequest"));
        };
        let owned = self.ctx.settings.enable_certificate_owner_ref;
        let mut patch = render(
            &Target {
                certificate: self.certificate,
                leaf,
                existing_type,
                owned,
            },
            pems,
        );
        if let Some(uid) = uid {
            // A Secret that was deleted meanwhile must not come back with old content.
            patch["metadata"]["uid"] = json!(uid);
        }
        let name = &self.certificate.spec.secret_name;
        let written: Secret = self
            .ctx
            .writer
            .apply(self.namespace(), name, &patch)
            .await
            .map_err(refusal)?;
        let facts = Arc::new(facts::of(&written));
        self.ctx.memories.with(self.key, |memory| memory.secret = Some(facts));
        self.ctx.secrets.written(written.metadata.into_response_partial());
        Ok(())
    }
}

impl std::fmt::Debug for Act<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Act").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What the server will say again and again is for users to read.
fn refusal(error: WriteError) -> Error {
    match (error.class(), error.message()) {
        (ErrorClass::Invalid | ErrorClass::Forbidden, Some(message)) => Error::Refused {
            message: message.to_owned(),
        },
        _ => Error::Call(error),
    }
}

fn crypto(operation: &'static str) -> impl Fn(evercert_pki::Error) -> Error {
    move |source| Error::Crypto { operation, source }
}

/// Our own literals always fit their types; a mistake shows in the first test.
fn parse<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(Error::Literal)
}
