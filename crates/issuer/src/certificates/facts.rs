//! From a whole Secret to the few facts about it that are kept.

use std::collections::BTreeMap;

use evercert_core::contract::keys::{TLS_CRT, TLS_KEY};
use evercert_pki::certificate::Certificate;
use evercert_pki::key::PrivateKey;
use evercert_pki::limits;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use kube::ResourceExt;
use serde_json::{Map, Value};

use super::metadata::{Section, Sum};
use super::observed::{IssuerRef, KeyFacts, Leaf, LeafFacts, SecretFacts};
use super::renewal::Validity;
use super::secret::{TLS_TYPE, details_sum};
use crate::names::{GROUP, KIND_ISSUER, SECRET_MANAGER, annotations};

/// Facts about a Secret as it was read or written.
pub fn of(secret: &Secret) -> SecretFacts {
    SecretFacts {
        uid: secret.uid().unwrap_or_default(),
        version: secret.resource_version().unwrap_or_default(),
        certificate_name: annotation(secret, annotations::CERTIFICATE_NAME),
        issuer: issuer(secret),
        key: key(secret),
        leaf: leaf_facts(secret),
        other_type: secret.type_.clone().filter(|type_| type_ != TLS_TYPE),
        owned: owned(secret),
    }
}

/// The first certificate of `tls.crt`, if it can be read.
pub fn leaf(secret: &Secret) -> Option<Certificate> {
    leaf_of(bytes(secret, TLS_CRT)?).ok()
}

/// A key of `data` that is not empty.
pub fn bytes<'a>(secret: &'a Secret, key: &str) -> Option<&'a [u8]> {
    let bytes = secret.data.as_ref()?.get(key)?;
    (!bytes.0.is_empty()).then_some(&*bytes.0)
}

fn annotation(secret: &Secret, key: &str) -> Option<String> {
    secret.annotations().get(key).cloned()
}

fn issuer(secret: &Secret) -> Option<IssuerRef> {
    let found = |key| annotation(secret, key);
    let (name, kind, group) = (
        found(annotations::ISSUER_NAME),
        found(annotations::ISSUER_KIND),
        found(annotations::ISSUER_GROUP),
    );
    if name.is_none() && kind.is_none() && group.is_none() {
        return None;
    }
    let or = |text: Option<String>, default: &str| {
        text.filter(|text| !text.is_empty())
            .unwrap_or_else(|| default.to_owned())
    };
    Some(IssuerRef {
        name: name.unwrap_or_default(),
        kind: or(kind, KIND_ISSUER),
        group: or(group, GROUP),
    })
}

fn key(secret: &Secret) -> KeyFacts {
    let Some(pem) = bytes(secret, TLS_KEY) else {
        return KeyFacts::Missing;
    };
    match PrivateKey::from_pem(pem) {
        Ok(key) => KeyFacts::Readable {
            algorithm: key.algorithm(),
            public: key.public_key().fingerprint(),
        },
        Err(error) => KeyFacts::Unreadable(error.to_string()),
    }
}

fn leaf_facts(secret: &Secret) -> LeafFacts {
    let Some(pem) = bytes(secret, TLS_CRT) else {
        return LeafFacts::Missing;
    };
    let leaf = match leaf_of(pem) {
        Ok(leaf) => leaf,
        Err(error) => return LeafFacts::Unreadable(error.to_string()),
    };
    let Some(public) = leaf.public_key() else {
        return LeafFacts::Unreadable("its public key is of an unsupported kind".to_owned());
    };
    LeafFacts::Readable(Leaf {
        fingerprint: leaf.fingerprint(),
        public: public.fingerprint(),
        validity: Validity {
            not_before: leaf.not_before(),
            not_after: leaf.not_after(),
        },
        metadata: details_sum(&leaf),
    })
}

fn leaf_of(pem: &[u8]) -> Result<Certificate, evercert_pki::Error> {
    let chain = Certificate::bundle_from_pem(pem, limits::CHAIN)?;
    chain
        .into_iter()
        .next()
        .ok_or(evercert_pki::Error::NoPem { what: "certificate" })
}

/// Labels, annotations, owner references and optional data keys that belong to our field manager, with their values.
fn owned(secret: &Secret) -> Sum {
    let mut sum = Sum::default();
    let Some(fields) = secret
        .managed_fields()
        .iter()
        .find(|entry| is_ours(entry))
        .and_then(|entry| entry.fields_v1.as_ref())
    else {
        return sum;
    };
    let metadata = fields.0.get("f:metadata");
    let sections = [
        (
            Section::Label,
            metadata.and_then(|metadata| metadata.get("f:labels")),
            secret.labels(),
        ),
        (
            Section::Annotation,
            metadata.and_then(|metadata| metadata.get("f:annotations")),
            secret.annotations(),
        ),
    ];
    for (section, fields, values) in sections {
        add_owned(&mut sum, section, fields.and_then(Value::as_object), values);
    }
    let references = metadata
        .and_then(|metadata| metadata.get("f:ownerReferences"))
        .and_then(Value::as_object);
    for uid in references
        .into_iter()
        .flat_map(Map::keys)
        .filter_map(|key| reference_uid(key))
    {
        sum.add(Section::Owner, &uid, "");
    }
    let data = fields.0.get("f:data").and_then(Value::as_object);
    for key in data
        .into_iter()
        .flat_map(Map::keys)
        .filter_map(|key| key.strip_prefix("f:"))
        .filter(|key| is_optional(key))
    {
        sum.add(Section::Data, key, "");
    }
    sum
}

