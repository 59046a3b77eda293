//! `evercert.dev/seen`: what a workload last saw of each source, as compact JSON on the workload's own metadata.
//!
//! `{"of":"<uid>","secret/tls":"<hash>"}`. It lives outside the pod template, so writing it restarts nothing. Users may
//! break it: whatever does not read as an entry is taken as absent. They may also copy it to another workload with the
//! rest of a manifest, whose pods start with what is there then: the memory of another `uid` is no memory.

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

/// The entry that names the workload; no source reads like it.
const OF: &str = "of";

/// Reads the annotation of the workload with this uid; garbage is nothing.
pub fn decode(text: &str, uid: &str) -> Seen {
    let Ok(entries) = serde_json::from_str::<Map<String, Value>>(text) else {
        return Seen::new();
    };
    if entries.get(OF).is_some_and(|of| of != uid) {
        return Seen::new();
    }
    let entry = |(source, hash): (String, Value)| Some((source.parse().ok()?, as_hash(&hash)?));
    entries.into_iter().filter_map(entry).collect()
}

/// Writes the annotation: same map, same text. What exceeds the bound is left out, last names first.
pub fn encode(seen: &Seen, uid: &str) -> Encoded {
    let mut text = format!("{{{}:{}", Value::from(OF), Value::from(uid));
    let mut written = 0;
    for (source, hash) in seen {
        let entry = format!("{}:{}", Value::from(source.to_string()), Value::from(hash.as_str()));
        if text.len() + entry.len() + 2 > MAX_LENGTH {
            break;
        }
        text.push(',');
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

    fn tls() -> Seen {
        [(Source::secret("tls"), "ab".into())].into()
    }

    #[test]
    fn text_is_compact_sorted_and_read_back() {
        let seen: Seen = [
            (Source::secret("tls"), "ab".into()),
            (Source::config_map("app.conf"), "cd".into()),
        ]
        .into();
        let text = r#"{"of":"u","configmap/app.conf":"cd","secret/tls":"ab"}"#.to_owned();
        assert_eq!(
            encode(&seen, "u"),
            Encoded {
                text: text.clone(),
                left_out: 0
            }
        );
        assert_eq!(decode(&text, "u"), seen);
        assert_eq!(encode(&Seen::new(), "u").text, r#"{"of":"u"}"#);
    }

    #[test]
    fn memory_of_another_workload_is_no_memory() {
        assert_eq!(decode(&encode(&tls(), "u").text, "v"), Seen::new());
        assert_eq!(decode(r#"{"secret/tls":"ab"}"#, "v"), tls(), "unsigned");
        assert_eq!(decode(r#"{"of":7,"secret/tls":"ab"}"#, "v"), Seen::new());
    }

    #[test]
    fn garbage_is_nothing() {
        let table = [
            "",
            "null",
            "[]",
            "{",
            "7",
            r#"{"secret/tls":7}"#,
            r#"{"tls":"ab"}"#,
            r#"{"secret/":"ab"}"#,
            r#"{"secret/a":"<b>"}"#,
        ];
        for text in table {
            assert_eq!(decode(text, "u"), Seen::new(), "{text:?}");
        }
        assert_eq!(
            decode(r#"{"secret/tls":"ab","pod/x":"cd","secret/y":null}"#, "u"),
            tls()
        );
    }

    #[test]
    fn length_is_bounded_and_stable() {
        let all = (0..2_000).map(|i| (Source::secret(format!("s-{i:05}")), "a".repeat(40)));
        let seen: Seen = all.collect();
        let encoded = encode(&seen, "u");
        assert!(
            encoded.text.len() <= MAX_LENGTH && encoded.left_out > 0,
            "{} left out",
            encoded.left_out
        );
        let kept = decode(&encoded.text, "u");
        assert_eq!(kept.len() + encoded.left_out, seen.len());
        assert_eq!(encode(&kept, "u").text, encoded.text);
    }
}
