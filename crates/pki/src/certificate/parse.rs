//! Reads a certificate (RFC 5280 section 4.1) into facts.

use std::sync::OnceLock;

use super::facts::Facts;
use crate::asn1::{self, Reader, context_constructed};
use crate::extension::Extension;
use crate::name::Name;
use crate::san::SubjectAltNames;
use crate::usage::Usages;
use crate::{Error, oids, time};

/// PEM type.
pub(super) const LABEL: &str = "CERTIFICATE";

pub(super) fn facts(der: &[u8]) -> Result<Facts, Error> {
    let mut outer = Reader::whole_sequence(der, "certificate")?;
    let mut tbs = outer.inside(asn1::SEQUENCE)?;
    let signature_algorithm = outer.inside(asn1::SEQUENCE)?.oid()?;
    outer.value(asn1::BIT_STRING)?;
    outer.end()?;

    tbs.optional(context_constructed(0))?;
    let serial = tbs.value(asn1::INTEGER)?.content.to_vec();
    tbs.value(asn1::SEQUENCE)?;
    let issuer = Name::from_der(tbs.value(asn1::SEQUENCE)?.raw.to_vec())?;
    let mut validity = tbs.inside(asn1::SEQUENCE)?;
    let (not_before, not_after) = (time::read(&mut validity)?, time::read(&mut validity)?);
    let subject = Name::from_der(tbs.value(asn1::SEQUENCE)?.raw.to_vec())?;
    let spki = tbs.value(asn1::SEQUENCE)?.raw.to_vec();
    let extensions = extensions(&mut tbs)?;
    let sans = Extension::find(&extensions, &oids::SUBJECT_ALT_NAME);
    let sans = sans
        .map(|extension| SubjectAltNames::from_der(&extension.value))
        .transpose()?
        .unwrap_or_default();
    Ok(Facts {
        der: der.to_vec(),
        serial,
        signature_algorithm,
        issuer,
        subject,
        not_before,
        not_after,
        spki,
        sans,
        is_ca: Extension::ca_flag(&extensions)?.unwrap_or(false),
        usages: Usages::from_extensions(&extensions)?,
        extensions,
        public_key: OnceLock::new(),
    })
}

/// Skips the unique identifiers of version 2; a certificate of version 1 has no extensions.
fn extensions(tbs: &mut Reader<'_>) -> Result<Vec<Extension>, Error> {
    while !tbs.is_empty() {
        let value = tbs.any()?;
        if value.tag == context_constructed(3) {
            tbs.end()?;
            return Extension::list_from_der(value.content);
        }
    }
    Ok(Vec::new())
}
