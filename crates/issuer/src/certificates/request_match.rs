//! Whether a request, or a certificate, still is what a Certificate's spec asks for (policy row 8, `pkg/util/pki/match.go`).
//!
//! Names are sets: order, double entries and spellings of addresses do not count. Unlike upstream a spec from which all
//! otherNames were removed differs from a request that has some.

use std::collections::BTreeSet;
use std::net::IpAddr;

use evercert_api::certmanager::v1::{CertificateRequestSpec, CertificateSpec, KeyUsage};
use evercert_api::meta::v1::IssuerReference;
use evercert_pki::certificate::Certificate;
use evercert_pki::csr::Csr;
use evercert_pki::name::{Name, Subject};
use evercert_pki::san::SubjectAltNames;

use super::csr;
use super::observed::IssuerRef;
use crate::names::{GROUP, KIND_ISSUER};

/// Fields of the spec that the request does not carry; empty where it is up to date.
pub fn request_mismatch(spec: &CertificateSpec, request: &CertificateRequestSpec, csr: &Csr) -> Vec<&'static str> {
    let sans = csr::sans(spec).unwrap_or_default();
    let usages = csr::usages(spec).ok();
    let requested = request_usages(request);
    let durations = spec.duration.zip(request.duration);
    let fields = [
        ("spec.ipAddresses", ips(&sans) != ips(&csr.sans)),
        ("spec.uris", set(&sans.uris) != set(&csr.sans.uris)),
        ("spec.emailAddresses", set(&sans.emails) != set(&csr.sans.emails)),
        ("spec.dnsNames", set(&sans.dns) != set(&csr.sans.dns)),
        ("spec.otherNames", other_names(&sans) != other_names(&csr.sans)),
        ("spec.isCA", spec.is_ca != request.is_ca),
        ("spec.usages", usages.is_some() && usages != requested),
        (
            "spec.duration",
            durations.is_some_and(|(wished, requested)| wished != requested),
        ),
        (
            "spec.issuerRef",
            issuer_ref(&spec.issuer_ref) != issuer_ref(&request.issuer_ref),
        ),
    ];
    let differing = fields
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(field, _)| field);
    subject_mismatch(spec, &csr.subject)
        .into_iter()
        .chain(differing)
        .collect()
}

/// A loose comparison for where no request is left: names may have moved between common name and DNS names.
pub fn certificate_mismatch(spec: &CertificateSpec, certificate: &Certificate) -> Vec<&'static str> {
    let found = certificate.sans();
    let wished = csr::sans(spec).unwrap_or_default();
    let name = csr::subject(spec).ok().and_then(|subject| subject.common_name());
    let names = |sans: &SubjectAltNames, common: Option<String>| -> BTreeSet<String> {
        sans.dns
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .chain(
                common
                    .filter(|name| !name.is_empty())
                    .map(|name| name.to_ascii_lowercase()),
            )
            .collect()
    };
    let fields = [
        (
            "spec.dnsNames",
            names(&wished, name) != names(found, certificate.subject().common_name()),
        ),
        ("spec.ipAddresses", ips(&wished) != ips(found)),
        ("spec.uris", set(&wished.uris) != set(&found.uris)),
        ("spec.emailAddresses", set(&wished.emails) != set(&found.emails)),
    ];
    fields
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(field, _)| field)
        .collect()
}

/// A reference with its defaults filled in.
pub fn issuer_ref(reference: &IssuerReference) -> IssuerRef {
    let or = |text: &String, default: &str| {
        if text.is_empty() {
            default.to_owned()
        } else {
            text.clone()
        }
    };
    IssuerRef {
        name: reference.name.clone(),
        kind: or(&reference.kind, KIND_ISSUER),
        group: or(&reference.group, GROUP),
    }
}

/// A literal subject is compared as text, because implementations differ in string types; fields are compared as sets.
fn subject_mismatch(spec: &CertificateSpec, found: &Name) -> Vec<&'static str> {
    if !spec.literal_subject.is_empty() {
        let same = csr::subject(spec).is_ok_and(|wished| wished.to_string() == found.to_string());
        return if same { vec![] } else { vec!["spec.literalSubject"] };
    }
    let (wished, found) = (csr::subject_fields(spec), found.subject());
    let mut fields = vec![];
    if wished.common_name != found.common_name.clone().filter(|name| !name.is_empty()) {
        fields.push("spec.commonName");
    }
    if fields_of(&wished) != fields_of(&found) {
        fields.push("spec.subject");
    }
    fields
}

