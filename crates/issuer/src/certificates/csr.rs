//! From a Certificate's spec to the CSR that asks for it (certificates.md 1.1 to 1.3). Refusals name the field and the remedy.

use evercert_api::GoDuration;
use evercert_api::certmanager::v1::{
    CertificateSpec, KeyUsage, NameConstraintItem, PrivateKeyAlgorithm, PrivateKeyEncoding, PrivateKeyRotationPolicy,
    X509Subject,
};
use evercert_pki::Error;
use evercert_pki::csr::CsrTemplate;
use evercert_pki::key::{KeyAlgorithm, KeyEncoding};
use evercert_pki::name::{Name, Subject};
use evercert_pki::name_constraints::{NameConstraints, Subtrees};
use evercert_pki::san::{OtherName, SubjectAltNames};
use evercert_pki::signature::SignatureAlgorithm;
use evercert_pki::usage::Usages;

use crate::names::{DEFAULT_DURATION, MIN_DURATION};

/// Longest common name in bytes (RFC 5280, ub-common-name).
const LONGEST_COMMON_NAME: usize = 64;

/// A spec that no request can be made from: the field, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// A field that the PKI refuses.
    #[error("spec.{field}: {source}")]
    Field {
        /// Path below spec.
        field: &'static str,
        /// Why.
        #[source]
        source: Error,
    },
    /// A field, or the lack of one, that makes no sense.
    #[error("spec.{field}: {problem}")]
    Value {
        /// Path below spec.
        field: &'static str,
        /// Why, and what to do.
        problem: String,
    },
}

fn at(field: &'static str) -> impl Fn(Error) -> SpecError {
    move |source| SpecError::Field { field, source }
}

fn value(field: &'static str, problem: impl Into<String>) -> SpecError {
    SpecError::Value {
        field,
        problem: problem.into(),
    }
}

/// Everything about the CSR but the key.
pub fn template(spec: &CertificateSpec) -> Result<CsrTemplate, SpecError> {
    let subject = subject(spec)?;
    let sans = sans(spec)?;
    if sans.is_empty() && subject.common_name().is_none_or(|name| name.is_empty()) {
        let problem = "name at least one of commonName, dnsNames, ipAddresses, uris, emailAddresses, otherNames";
        return Err(value("dnsNames", problem));
    }
    sans.to_der()
        .map_err(at("dnsNames, ipAddresses, uris, emailAddresses or otherNames"))?;
    check_times(spec)?;
    let usages = usages(spec)?;
    Ok(CsrTemplate {
        subject,
        sans,
        usages: spec.encode_usages_in_request.unwrap_or(true).then_some(usages),
        is_ca: None,
        name_constraints: name_constraints(spec)?,
        signature: signature(spec)?,
    })
}

/// Algorithm and size of the key: RSA 2048 unless the spec says otherwise.
pub fn key_algorithm(spec: &CertificateSpec) -> Result<KeyAlgorithm, SpecError> {
    let options = spec.private_key.as_ref();
    let size = options.and_then(|options| options.size).filter(|size| *size != 0);
    let size = |default: u32| size.map_or(default, |size| u32::try_from(size).unwrap_or(0));
    match options.and_then(|options| options.algorithm.as_ref()) {
        None | Some(PrivateKeyAlgorithm::Rsa) => KeyAlgorithm::rsa(size(2048)).map_err(at("privateKey.size")),
        Some(PrivateKeyAlgorithm::Ecdsa) => KeyAlgorithm::ecdsa(size(256)).map_err(at("privateKey.size")),
        Some(PrivateKeyAlgorithm::Ed25519) => Ok(KeyAlgorithm::Ed25519),
        Some(PrivateKeyAlgorithm::Other(other)) => Err(value(
            "privateKey.algorithm",
            format!("{other:?} is not RSA, ECDSA or Ed25519"),
        )),
    }
}

/// PEM form of `tls.key`.
pub fn key_encoding(spec: &CertificateSpec) -> KeyEncoding {
    match spec.private_key.as_ref().and_then(|options| options.encoding.as_ref()) {
        Some(PrivateKeyEncoding::Pkcs8) => KeyEncoding::Pkcs8,
        _ => KeyEncoding::Pkcs1,
    }
}

