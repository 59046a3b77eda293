//! Upstream's hash of a source's content: the same value, so that adopting Evercert restarts nothing.
//!
//! SHA-1 in hex over entries `key=value`, sorted bytewise and joined with `;`. It is a fingerprint, not a protection.
//! Values go straight into the digest and are never copied.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use openssl::sha::Sha1;

/// Hash of a Secret's `data`.
pub fn of_secret(secret: &Secret) -> String {
    let entries = secret
        .data
        .iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value.0.as_slice()));
    of_entries(entries.collect())
}

/// Hash of a ConfigMap's `data` and of its `binaryData` in standard base64.
pub fn of_config_map(map: &ConfigMap) -> String {
    let binary: Vec<_> = map
        .binary_data
        .iter()
        .flatten()
        .map(|(key, value)| (key, STANDARD.encode(&value.0)))
        .collect();
    let text = map
        .data
        .iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value.as_bytes()));
    of_entries(
        text.chain(binary.iter().map(|(key, value)| (key.as_str(), value.as_bytes())))
            .collect(),
    )
}

fn of_entries(mut entries: Vec<(&str, &[u8])>) -> String {
    entries.sort_by(|a, b| in_entry_order(a.0, b.0));
    let mut digest = Sha1::new();
    for (i, (key, value)) in entries.iter().enumerate() {
        if i > 0 {
            digest.update(b";");
        }
        digest.update(key.as_bytes());
        digest.update(b"=");
        digest.update(value);
    }
    hex(&digest.finish())
}

/// Upstream sorts whole entries, so `a-b=…` comes before `a=…`. Keys are unique and hold no `=`: they decide.
fn in_entry_order(a: &str, b: &str) -> Ordering {
    a.bytes().chain([b'=']).cmp(b.bytes().chain([b'=']))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|n| DIGITS.get(usize::from(n)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::ByteString;

    // Expected values are those of sha1sum over the joined text in each comment.
    #[test]
    fn secret_hash_is_upstreams() {
        type Data = &'static [(&'static str, &'static [u8])];
        let table: [(Data, &str); 5] = [
            (&[], "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (&[("password", b"s3cr3t")], "d93dd00779cd04e2ec1db21fa3d0e20deea13f9c"), // password=s3cr3t
            (&[("b", b"2"), ("a", b"1")], "f83e99e324ba68ccc373a58ef1eb42f8ab88646a"), // a=1;b=2
            (
                &[("a", b"2"), ("a-b", b"1")],
                "add31b3f93eeca2edb0cd3e3db7699fa8d2f8f92",
            ), // a-b=1;a=2
            (&[("raw", &[0xff, 0])], "3f545a5f4ba0fe837544ce9e2d258c6131fbfc19"),     // raw bytes, no base64
        ];
        for (data, expected) in table {
            let data = data
                .iter()
                .map(|(k, v)| ((*k).to_owned(), ByteString(v.to_vec())))
                .collect();
            assert_eq!(
                of_secret(&Secret {
                    data: Some(data),
                    ..Secret::default()
                }),
                expected
            );
        }
        assert_eq!(
            of_secret(&Secret::default()),
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "no data at all"
        );
    }

    #[test]
    fn config_map_hash_takes_binary_data_as_base64() {
        let map = ConfigMap {
            data: Some([("text".to_owned(), "x".to_owned())].into()),
            binary_data: Some([("bin".to_owned(), ByteString(vec![0, 0xff]))].into()),
            ..ConfigMap::default()
        };
        assert_eq!(of_config_map(&map), "641c9e739d9d9cc766b4eb29b3bdca0364807ef5"); // bin=AP8=;text=x
    }
}
