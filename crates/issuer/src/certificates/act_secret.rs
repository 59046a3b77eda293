//! Steps that write the target Secret.

use std::sync::Arc;

use evercert_core::apply::{ErrorClass, WriteError};
use evercert_core::contract::keys::{CA_CRT, TLS_CRT, TLS_KEY};
use evercert_pki::certificate::Certificate as X509;
use evercert_pki::limits;
use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMetaExt;
use serde_json::json;

use super::act::{Act, crypto};
use super::request_match::certificate_mismatch;
use super::secret::{Pems, Target, render};
use super::{csr, facts};
use crate::error::Error;
use crate::memory::Compared;

impl Act<'_> {
    pub(super) async fn write_secret(&self, request: &str) -> Result<(), Error> {
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

    pub(super) async fn repair_secret(&self) -> Result<(), Error> {
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
    pub(super) async fn target(&self) -> Result<Secret, Error> {
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
        // Known without reading back what was just written.
        let compared = Arc::new(Compared {
            version: facts.version.clone(),
            generation: self.certificate.metadata.generation.unwrap_or_default(),
            mismatch: certificate_mismatch(&self.certificate.spec, leaf),
        });
        self.ctx.memories.with(self.key, |memory| {
            (memory.secret, memory.secret_mismatch) = (Some(facts), Some(compared));
        });
        self.ctx.secrets.written(written.metadata.into_response_partial());
        Ok(())
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