/// Rotation policy Never.
pub fn keeps_key(spec: &CertificateSpec) -> bool {
    let policy = spec
        .private_key
        .as_ref()
        .and_then(|options| options.rotation_policy.as_ref());
    policy == Some(&PrivateKeyRotationPolicy::Never)
}

/// Usages of the certificate.
pub fn usages(spec: &CertificateSpec) -> Result<Usages, SpecError> {
    let names: Vec<_> = spec.usages.iter().map(KeyUsage::as_str).collect();
    Usages::from_names(&names, spec.is_ca).map_err(at("usages"))
}

/// The subject, in the order of RDNs that upstream asks for.
pub fn subject(spec: &CertificateSpec) -> Result<Name, SpecError> {
    let name = if spec.literal_subject.is_empty() {
        Name::from_subject(&subject_fields(spec))
    } else {
        Name::from_literal(&spec.literal_subject).map_err(at("literalSubject"))?
    };
    let length = name.common_name().map_or(0, |name| name.len());
    if length > LONGEST_COMMON_NAME {
        let problem =
            format!("is {length} bytes long, more than {LONGEST_COMMON_NAME}; put the name into dnsNames instead");
        return Err(value("commonName", problem));
    }
    Ok(name)
}

/// The subject's fields as the spec lists them.
pub fn subject_fields(spec: &CertificateSpec) -> Subject {
    let X509Subject {
        organizations,
        countries,
        organizational_units,
        localities,
        provinces,
        street_addresses,
        postal_codes,
        serial_number,
    } = spec.subject.clone().unwrap_or_default();
    let set = |text: String| (!text.is_empty()).then_some(text);
    Subject {
        countries,
        organizations,
        organizational_units,
        localities,
        provinces,
        street_addresses,
        postal_codes,
        common_name: set(spec.common_name.clone()),
        serial_number: set(serial_number),
    }
}

/// Alternative names; an address in any spelling.
pub fn sans(spec: &CertificateSpec) -> Result<SubjectAltNames, SpecError> {
    let mut sans = SubjectAltNames {
        dns: spec.dns_names.clone(),
        uris: spec.uris.clone(),
        emails: spec.email_addresses.clone(),
        other_names: spec
            .other_names
            .iter()
            .map(|name| OtherName {
                oid: name.oid.clone(),
                value: name.utf8_value.clone(),
            })
            .collect(),
        ..SubjectAltNames::default()
    };
    for ip in &spec.ip_addresses {
        sans.push_ip(ip).map_err(at("ipAddresses"))?;
    }
    Ok(sans)
}

fn signature(spec: &CertificateSpec) -> Result<Option<SignatureAlgorithm>, SpecError> {
    let Some(name) = &spec.signature_algorithm else {
        return Ok(None);
    };
    let signature: SignatureAlgorithm = name.as_str().parse().map_err(at("signatureAlgorithm"))?;
    let key = key_algorithm(spec)?;
    if signature.fits(key) {
        return Ok(Some(signature));
    }
    Err(value(
        "signatureAlgorithm",
        format!("{name} does not fit a key of type {key}; change one of them"),
    ))
}

fn name_constraints(spec: &CertificateSpec) -> Result<Option<NameConstraints>, SpecError> {
    let Some(constraints) = &spec.name_constraints else {
        return Ok(None);
    };
    if !spec.is_ca {
        return Err(value(
            "nameConstraints",
            "only a certificate with isCA: true may have name constraints",
        ));
    }
    let subtrees = |item: &Option<NameConstraintItem>| item.clone().map_or_else(Subtrees::default, subtrees);
    Ok(Some(NameConstraints {
        critical: constraints.critical,
        permitted: subtrees(&constraints.permitted),
        excluded: subtrees(&constraints.excluded),
    }))
}

fn subtrees(item: NameConstraintItem) -> Subtrees {
    Subtrees {
        dns_domains: item.dns_domains,
        ip_ranges: item.ip_ranges,
        email_addresses: item.email_addresses,
        uri_domains: item.uri_domains,
    }
}