fn fields_of(subject: &Subject) -> ([BTreeSet<&String>; 7], Option<&String>) {
    let lists = [
        set(&subject.countries),
        set(&subject.organizations),
        set(&subject.organizational_units),
        set(&subject.localities),
        set(&subject.provinces),
        set(&subject.street_addresses),
        set(&subject.postal_codes),
    ];
    (
        lists,
        subject.serial_number.as_ref().filter(|serial| !serial.is_empty()),
    )
}

fn request_usages(request: &CertificateRequestSpec) -> Option<evercert_pki::usage::Usages> {
    let names: Vec<_> = request.usages.iter().map(KeyUsage::as_str).collect();
    evercert_pki::usage::Usages::from_names(&names, request.is_ca).ok()
}

fn set(names: &[String]) -> BTreeSet<&String> {
    names.iter().collect()
}

fn ips(sans: &SubjectAltNames) -> BTreeSet<IpAddr> {
    sans.ips.iter().map(IpAddr::to_canonical).collect()
}

fn other_names(sans: &SubjectAltNames) -> BTreeSet<(&str, &str)> {
    sans.other_names
        .iter()
        .map(|name| (name.oid.as_str(), name.value.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use evercert_api::GoDuration;
    use evercert_api::certmanager::v1::{OtherName, X509Subject};
    use evercert_pki::key::{Curve, KeyAlgorithm, PrivateKey};

    use super::*;

    fn spec() -> CertificateSpec {
        CertificateSpec {
            common_name: "a.example".into(),
            dns_names: vec!["a.example".into(), "b.example".into()],
            ip_addresses: vec!["::1".into(), "10.0.0.1".into()],
            duration: Some(GoDuration::from_hours(24)),
            issuer_ref: IssuerReference {
                name: "ca".into(),
                ..IssuerReference::default()
            },
            ..CertificateSpec::default()
        }
    }

    #[test]
    fn a_request_differs_in_exactly_the_fields_that_were_changed() {
        let key = PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256)).unwrap();
        let pem = evercert_pki::csr::build(&csr::template(&spec()).unwrap(), &key).unwrap();
        let csr = Csr::from_pem(pem.as_bytes()).unwrap();
        let request = CertificateRequestSpec {
            duration: Some(GoDuration::from_hours(24)),
            issuer_ref: spec().issuer_ref,
            ..CertificateRequestSpec::default()
        };
        let changed = |change: fn(&mut CertificateSpec)| {
            let mut spec = spec();
            change(&mut spec);
            spec
        };
        let table: Vec<(CertificateSpec, &[&str])> = vec![
            (spec(), &[]),
            (changed(|s| s.dns_names.reverse()), &[]),
            (changed(|s| s.dns_names.push("a.example".into())), &[]),
            (
                changed(|s| s.ip_addresses = vec!["10.0.0.1".into(), "0:0:0:0:0:0:0:1".into()]),
                &[],
            ),
            (changed(|s| s.issuer_ref.kind = "Issuer".into()), &[]),
            (changed(|s| s.duration = None), &[]),
            (
                changed(|s| s.usages = vec![KeyUsage::KeyEncipherment, KeyUsage::Signing]),
                &[],
            ),
            (changed(|s| s.dns_names = vec!["c.example".into()]), &["spec.dnsNames"]),
            (changed(|s| s.ip_addresses.clear()), &["spec.ipAddresses"]),
            (changed(|s| s.uris = vec!["spiffe://x/y".into()]), &["spec.uris"]),
            (
                changed(|s| s.email_addresses = vec!["a@b".into()]),
                &["spec.emailAddresses"],
            ),
            (
                changed(|s| {
                    s.other_names = vec![OtherName {
                        oid: "1.2.3".into(),
                        utf8_value: "x".into(),
                    }];
                }),
                &["spec.otherNames"],
            ),
            (changed(|s| s.common_name = String::new()), &["spec.commonName"]),
            (
                changed(|s| {
                    s.subject = Some(X509Subject {
                        organizations: vec!["o".into()],
                        ..X509Subject::default()
                    });
                }),
                &["spec.subject"],
            ),
            (changed(|s| s.literal_subject = "CN=a.example".into()), &[]),
            (
                changed(|s| s.literal_subject = "CN=b.example".into()),
                &["spec.literalSubject"],
            ),
            (changed(|s| s.is_ca = true), &["spec.isCA", "spec.usages"]),
            (changed(|s| s.usages = vec![KeyUsage::ServerAuth]), &["spec.usages"]),
            (
                changed(|s| s.duration = Some(GoDuration::from_hours(25))),
                &["spec.duration"],
            ),
            (
                changed(|s| s.issuer_ref.kind = "ClusterIssuer".into()),
                &["spec.issuerRef"],
            ),
        ];
        for (spec, expected) in table {
            assert_eq!(request_mismatch(&spec, &request, &csr), expected, "{spec:?}");
        }
    }
}
