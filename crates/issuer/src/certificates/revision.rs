//! Names that belong to a revision of a Certificate: its CertificateRequest and the Secret of its next key.

use openssl::sha::sha256;

/// Certificate names above this length are shortened in the names of requests.
const LONGEST: usize = 233;
/// What is left of such a name, before a dash and 64 hex digits.
const KEPT: usize = 168;
/// The API server cuts names at this length before it appends five characters of its own.
const GENERATED: usize = 58;
/// The alphabet of the API server's generated names: no vowels, no look-alikes.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// `<certificate>-<revision>` (certificates.md 2.8).
pub fn request_name(certificate: &str, revision: i64) -> String {
    format!("{}-{revision}", stem(certificate))
}

/// The name, or where it is too long its beginning and a digest of the whole.
fn stem(certificate: &str) -> String {
    if certificate.len() <= LONGEST {
        return certificate.to_owned();
    }
    let hex = sha256(certificate.as_bytes())
        .into_iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    let digest: String = hex.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    // A dash must not follow a dot: the result has to be a DNS subdomain.
    let kept = certificate
        .get(..KEPT)
        .unwrap_or_default()
        .trim_end_matches(|last: char| !last.is_ascii_alphanumeric());
    format!("{kept}-{digest}")
}

/// `<certificate>-<five characters>`, as the API server generates names; `random` chooses the characters.
pub fn key_secret_name(certificate: &str, random: [u8; 5]) -> String {
    let base: String = format!("{certificate}-").chars().take(GENERATED).collect();
    format!("{base}{}", suffix(random))
}

/// Five characters that a name may end with.
pub fn suffix(random: [u8; 5]) -> String {
    let pick = |byte: u8| {
        ALPHABET
            .get(usize::from(byte) % ALPHABET.len())
            .copied()
            .unwrap_or(b'x')
    };
    random.into_iter().map(|byte| char::from(pick(byte))).collect()
}

/// The revision in an annotation: a decimal of at least 1.
pub fn parse(annotation: Option<&str>) -> Option<i64> {
    annotation?.parse().ok().filter(|revision| *revision >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_upstreams_and_never_too_long() {
        let long = "a".repeat(167) + "." + &"b".repeat(85);
        let table = [
            ("web", 3, "web-3".to_owned()),
            (&*"x".repeat(233), 12, "x".repeat(233) + "-12"),
        ];
        for (certificate, revision, expected) in table {
            assert_eq!(request_name(certificate, revision), expected);
        }
        let name = request_name(&long, i64::MAX);
        assert!(
            name.starts_with(&("a".repeat(167) + "-")) && name.len() <= 253,
            "{name}"
        );
        assert_eq!(key_secret_name("web", [0, 1, 26, 27, 255]), "web-bc9bq");
        assert_eq!(key_secret_name(&"y".repeat(253), [0; 5]), "y".repeat(58) + "bbbbb");
    }

    #[test]
    fn revisions_are_decimals_from_one() {
        let table = [
            (None, None),
            (Some("abc"), None),
            (Some("0"), None),
            (Some("-1"), None),
            (Some("7"), Some(7)),
            (Some("99999999999999999999"), None),
        ];
        for (annotation, expected) in table {
            assert_eq!(parse(annotation), expected, "{annotation:?}");
        }
    }
}
