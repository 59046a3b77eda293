//! What derived data is made from, as one digest, and the claim "settled" that follows from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use k8s_openapi::ByteString;
use openssl::sha::Sha256;

use super::annotations::{
    DERIVED_FROM, GENERATE_JAVA_KEYSTORES, JAVA_KEYSTORE_PASSWORD, JAVA_KEYSTORES_CREATION_TIMESTAMP,
};
use super::keys::{CA_CRT, TLS_CRT, TLS_KEY};

/// First bytes of every digest; a change of the scheme changes them.
const SCHEME: &[u8] = b"evercert.dev/v1";
/// Data that keystores are made from, in digest order.
const INPUTS: [&str; 3] = [TLS_CRT, TLS_KEY, CA_CRT];
/// Annotations that influence the result, sorted.
const OPTIONS: [&str; 3] = [
    GENERATE_JAVA_KEYSTORES,
    JAVA_KEYSTORE_PASSWORD,
    JAVA_KEYSTORES_CREATION_TIMESTAMP,
];

/// Digest of the inputs that derived data is made from, as lower-case hex SHA-256; `None` where the Secret asks for none.
///
/// Hashed are the scheme `evercert.dev/v1`, then for `tls.crt`, `tls.key` and `ca.crt` a presence byte and the
/// length-prefixed value, then each present option annotation as length-prefixed key and value, sorted by key. A length
/// is 8 bytes, big-endian.
pub fn derived_digest(annotations: &BTreeMap<String, String>, data: &BTreeMap<String, ByteString>) -> Option<String> {
    if annotations.get(GENERATE_JAVA_KEYSTORES).map(String::as_str) != Some("true") {
        return None;
    }
    let mut hash = Sha256::new();
    hash.update(SCHEME);
    for key in INPUTS {
        let value = data.get(key);
        hash.update(&[u8::from(value.is_some())]);
        add(&mut hash, value.map_or(&[], |value| &value.0));
    }
    for key in OPTIONS {
        if let Some(value) = annotations.get(key) {
            add(&mut hash, key.as_bytes());
            add(&mut hash, value.as_bytes());
        }
    }
    Some(hex(&hash.finish()))
}

/// True where no derived data is wished, or `derived-from` equals the digest of the present inputs.
pub fn is_settled(annotations: &BTreeMap<String, String>, data: &BTreeMap<String, ByteString>) -> bool {
    derived_digest(annotations, data).is_none_or(|digest| annotations.get(DERIVED_FROM) == Some(&digest))
}

fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn data(entries: &[(&str, &str)]) -> BTreeMap<String, ByteString> {
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())))
            .collect()
    }

    const PINNED: &str = "a524b337e5dc4ae2a7a90ca9d38e024c0c72b26fff69013ab97e4f25403cbf87";
    const WISH: (&str, &str) = (GENERATE_JAVA_KEYSTORES, "true");

    #[test]
    fn digest_is_none_when_no_derived_data_is_wished() {
        for wish in [
            &[][..],
            &[(GENERATE_JAVA_KEYSTORES, "false")],
            &[(GENERATE_JAVA_KEYSTORES, "True")],
        ] {
            assert_eq!(
                derived_digest(&annotations(wish), &data(&[("tls.crt", "a")])),
                None,
                "{wish:?}"
            );
        }
    }

    /// Pinned: a change of this value restarts every workload in every cluster.
    #[test]
    fn digest_follows_the_written_scheme_when_computed_by_hand() {
        let mut bytes = b"evercert.dev/v1".to_vec();
        for value in [Some("chain"), Some("key"), None] {
            bytes.push(u8::from(value.is_some()));
            bytes.extend((value.unwrap_or_default().len() as u64).to_be_bytes());
            bytes.extend(value.unwrap_or_default().as_bytes());
        }
        for part in [GENERATE_JAVA_KEYSTORES, "true", JAVA_KEYSTORE_PASSWORD, "changeme"] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        let notes = annotations(&[WISH, (JAVA_KEYSTORE_PASSWORD, "changeme"), ("other", "x")]);
        let digest = derived_digest(
            &notes,
            &data(&[("tls.crt", "chain"), ("tls.key", "key"), ("other", "y")]),
        );
        assert_eq!(digest, Some(hex(&openssl::sha::sha256(&bytes))));
        assert_eq!(digest.as_deref(), Some(PINNED));
    }

    #[test]
    fn digest_differs_when_any_input_or_option_differs() {
        let wished = annotations(&[WISH]);
        let with_password = annotations(&[WISH, (JAVA_KEYSTORE_PASSWORD, "x")]);
        let with_date = annotations(&[WISH, (JAVA_KEYSTORES_CREATION_TIMESTAMP, "x")]);
        let all = [
            derived_digest(&wished, &data(&[])),
            derived_digest(&wished, &data(&[("tls.crt", "")])),
            derived_digest(&wished, &data(&[("tls.crt", "ab")])),
            derived_digest(&wished, &data(&[("tls.crt", "a"), ("tls.key", "b")])),
            derived_digest(&wished, &data(&[("tls.key", "ab")])),
            derived_digest(&wished, &data(&[("ca.crt", "ab")])),
            derived_digest(&with_password, &data(&[])),
            derived_digest(&with_date, &data(&[])),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().flatten().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn settled_only_when_derived_from_equals_the_present_inputs() {
        let present = data(&[("tls.crt", "new")]);
        let digest = |value: &str| derived_digest(&annotations(&[WISH]), &data(&[("tls.crt", value)])).unwrap();
        let table = [
            ("asks for nothing", annotations(&[]), true),
            ("asks, never derived", annotations(&[WISH]), false),
            (
                "derived from the present inputs",
                annotations(&[WISH, (DERIVED_FROM, &digest("new"))]),
                true,
            ),
            (
                "derived from older inputs",
                annotations(&[WISH, (DERIVED_FROM, &digest("old"))]),
                false,
            ),
            ("wish withdrawn", annotations(&[(DERIVED_FROM, &digest("old"))]), true),
        ];
        for (case, notes, expected) in table {
            assert_eq!(is_settled(&notes, &present), expected, "{case}");
        }
    }
}