/// What admission refuses too; an object stored without it must not renew in a circle.
fn check_times(spec: &CertificateSpec) -> Result<(), SpecError> {
    let duration = spec.duration.map_or(DEFAULT_DURATION, GoDuration::to_std);
    if duration < MIN_DURATION {
        return Err(value("duration", "must be at least 1h"));
    }
    if spec.renew_before.is_some_and(|before| before.to_std() >= duration) {
        return Err(value("renewBefore", "must be shorter than duration"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use evercert_api::certmanager::v1::{
        CertificatePrivateKey, NameConstraints as SpecConstraints, SignatureAlgorithm as SpecSignature,
    };

    use super::*;

    fn spec() -> CertificateSpec {
        CertificateSpec {
            dns_names: vec!["a.example".into()],
            ..CertificateSpec::default()
        }
    }
    #[allow(clippy::unnecessary_wraps, reason = "the field is optional")]
    fn key(algorithm: PrivateKeyAlgorithm, size: i32) -> Option<CertificatePrivateKey> {
        Some(CertificatePrivateKey {
            algorithm: Some(algorithm),
            size: Some(size),
            ..CertificatePrivateKey::default()
        })
    }

    #[test]
    fn a_spec_that_cannot_be_requested_says_which_field_and_why() {
        let table = [
            (CertificateSpec::default(), "spec.dnsNames: name at least one of"),
            (
                CertificateSpec {
                    common_name: "x".repeat(65),
                    ..spec()
                },
                "spec.commonName: is 65 bytes long",
            ),
            (
                CertificateSpec {
                    ip_addresses: vec!["1.2.3.4/24".into()],
                    ..spec()
                },
                "spec.ipAddresses: invalid IP address \"1.2.3.4/24\"",
            ),
            (
                CertificateSpec {
                    email_addresses: vec!["A <a@b>".into()],
                    ..spec()
                },
                "invalid email address",
            ),
            (
                CertificateSpec {
                    literal_subject: "nonsense".into(),
                    ..spec()
                },
                "spec.literalSubject: ",
            ),
            (
                CertificateSpec {
                    usages: vec![KeyUsage::Other("flying".into())],
                    ..spec()
                },
                "spec.usages: unknown usage \"flying\"",
            ),
            (
                CertificateSpec {
                    duration: Some(GoDuration::from_mins(59)),
                    ..spec()
                },
                "spec.duration: must be at least 1h",
            ),
            (
                CertificateSpec {
                    renew_before: Some(GoDuration::from_hours(2160)),
                    ..spec()
                },
                "spec.renewBefore: must be shorter",
            ),
            (
                CertificateSpec {
                    signature_algorithm: Some(SpecSignature::PureEd25519),
                    ..spec()
                },
                "spec.signatureAlgorithm: PureEd25519 does not fit",
            ),
            (
                CertificateSpec {
                    name_constraints: Some(SpecConstraints::default()),
                    ..spec()
                },
                "spec.nameConstraints: only a certificate with isCA",
            ),
        ];
        for (spec, expected) in table {
            let error = template(&spec).unwrap_err().to_string();
            assert!(error.contains(expected), "{error:?} does not say {expected:?}");
        }
    }

    #[test]
    fn keys_are_rsa_2048_unless_wished_otherwise() {
        use PrivateKeyAlgorithm::{Ecdsa, Ed25519, Other, Rsa};
        let table = [
            (None, Some("RSA 2048")),
            (key(Rsa, 0), Some("RSA 2048")),
            (key(Rsa, 3072), Some("RSA 3072")),
            (key(Rsa, 1024), None),
            (key(Rsa, 16_384), None),
            (key(Rsa, -1), None),
            (key(Ecdsa, 0), Some("ECDSA 256")),
            (key(Ecdsa, 521), Some("ECDSA 521")),
            (key(Ecdsa, 224), None),
            (key(Ed25519, 7), Some("Ed25519")),
            (key(Other("DSA".into()), 1024), None),
        ];
        for (private_key, expected) in table {
            let found = key_algorithm(&CertificateSpec {
                private_key: private_key.clone(),
                ..spec()
            })
            .ok();
            assert_eq!(found.map(|key| key.to_string()).as_deref(), expected, "{private_key:?}");
        }
    }

    #[test]
    fn usages_are_left_out_of_the_csr_when_the_spec_says_so() {
        assert!(template(&spec()).unwrap().usages.is_some());
        assert!(
            template(&CertificateSpec {
                encode_usages_in_request: Some(false),
                ..spec()
            })
            .unwrap()
            .usages
            .is_none()
        );
    }
}
