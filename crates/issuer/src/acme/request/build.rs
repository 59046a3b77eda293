//! The spec of the Order that a CSR asks for. Pure.

use evercert_api::ByteString;
use evercert_api::acme::v1::{AcmeIssuer, OrderSpec};
use evercert_api::certmanager::v1::CertificateRequestSpec;
use evercert_pki::csr::Csr;

use super::super::names::request as events;

/// Why no Order can be made: event and message.
pub type Refusal = (&'static str, String);

/// The Order for a request. ACME certifies DNS names and IP addresses only, and a common name must be among them.
pub fn order_spec(request: &CertificateRequestSpec, acme: &AcmeIssuer) -> Result<OrderSpec, Refusal> {
    let csr = Csr::from_pem(&request.request.0).map_err(|error| {
        (
            events::PARSING_ERROR,
            format!("Failed to decode CSR in spec.request: {error}"),
        )
    })?;
    let common_name = csr.subject.common_name().unwrap_or_default();
    let ip_addresses: Vec<String> = csr.sans.ips.iter().map(ToString::to_string).collect();
    let invalid = |message: String| Err((events::INVALID_ORDER, message));
    if csr.sans.dns.is_empty() && ip_addresses.is_empty() {
        return invalid(
            "The CSR has no DNS name and no IP address: ACME certifies nothing else, set dnsNames or ipAddresses"
                .into(),
        );
    }
    if !common_name.is_empty() && !csr.sans.dns.contains(&common_name) && !ip_addresses.contains(&common_name) {
        return invalid(format!(
            "The CSR's common name {common_name:?} is not among its DNS names and IP addresses: ACME requires that, add it to dnsNames"
        ));
    }
    if let Some(bad) = csr.sans.dns.iter().find(|name| !orderable(name)) {
        return invalid(format!(
            "{bad:?} is not a name that can be ordered: use letters, digits, hyphens and dots, with at most a leading *."
        ));
    }
    Ok(OrderSpec {
        request: ByteString(request.request.0.clone()),
        issuer_ref: request.issuer_ref.clone(),
        common_name,
        dns_names: csr.sans.dns,
        ip_addresses,
        duration: request.duration.filter(|_| acme.enable_duration_feature),
        profile: acme.profile.clone(),
        replaces: String::new(),
    })
}

/// A DNS name as it can stand in an order: one leading `*.` at most, no empty label.
fn orderable(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use evercert_api::GoDuration;
    use evercert_pki::csr::{CsrTemplate, build};
    use evercert_pki::key::{Curve, KeyAlgorithm, PrivateKey};
    use evercert_pki::name::{Name, Subject};
    use evercert_pki::san::SubjectAltNames;

    fn request(common_name: &str, dns: &[&str], ips: &[&str]) -> CertificateRequestSpec {
        let key = PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256)).unwrap();
        let common_name = Some(common_name.to_owned()).filter(|name| !name.is_empty());
        let subject = Name::from_subject(&Subject {
            common_name,
            ..Subject::default()
        });
        let mut sans = SubjectAltNames {
            dns: dns.iter().map(|&name| name.to_owned()).collect(),
            ..SubjectAltNames::default()
        };
        for ip in ips {
            sans.push_ip(ip).unwrap();
        }
        let pem = build(
            &CsrTemplate {
                subject,
                sans,
                ..CsrTemplate::default()
            },
            &key,
        )
        .unwrap();
        let duration = Some("2160h".parse::<GoDuration>().unwrap());
        CertificateRequestSpec {
            request: ByteString(pem.into_bytes()),
            duration,
            ..CertificateRequestSpec::default()
        }
    }

    #[test]
    fn an_order_holds_what_the_csr_asks_for() {
        let request = request("a.example", &["a.example", "*.a.example"], &["192.0.2.1"]);
        let plain = order_spec(&request, &AcmeIssuer::default()).unwrap();
        assert_eq!(
            (plain.common_name.as_str(), plain.duration, plain.profile.as_str()),
            ("a.example", None, "")
        );
        assert_eq!(
            (plain.dns_names, plain.ip_addresses),
            (vec!["a.example".into(), "*.a.example".into()], vec!["192.0.2.1".into()])
        );
        let issuer = AcmeIssuer {
            enable_duration_feature: true,
            profile: "short".into(),
            ..AcmeIssuer::default()
        };
        let special = order_spec(&request, &issuer).unwrap();
        assert_eq!(
            (special.duration, special.profile.as_str()),
            (request.duration, "short")
        );
    }

    #[test]
    fn what_acme_cannot_certify_is_refused_with_what_to_change() {
        let garbage = CertificateRequestSpec {
            request: ByteString(b"-----BEGIN".to_vec()),
            ..CertificateRequestSpec::default()
        };
        let table = [
            (garbage, events::PARSING_ERROR, "decode CSR"),
            (request("", &[], &[]), events::INVALID_ORDER, "no DNS name"),
            (
                request("b.example", &["a.example"], &[]),
                events::INVALID_ORDER,
                "common name",
            ),
            (
                request("", &["a.*.example"], &[]),
                events::INVALID_ORDER,
                "cannot be ordered",
            ),
            (
                request("", &["a..example"], &[]),
                events::INVALID_ORDER,
                "cannot be ordered",
            ),
        ];
        for (request, event, words) in table {
            let (got, message) = order_spec(&request, &AcmeIssuer::default()).unwrap_err();
            assert_eq!(got, event);
            let words = words.replace("cannot be ordered", "not a name that can be ordered");
            assert!(message.contains(&words), "{message}");
        }
    }
}
