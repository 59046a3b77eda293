//! Names of Orders and Challenges, as upstream computes them, so that objects it left behind are found again. Pure.

use evercert_api::GoDuration;
use evercert_api::acme::v1::OrderSpec;
use serde::Serialize;

/// Longest part of a prefix that is kept: with a hyphen and ten digits it makes 63.
const PREFIX_LIMIT: usize = 52;

/// The spec as the hash sees it: in upstream's order of fields, without the CSR.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hashed<'a> {
    request: Option<()>,
    issuer_ref: &'a evercert_api::meta::v1::IssuerReference,
    #[serde(skip_serializing_if = "str::is_empty")]
    common_name: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    dns_names: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    ip_addresses: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<GoDuration>,
    #[serde(skip_serializing_if = "str::is_empty")]
    profile: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    replaces: &'a str,
}

/// Name of the Order of a request.
pub fn of_order(request_name: &str, spec: &OrderSpec) -> String {
    let hashed = Hashed {
        request: None,
        issuer_ref: &spec.issuer_ref,
        common_name: &spec.common_name,
        dns_names: &spec.dns_names,
        ip_addresses: &spec.ip_addresses,
        duration: spec.duration,
        profile: &spec.profile,
        replaces: &spec.replaces,
    };
    let mut json = serde_json::to_string(&hashed).unwrap_or_default();
    if request_name.len() >= PREFIX_LIMIT {
        // Two long names that differ only at their end would meet in one Order otherwise.
        json.push_str(request_name);
    }
    named(request_name, json.as_bytes())
}

/// Name of an object made from `prefix`: at most 52 characters of it and the FNV-1 hash of `content`.
pub fn named(prefix: &str, content: &[u8]) -> String {
    format!("{}-{}", shortened(prefix), fnv1(content))
}

/// The first 52 characters, up to the last letter or digit among them.
fn shortened(name: &str) -> &str {
    if name.len() < PREFIX_LIMIT {
        return name;
    }
    let end = name
        .char_indices()
        .take_while(|(at, _)| *at < PREFIX_LIMIT)
        .filter(|(_, c)| c.is_ascii_alphanumeric())
        .last();
    end.and_then(|(at, _)| name.get(..=at)).unwrap_or_default()
}

/// 32-bit FNV-1.
fn fnv1(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| {
        hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use evercert_api::meta::v1::IssuerReference;

    #[test]
    fn hash_is_fnv_1() {
        for (text, hash) in [("", 0x811c_9dc5), ("a", 0x050c_5d7e), ("foobar", 0x31f0_b262)] {
            assert_eq!(fnv1(text.as_bytes()), hash, "{text}");
        }
    }

    #[test]
    fn names_fit_and_end_well() {
        let spec = OrderSpec {
            issuer_ref: IssuerReference {
                name: "le".into(),
                ..IssuerReference::default()
            },
            dns_names: vec!["a.example".into()],
            ..OrderSpec::default()
        };
        let json = br#"{"request":null,"issuerRef":{"name":"le"},"dnsNames":["a.example"]}"#;
        assert_eq!(of_order("web-1", &spec), format!("web-1-{}", fnv1(json)));
        let long = format!("{}-.{}", "x".repeat(50), "y".repeat(100));
        let name = of_order(&long, &spec);
        assert!(
            name.starts_with(&format!("{}-", "x".repeat(50))) && name.len() <= 63,
            "{name}"
        );
        assert_ne!(
            of_order(&format!("{long}1"), &spec),
            of_order(&format!("{long}2"), &spec)
        );
        assert_ne!(
            of_order(
                "web-1",
                &OrderSpec {
                    profile: "short".into(),
                    ..spec.clone()
                }
            ),
            of_order("web-1", &spec)
        );
    }
}
