//! Reads a request that somebody sent: nothing in it is believed before its signature has been checked.

use crate::asn1::{self, Reader, context_constructed};
use crate::extension::Extension;
use crate::key::PublicKey;
use crate::name::Name;
use crate::san::SubjectAltNames;
use crate::signature::SignatureAlgorithm;
use crate::usage::Usages;
use crate::{Error, limits, oids, pem};

/// A request whose signature verifies.
#[derive(Debug, Clone)]
pub struct Csr {
    /// Subject as it stands in the request.
    pub subject: Name,
    /// The key that is to be certified.
    pub public_key: PublicKey,
    /// Alternative names, those of known kinds.
    pub sans: SubjectAltNames,
    /// Algorithm of its signature.
    pub signature: SignatureAlgorithm,
    /// All extensions it asks for.
    pub extensions: Vec<Extension>,
}

impl Csr {
    /// From PEM. Errors: malformed, key or signature algorithm not supported, signature wrong.
    pub fn from_pem(input: &[u8]) -> Result<Self, Error> {
        limits::check("certificate request", input, limits::CERTIFICATE)?;
        let what = "certificate request";
        let block = pem::blocks(input)?.into_iter().next().ok_or(Error::NoPem { what })?;
        if !["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"].contains(&block.label.as_str()) {
            return Err(Error::WrongPem {
                what,
                label: block.label,
            });
        }
        Self::from_der(&block.der)
    }

    fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut outer = Reader::whole_sequence(der, "certificate request")?;
        let info = outer.value(asn1::SEQUENCE)?;
        let algorithm = outer.inside(asn1::SEQUENCE)?.oid()?;
        let bits = outer.value(asn1::BIT_STRING)?.content;
        outer.end()?;
        let (Some(signature), [0, bits @ ..]) = (SignatureAlgorithm::of_oid(&algorithm), bits) else {
            return Err(Error::Unsupported(format!(
                "signature algorithm {algorithm} of the CSR is not supported"
            )));
        };

        let mut reader = info.reader("certificate request");
        reader.value(asn1::INTEGER)?;
        let subject = Name::from_der(reader.value(asn1::SEQUENCE)?.raw.to_vec())?;
        let public_key = PublicKey::from_spki_der(reader.value(asn1::SEQUENCE)?.raw)?;
        if !public_key.verifies(signature, info.raw, bits) {
            return Err(Error::BadCsrSignature);
        }
        let extensions = match reader.optional(context_constructed(0))? {
            Some(attributes) => requested_extensions(attributes.reader("attributes of the certificate request"))?,
            None => Vec::new(),
        };
        let sans = Extension::find(&extensions, &oids::SUBJECT_ALT_NAME);
        let sans = sans
            .map(|extension| SubjectAltNames::from_der(&extension.value))
            .transpose()?
            .unwrap_or_default();
        let csr = Self {
            subject,
            public_key,
            sans,
            signature,
            extensions,
        };
        csr.usages()?;
        csr.is_ca()?;
        Ok(csr)
    }

    /// Usages it asks for; `None` where it carries neither keyUsage nor extKeyUsage.
    pub fn usages(&self) -> Result<Option<Usages>, Error> {
        Usages::from_extensions(&self.extensions)
    }

    /// CA flag it asks for; `None` where it carries no basicConstraints.
    pub fn is_ca(&self) -> Result<Option<bool>, Error> {
        Extension::ca_flag(&self.extensions)
    }

    /// Refuses a request whose own extensions say something else than what is to be signed.
    ///
    /// Each extension is compared only if it is there: a CSR with keyUsage alone says nothing about extKeyUsage.
    pub fn check_agrees(&self, usages: &Usages, is_ca: bool) -> Result<(), Error> {
        let asked = self.usages()?.unwrap_or_default();
        let has = |oid| Extension::find(&self.extensions, oid).is_some();
        let contradiction = |part: &str, csr: &Usages| {
            let (csr, request) = (csr.names().join(", "), usages.names().join(", "));
            Err(Error::Contradiction(format!(
                "{part} is [{csr}] in the CSR and the request has [{request}]"
            )))
        };
        if has(&oids::KEY_USAGE) && asked.key_usage() != usages.key_usage() {
            return contradiction("key usage", &asked);
        }
        if has(&oids::EXT_KEY_USAGE) && asked.extended() != usages.extended() {
            return contradiction("extended key usage", &asked);
        }
        match self.is_ca()? {
            Some(asked) if asked != is_ca => Err(Error::Contradiction(format!(
                "isCA is {asked} in the CSR and {is_ca} in the request"
            ))),
            _ => Ok(()),
        }
    }
}

/// Extensions of the first extensionRequest attribute.
fn requested_extensions(mut attributes: Reader<'_>) -> Result<Vec<Extension>, Error> {
    while !attributes.is_empty() {
        let mut attribute = attributes.inside(asn1::SEQUENCE)?;
        if attribute.oid()? == oids::EXTENSION_REQUEST {
            let mut values = attribute.inside(asn1::SET)?;
            return Extension::list_from_der(values.any()?.raw);
        }
    }
    Ok(Vec::new())
}