fn is_ours(entry: &ManagedFieldsEntry) -> bool {
    let manager = entry.manager.as_deref() == Some(SECRET_MANAGER);
    manager
        && entry.operation.as_deref() == Some("Apply")
        && entry.subresource.as_deref().unwrap_or_default().is_empty()
}

fn add_owned(sum: &mut Sum, section: Section, fields: Option<&Map<String, Value>>, values: &BTreeMap<String, String>) {
    for key in fields
        .into_iter()
        .flat_map(Map::keys)
        .filter_map(|key| key.strip_prefix("f:"))
    {
        sum.add(section, key, values.get(key).map_or("", String::as_str));
    }
}

/// The uid in a list key such as `k:{"uid":"…"}`.
fn reference_uid(key: &str) -> Option<String> {
    let key: Value = serde_json::from_str(key.strip_prefix("k:")?).ok()?;
    key.get("uid")?.as_str().map(str::to_owned)
}

/// Data keys beside the three PEM texts; keystores are looked after elsewhere.
fn is_optional(key: &str) -> bool {
    matches!(key, "key.der" | "tls-combined.pem")
}

#[cfg(test)]
mod tests {
    use evercert_api::certmanager::v1::Certificate as ApiCertificate;
    use evercert_pki::csr::{Csr, CsrTemplate, build};
    use evercert_pki::key::{Curve, KeyAlgorithm};
    use evercert_pki::name::Name;
    use evercert_pki::sign::{Signer, SigningTemplate, sign};
    use evercert_pki::usage::Usages;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::certificates::secret::{Pems, Target, render, wished_sum};

    fn leaf() -> (Certificate, PrivateKey) {
        let key = PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256)).unwrap();
        let subject = Name::from_literal("CN=web,O=one\\, two").unwrap();
        let csr = build(
            &CsrTemplate {
                subject,
                ..CsrTemplate::default()
            },
            &key,
        )
        .unwrap();
        let usages = Usages::from_names::<&str>(&[], false).unwrap();
        let template = SigningTemplate {
            csr: &Csr::from_pem(csr.as_bytes()).unwrap(),
            usages: &usages,
            is_ca: false,
            serial: [7; 16],
            not_before: Timestamp::from_second(1_000).unwrap(),
            not_after: Timestamp::from_second(9_000).unwrap(),
            crl_distribution_points: &[],
            ocsp_servers: &[],
            issuing_certificate_urls: &[],
        };
        (sign(&template, &Signer::SelfSigned(&key)).unwrap(), key)
    }

    fn certificate() -> ApiCertificate {
        serde_json::from_value(json!({
            "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
            "metadata": {"name": "web", "namespace": "ns", "uid": "u"},
            "spec": {
                "secretName": "web-tls", "commonName": "web", "issuerRef": {"name": "ca"},
                "secretTemplate": {
                    "labels": {"team": "red"},
                    "annotations": {"note": "x", "cert-manager.io/alt-names": "not allowed", "cert-manager.io/allow-direct-injection": "true"},
                },
                "additionalOutputFormats": [{"type": "DER"}],
            },
        }))
        .unwrap()
    }

    /// The Secret as the API server would return it after our apply.
    fn applied(mut patch: Value, manager: &str) -> Secret {
        let fields = |value: &Value| -> Value {
            value
                .as_object()
                .into_iter()
                .flat_map(Map::keys)
                .map(|key| (format!("f:{key}"), json!({})))
                .collect::<Map<_, _>>()
                .into()
        };
        let owned = json!({
            "f:data": fields(&patch["data"]),
            "f:type": {},
            "f:metadata": {
                "f:labels": fields(&patch["metadata"]["labels"]),
                "f:annotations": fields(&patch["metadata"]["annotations"]),
                "f:ownerReferences": {"k:{\"uid\":\"u\"}": {}},
            },
        });
        patch["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Apply", "fieldsV1": owned}]);
        serde_json::from_value(patch).unwrap()
    }

    #[test]
    fn what_we_write_is_what_we_find_to_be_ours() {
        let (certificate, (leaf, key)) = (certificate(), leaf());
        let pem = key.to_pem(evercert_pki::key::KeyEncoding::Pkcs1).unwrap();
        let pems = Pems {
            key: pem.into_bytes(),
            chain: leaf.to_pem().into_bytes(),
            ca: None,
        };
        let patch = render(
            &Target {
                certificate: &certificate,
                leaf: &leaf,
                existing_type: None,
                owned: true,
            },
            &pems,
        );
        let facts = of(&applied(patch.clone(), SECRET_MANAGER));
        let LeafFacts::Readable(found) = &facts.leaf else {
            panic!("{:?}", facts.leaf)
        };
        let wished = wished_sum(&certificate, true).plus(found.metadata);
        assert_eq!(facts.owned, wished, "settled after our own write");
        assert_eq!(
            patch["metadata"]["annotations"]["cert-manager.io/subject-organizations"],
            "\"one, two\""
        );
        assert_eq!(patch["metadata"]["annotations"]["cert-manager.io/alt-names"], "");

        let mut edited = applied(patch.clone(), SECRET_MANAGER);
        edited
            .metadata
            .labels
            .as_mut()
            .unwrap()
            .insert("team".into(), "blue".into());
        assert_ne!(of(&edited).owned, wished, "somebody changed a value of ours");
        edited
            .metadata
            .labels
            .as_mut()
            .unwrap()
            .insert("team".into(), "red".into());
        edited
            .metadata
            .labels
            .as_mut()
            .unwrap()
            .insert("theirs".into(), "x".into());
        assert_eq!(of(&edited).owned, wished, "somebody added a label of theirs");
        assert_ne!(
            of(&applied(patch, "kubectl")).owned,
            wished,
            "restored by somebody else"
        );
    }
}
