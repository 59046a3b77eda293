//! Steps that make a CertificateRequest and have it answered.

use std::sync::Arc;

use evercert_api::ByteString;
use evercert_api::certmanager::v1::{CertificateRequest, CertificateRequestSpec};
use evercert_core::apply::ErrorClass;
use evercert_core::watch::Key;
use kube::ResourceExt;

use super::act::{Act, crypto, parse};
use super::secret::owner_reference;
use super::{csr, revision};
use crate::error::Error;
use crate::names::annotations;
use crate::requests;

impl Act<'_> {
    pub(super) async fn request(&self, revision: i64, answer: bool) -> Result<(), Error> {
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
    pub(super) async fn answer(&self, name: &str) -> Result<(), Error> {
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
}
