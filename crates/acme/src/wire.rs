//! Bodies as they come over the wire, turned into [`crate::resources`]; tolerant of what is missing, strict on what is needed.

use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::problem::Problem;
use crate::resources::{Account, Authorization, Challenge, Identifier, Order, Status};
use crate::retry_after::RetryAfter;

/// Most entries of any list that is read.
const LIST_LIMIT: usize = 1_000;
/// Most alternate chains that are offered to the caller.
const ALTERNATE_LIMIT: usize = 10;

#[derive(Deserialize)]
struct RawOrder {
    #[serde(default)]
    status: Status,
    authorizations: Vec<String>,
    finalize: String,
    certificate: Option<String>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct RawAuthorization {
    identifier: Identifier,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    wildcard: bool,
    #[serde(default)]
    challenges: Vec<RawChallenge>,
}

#[derive(Deserialize)]
struct RawChallenge {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct RawAccount {
    #[serde(default)]
    status: Status,
    #[serde(default)]
    contact: Option<Vec<String>>,
}

/// An order; `None` where the body is none.
pub fn order(url: &str, headers: &HeaderMap, body: &[u8]) -> Option<Order> {
    let raw: RawOrder = serde_json::from_slice(body).ok()?;
    let sound = raw.authorizations.len() <= LIST_LIMIT && !url.is_empty();
    sound.then(|| Order {
        url: url.to_owned(),
        status: raw.status,
        authorizations: raw.authorizations,
        finalize: raw.finalize,
        certificate: raw.certificate,
        error: Problem::from_value(&raw.error),
        retry_after: retry_after(headers),
    })
}

/// An authorization; `None` where the body is none.
pub fn authorization(headers: &HeaderMap, body: &[u8]) -> Option<Authorization> {
    let raw: RawAuthorization = serde_json::from_slice(body).ok()?;
    let challenges = raw.challenges.into_iter().take(LIST_LIMIT).map(challenge).collect();
    Some(Authorization {
        identifier: raw.identifier,
        status: raw.status,
        wildcard: raw.wildcard,
        challenges,
        retry_after: retry_after(headers),
    })
}

/// An account; `None` where the body or the URL is missing.
pub fn account(url: &str, body: &[u8]) -> Option<Account> {
    let raw: RawAccount = serde_json::from_slice(body).ok()?;
    let contact = raw.contact.unwrap_or_default();
    (!url.is_empty()).then(|| Account {
        url: url.to_owned(),
        status: raw.status,
        contact,
    })
}

fn challenge(raw: RawChallenge) -> Challenge {
    let error = Problem::from_value(&raw.error);
    Challenge {
        kind: raw.kind,
        url: raw.url,
        token: raw.token,
        status: raw.status,
        error,
    }
}

/// The `Retry-After` header.
pub fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    RetryAfter::parse(headers.get("retry-after")?.to_str().ok()?)
}

/// Targets of `Link` headers with `rel="alternate"` (RFC 8288), resolved against `base`.
pub fn alternates(base: &str, headers: &HeaderMap) -> Vec<String> {
    let base = reqwest::Url::parse(base).ok();
    let values = headers
        .get_all("link")
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let links = values
        .flat_map(links)
        .filter(|(_, parameters)| is_alternate(parameters));
    let absolute = links.filter_map(|(target, _)| base.as_ref()?.join(target).ok());
    absolute.map(String::from).take(ALTERNATE_LIMIT).collect()
}

/// `<target>;parameters` pairs of one header value; commas inside the target do not split.
fn links(value: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else {
            break;
        };
        let (parameters, next) = after.split_once(',').unwrap_or((after, ""));
        out.push((target, parameters));
        rest = next;
    }
    out
}

fn is_alternate(parameters: &str) -> bool {
    parameters
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .any(|(name, value)| {
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|rel| rel.eq_ignore_ascii_case("alternate"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(links: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for link in links {
            map.append("link", link.parse().unwrap());
        }
        map
    }

    #[test]
    fn finds_alternate_links_in_every_spelling() {
        let table: [(&[&str], &[&str]); 6] = [
            (&["<https://ca/1>;rel=\"alternate\""], &["https://ca/1"]),
            (
                &["<https://ca/dir>; rel=\"index\"", "</c/2>; title=x; rel=alternate"],
                &["https://ca/c/2"],
            ),
            (
                &["<https://ca/a,b>;rel=alternate, <https://ca/up>;rel=up"],
                &["https://ca/a,b"],
            ),
            (&["<https://ca/1>;rel=\"up Alternate\""], &["https://ca/1"]),
            (&["<broken", "nothing", "<>;rel", ""], &[]),
            (&["<https://ca/x>;title=\"alternate\""], &[]),
        ];
        for (given, expected) in table {
            assert_eq!(alternates("https://ca/cert", &headers(given)), expected, "{given:?}");
        }
    }

    #[test]
    fn reads_orders_and_refuses_what_is_none() {
        let body =
            br#"{"status":"processing","authorizations":["https://ca/a"],"finalize":"https://ca/f","more":{"x":1}}"#;
        let mut map = HeaderMap::new();
        map.insert("retry-after", "3".parse().unwrap());
        let order = order("https://ca/o", &map, body).unwrap();
        assert_eq!(
            (order.status, order.certificate, order.error),
            (Status::Processing, None, None)
        );
        assert_eq!(order.retry_after, RetryAfter::parse("3"));
        for garbage in [&b""[..], b"{}", b"<html>", b"[1]", br#"{"status":"valid"}"#] {
            assert_eq!(super::order("u", &HeaderMap::new(), garbage), None);
        }
    }

    #[test]
    fn reads_authorizations_with_unknown_states_and_failed_challenges() {
        let body = br#"{"identifier":{"type":"dns","value":"a.example"},"status":"surprise","wildcard":true,"challenges":[
            {"type":"dns-01","url":"u","token":"t","status":"invalid","error":{"type":"urn:ietf:params:acme:error:dns","detail":"no TXT"}},
            {"type":"tls-alpn-01"}]}"#;
        let got = authorization(&HeaderMap::new(), body).unwrap();
        assert_eq!(
            (got.status, got.wildcard, got.challenges.len()),
            (Status::Unknown, true, 2)
        );
        assert_eq!(got.failure().unwrap().detail, "no TXT");
    }
}
