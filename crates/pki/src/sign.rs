//! Signs certificates for the SelfSigned and CA issuers, with upstream's template.

use jiff::Timestamp;
use openssl::sha::sha256;

use crate::asn1::{self, Reader, bit_string, context, context_constructed, object_id, sequence, tlv, unsigned};
use crate::certificate::Certificate;
use crate::csr::Csr;
use crate::extension::Extension;
use crate::key::{PrivateKey, PublicKey};
use crate::oids::{self, Oid};
use crate::signature::SignatureAlgorithm;
use crate::usage::Usages;
use crate::{Error, time};

/// What to sign. Subject, alternative names and name constraints come from the CSR byte for byte, all else from here.
#[derive(Debug, Clone, Copy)]
pub struct SigningTemplate<'a> {
    /// The request.
    pub csr: &'a Csr,
    /// Usages of the certificate.
    pub usages: &'a Usages,
    /// CA flag of the certificate. There never is a path length.
    pub is_ca: bool,
    /// 128 random bits from the caller; the highest is cleared so that the number is positive.
    pub serial: [u8; 16],
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// URLs of the CA's revocation lists.
    pub crl_distribution_points: &'a [String],
    /// URLs of the CA's OCSP responders.
    pub ocsp_servers: &'a [String],
    /// URLs of the CA's own certificate.
    pub issuing_certificate_urls: &'a [String],
}

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub enum Signer<'a> {
    /// The key that is certified, signing itself with the hash of its CSR.
    SelfSigned(&'a PrivateKey),
    /// A CA, signing with the hash that its key asks for.
    Ca {
        /// The CA's certificate.
        certificate: &'a Certificate,
        /// The CA's key.
        key: &'a PrivateKey,
    },
}

/// The signed certificate. Errors: the CSR contradicts the template, the key is not the signer's, a URL outside ASCII.
pub fn sign(template: &SigningTemplate<'_>, signer: &Signer<'_>) -> Result<Certificate, Error> {
    template.csr.check_agrees(template.usages, template.is_ca)?;
    let (key, issuer, algorithm) = match signer {
        Signer::SelfSigned(key) if *key.public_key() != template.csr.public_key => return Err(Error::KeyMismatch),
        Signer::SelfSigned(key) => (*key, &template.csr.subject, template.csr.signature),
        Signer::Ca { certificate, key } if !certificate.matches(key) => return Err(Error::KeyMismatch),
        Signer::Ca { certificate, key } => (
            *key,
            certificate.subject(),
            SignatureAlgorithm::default_for(key.algorithm()),
        ),
    };
    let extensions = Extension::list_to_der(&extensions(template, signer)?);
    let tbs = sequence(&[
        &tlv(context_constructed(0), &unsigned(&[2])),
        &serial(template.serial),
        &algorithm.identifier(),
        issuer.as_der(),
        &sequence(&[&time::to_der(template.not_before), &time::to_der(template.not_after)]),
        template.csr.subject.as_der(),
        template.csr.public_key.spki_der(),
        &tlv(context_constructed(3), &extensions),
    ]);
    let signature = key.sign(algorithm, &tbs)?;
    Certificate::from_der(&sequence(&[&tbs, &algorithm.identifier(), &bit_string(&signature)]))
}

/// Positive and never zero (RFC 5280 section 4.1.2.2).
fn serial(mut random: [u8; 16]) -> Vec<u8> {
    random[0] &= 0x7f;
    if random == [0; 16] {
        random[15] = 1;
    }
    unsigned(&random)
}

fn extensions(template: &SigningTemplate<'_>, signer: &Signer<'_>) -> Result<Vec<Extension>, Error> {
    let csr = template.csr;
    let plain = |oid, value| Extension {
        oid,
        critical: false,
        value,
    };
    let mut extensions = template.usages.to_extensions();
    extensions.push(Extension::basic_constraints(template.is_ca));
    if template.is_ca {
        extensions.push(plain(
            oids::SUBJECT_KEY_ID,
            tlv(asn1::OCTET_STRING, &key_id(&csr.public_key)?),
        ));
    }
    extensions.extend(authority_key_id(template, signer));
    if !(template.ocsp_servers.is_empty() && template.issuing_certificate_urls.is_empty()) {
        let ocsp = access(oids::AIA_OCSP, template.ocsp_servers)?;
        let issuers = access(oids::AIA_CA_ISSUERS, template.issuing_certificate_urls)?;
        extensions.push(plain(oids::AUTHORITY_INFO_ACCESS, sequence(&[&ocsp, &issuers])));
    }
    if let Some(sans) = Extension::find(&csr.extensions, &oids::SUBJECT_ALT_NAME) {
        extensions.push(Extension {
            critical: csr.subject.is_empty(),
            ..sans.clone()
        });
    }
    extensions.extend(Extension::find(&csr.extensions, &oids::NAME_CONSTRAINTS).cloned());
    if !template.crl_distribution_points.is_empty() {
        extensions.push(plain(
            oids::CRL_DISTRIBUTION_POINTS,
            distribution_points(template.crl_distribution_points)?,
        ));
    }
    Ok(extensions)
}

/// The signer's key identifier. A certificate that signs itself has none, as with Go's library.
fn authority_key_id(template: &SigningTemplate<'_>, signer: &Signer<'_>) -> Option<Extension> {
    let Signer::Ca { certificate, .. } = signer else {
        return None;
    };
    if *certificate.subject() == template.csr.subject {
        return None;
    }
    let id = &certificate.extension(&oids::SUBJECT_KEY_ID)?.value;
    let id = Reader::new(id, "subject key identifier")
        .value(asn1::OCTET_STRING)
        .ok()?
        .content;
    Some(Extension {
        oid: oids::AUTHORITY_KEY_ID,
        critical: false,
        value: sequence(&[&tlv(context(0), id)]),
    })
}

/// RFC 7093 section 2, method 1: the first 160 bits of the SHA-256 of the key.
fn key_id(key: &PublicKey) -> Result<Vec<u8>, Error> {
    let mut spki = Reader::whole_sequence(key.spki_der(), "public key")?;
    spki.value(asn1::SEQUENCE)?;
    let bits = spki.value(asn1::BIT_STRING)?.content;
    Ok(sha256(bits.get(1..).unwrap_or_default()).into_iter().take(20).collect())
}

fn url(text: &str) -> Result<Vec<u8>, Error> {
    if text.is_ascii() && !text.is_empty() {
        Ok(tlv(context(6), text.as_bytes()))
    } else {
        Err(Error::BadName {
            what: "URL",
            value: text.to_owned(),
            reason: "empty or outside ASCII",
        })
    }
}

fn access(method: Oid, urls: &[String]) -> Result<Vec<u8>, Error> {
    let list = urls
        .iter()
        .map(|text| Ok(sequence(&[&object_id(&method), &url(text)?])));
    Ok(list.collect::<Result<Vec<_>, Error>>()?.concat())
}

/// One distribution point for each URL, as Go's library writes them.
fn distribution_points(urls: &[String]) -> Result<Vec<u8>, Error> {
    let point = |text: &String| {
        let full_name = tlv(context_constructed(0), &url(text)?);
        Ok(sequence(&[&tlv(context_constructed(0), &full_name)]))
    };
    Ok(sequence(&[&urls
        .iter()
        .map(point)
        .collect::<Result<Vec<_>, Error>>()?
        .concat()]))
}
