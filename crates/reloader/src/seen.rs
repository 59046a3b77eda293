//! `evercert.dev/seen`: what a workload last saw of each source, as compact JSON on the workload's own metadata.
//!
//! `{"secret/tls":"<hash>"}`. It lives outside the pod template, so writing it restarts nothing. Users may break it:
//! whatever does not read as an entry is taken as absent.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::source::Source;

/// Longest text that is written; the API server allows 256 KiB for all annotations together.
const MAX_LENGTH: usize = 48 * 1024;

/// Hash by source.
pub type Seen = BTreeMap<Source, String>;

/// A text for the annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The annotation's value.
    pub text: String,
    /// How many sources found no room.
    pub left_out: usize,
}

/// Reads the annotation; garbage is nothing.
pub fn decode(text: &str) -> Seen {
    let Ok(entries) = serde_json::from_str::<Map<String, Value>>(text) else {
        return Seen::new();
    };
    let entry = |(source, hash): (String, Value)| Some((source.parse().ok()?, as_hash(&hash)?));
    entries.into_iter().filter_map(entry).collect()
}

/// Writes the annotation: same map, same text. What exceeds the bound is left out, last names first.
pub fn encode(seen: &Seen) -> Encoded {
    let mut text = String::from("{");
    let mut written = 0;
    for (source, hash) in seen {
        let entry = format!("{}:{}", Value::from(source.to_string()), Value::from(hash.as_str()));
        if text.len() + entry.len() + 2 > MAX_LENGTH {
            break;
        }
        if written > 0 {
            text.push(',');
        }
        text.push_str(&entry);
        written += 1;
    }
    text.push('}');
    Encoded {
        text,
        left_out: seen.len() - written,
    }
}

fn as_hash(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let plausible = !text.is_empty() && text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    plausible.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_compact_sorted_and_read_back() {
        let seen: Seen = [
            (Source::secret("tls"), "ab".into()),
            (Source::config_map("app.conf"), "cd".into()),
        ]
        .into();
        let encoded = encode(&seen);
        assert_eq!(
            encoded,
            Encoded {
                text: r#"{"configmap/app.conf":"cd","secret/tls":"ab"}"#.into(),
                left_out: 0
            }
        );
        assert_eq!(decode(&encoded.text), seen);
        assert_eq!(encode(&Seen::new()).text, "{}");
    }

    #[test]
    fn garbage_is_nothing() {
        for text in [
            "",
            "null",
            "[]",
            "{",
            "7",
            r#"{"secret/tls":7}"#,
            r#"{"tls":"ab"}"#,
            r#"{"secret/":"ab"}"#,
            r#"{"secret/a":"<b>"}"#,
        ] {
            assert_eq!(decode(text), Seen::new(), "{text:?}");
        }
        let half = r#"{"secret/tls":"ab","pod/x":"cd","secret/y":null}"#;
        assert_eq!(decode(half), Seen::from([(Source::secret("tls"), "ab".into())]));
    }

    #[test]
    fn length_is_bounded_and_stable() {
        let seen: Seen = (0..2_000)
            .map(|i| (Source::secret(format!("s-{i:05}")), "a".repeat(40)))
            .collect();
        let encoded = encode(&seen);
        assert!(
            encoded.text.len() <= MAX_LENGTH && encoded.left_out > 0,
            "{} left out",
            encoded.left_out
        );
        let kept = decode(&encoded.text);
        assert_eq!(kept.len() + encoded.left_out, seen.len());
        assert_eq!(encode(&kept).text, encoded.text);
    }
}
