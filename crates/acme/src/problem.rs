//! Problem documents (RFC 7807 as profiled by RFC 8555 section 6.7): parsed defensively, clipped, printable.
//!
//! What a CA writes ends up in conditions and events, so nothing here passes on a body as it came.

use std::fmt;

use serde::Deserialize;

/// Prefix of the error types that RFC 8555 defines.
pub const ACME_ERROR_PREFIX: &str = "urn:ietf:params:acme:error:";
/// Longest detail that is kept, in bytes.
pub const DETAIL_LIMIT: usize = 1024;
/// Most subproblems that are kept.
const SUBPROBLEM_LIMIT: usize = 20;

/// Why an ACME server refused something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problem {
    /// Error type, e.g. `urn:ietf:params:acme:error:rateLimited`; empty where the server sent no problem document.
    pub kind: String,
    /// The server's explanation, clipped to [`DETAIL_LIMIT`], printable.
    pub detail: String,
    /// HTTP status of the response, or the status inside the document where it is part of an object.
    pub status: u16,
    /// Problems of single identifiers.
    pub subproblems: Vec<Subproblem>,
}

/// Problem of one identifier of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subproblem {
    /// Error type.
    pub kind: String,
    /// Explanation, clipped and printable.
    pub detail: String,
    /// The name or address it is about, if the server said so.
    pub identifier: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawProblem {
    #[serde(rename = "type")]
    kind: String,
    detail: String,
    title: String,
    status: Option<u16>,
    subproblems: Vec<RawSubproblem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawSubproblem {
    #[serde(rename = "type")]
    kind: String,
    detail: String,
    identifier: Option<RawIdentifier>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawIdentifier {
    value: String,
}

impl Problem {
    /// The problem told by a response with an error status; a body that is no problem document gives one without a type.
    pub fn from_response(status: u16, body: &[u8]) -> Self {
        match serde_json::from_slice::<RawProblem>(body) {
            Ok(raw) => Self {
                status,
                ..Self::from_raw(raw)
            },
            Err(_) => Self {
                status,
                detail: "the answer holds no ACME problem document".into(),
                ..Self::default()
            },
        }
    }

    /// The `error` member of an order or a challenge; `None` where it is absent or null.
    pub fn from_value(value: &serde_json::Value) -> Option<Self> {
        let raw = serde_json::from_value::<RawProblem>(value.clone()).ok()?;
        Some(Self::from_raw(raw))
    }

    /// True for the RFC 8555 error of this short name, e.g. `badNonce`.
    pub fn is(&self, short: &str) -> bool {
        self.kind
            .strip_prefix(ACME_ERROR_PREFIX)
            .is_some_and(|rest| rest == short)
    }

    /// True where the type is one of RFC 8555's own namespace.
    pub fn is_acme(&self) -> bool {
        self.kind.starts_with(ACME_ERROR_PREFIX)
    }

    fn from_raw(raw: RawProblem) -> Self {
        let detail = if raw.detail.is_empty() { &raw.title } else { &raw.detail };
        Self {
            kind: clip(&raw.kind, 256),
            detail: clip(detail, DETAIL_LIMIT),
            status: raw.status.unwrap_or_default(),
            subproblems: raw
                .subproblems
                .into_iter()
                .take(SUBPROBLEM_LIMIT)
                .map(Subproblem::from_raw)
                .collect(),
        }
    }
}

impl Subproblem {
    fn from_raw(raw: RawSubproblem) -> Self {
        let identifier = raw.identifier.map(|identifier| clip(&identifier.value, 256));
        Self {
            kind: clip(&raw.kind, 256),
            detail: clip(&raw.detail, 256),
            identifier,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.status != 0 {
            write!(f, "{} ", self.status)?;
        }
        if !self.kind.is_empty() {
            write!(f, "{}: ", self.kind)?;
        }
        f.write_str(&self.detail)?;
        for sub in &self.subproblems {
            let name = sub.identifier.as_deref().unwrap_or("one identifier");
            write!(f, "; {name}: {}", sub.detail)?;
        }
        Ok(())
    }
}

/// At most `limit` bytes of `text` with everything unprintable replaced by a space.
pub fn clip(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        let c = if c.is_control() || is_invisible(c) { ' ' } else { c };
        if out.len() + c.len_utf8() > limit.saturating_sub('…'.len_utf8()) {
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}

/// Characters that would reorder or hide text in a terminal.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_problem_documents_and_survives_everything_else() {
        let full = r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"two refused","status":400,
            "subproblems":[{"type":"urn:ietf:params:acme:error:caa","detail":"CAA forbids","identifier":{"type":"dns","value":"a.example"}}]}"#;
        let problem = Problem::from_response(403, full.as_bytes());
        assert!(problem.is("rejectedIdentifier") && problem.is_acme() && !problem.is("caa"));
        assert_eq!(
            problem.to_string(),
            "403 urn:ietf:params:acme:error:rejectedIdentifier: two refused; a.example: CAA forbids"
        );
        for garbage in [&b""[..], b"<html>", b"[]", b"{\"type\":3}", &[0xff, 0xfe]] {
            let problem = Problem::from_response(502, garbage);
            assert_eq!((problem.status, problem.is_acme()), (502, false));
        }
        assert_eq!(Problem::from_value(&serde_json::Value::Null), None);
    }

    #[test]
    fn clips_and_cleans_what_a_server_writes() {
        assert_eq!(clip("plain", 100), "plain");
        assert_eq!(clip("a\u{1b}[31m\nb\u{202e}c", 100), "a [31m b c");
        let long = clip(&"ä".repeat(5000), DETAIL_LIMIT);
        assert!(long.len() <= DETAIL_LIMIT && long.ends_with('…'));
        let detail = format!(r#"{{"type":"x","detail":"{}"}}"#, "y".repeat(1 << 20));
        assert!(Problem::from_response(500, detail.as_bytes()).detail.len() <= DETAIL_LIMIT);
    }
}
