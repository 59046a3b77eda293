//! One HTTP exchange with an ACME server: TLS by `caBundle` or public roots, bounded time and size, metrics. Knows no JWS.
//!
//! The address of an ACME server is written by tenants, so an answer may be anything: it is read to a limit, redirects
//! are not followed, and no part of a body leaves this crate except through [`crate::problem`].

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::{HeaderMap, StatusCode};
use reqwest::Method;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::action::Action;
use crate::error::Error;
use crate::problem::clip;

/// Longest exchange, connection to last byte (upstream: 90 s).
const TIMEOUT: Duration = Duration::from_secs(90);
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Largest body that is read, of errors too (upstream: 16 MiB).
pub const BODY_LIMIT: usize = 16 << 20;
/// Largest CA bundle, in bytes, and most certificates in it.
const BUNDLE_LIMIT: usize = 330_000;

/// How to reach one ACME server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TransportOptions {
    /// PEM certificates to trust instead of the public roots.
    pub ca_bundle: Option<Vec<u8>>,
    /// Trust any certificate.
    pub skip_tls_verify: bool,
    /// User-Agent header.
    pub user_agent: String,
}

/// A connection pool to ACME servers.
#[derive(Debug, Clone)]
pub struct Transport {
    client: reqwest::Client,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, at most [`BODY_LIMIT`].
    pub body: Bytes,
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Transport {
    /// Builds the client.
    ///
    /// # Errors
    /// [`Error::Config`] where the CA bundle is unusable.
    pub fn new(options: &TransportOptions) -> Result<Self, Error> {
        let builder = reqwest::Client::builder()
            .user_agent(&options.user_agent)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(32);
        let builder = if options.skip_tls_verify {
            builder.tls_danger_accept_invalid_certs(true)
        } else {
            builder.tls_backend_preconfigured(tls(options.ca_bundle.as_deref())?)
        };
        let client = builder.build().map_err(|error| Error::Config {
            what: format!("no HTTP client: {}", innermost(&error)),
        })?;
        Ok(Self { client })
    }

    /// Fetches without a signature: directory and nonces.
    pub async fn fetch(&self, action: Action, method: Method, url: &str) -> Result<Answer, Error> {
        let url = parse(url)?;
        self.exchange(action, self.client.request(method, url.clone()), &url)
            .await
    }

    /// Sends a signed request.
    pub async fn post(&self, action: Action, url: &str, jws: String) -> Result<Answer, Error> {
        let url = parse(url)?;
        let request = self
            .client
            .post(url.clone())
            .header("content-type", "application/jose+json")
            .body(jws);
        self.exchange(action, request, &url).await
    }

    async fn exchange(
        &self,
        action: Action,
        request: reqwest::RequestBuilder,
        url: &reqwest::Url,
    ) -> Result<Answer, Error> {
        let began = Instant::now();
        let answer = read(action, request, url).await;
        let status = answer.as_ref().map_or(999, |answer| answer.status.as_u16());
        record(action, url, status, began.elapsed());
        answer
    }
}

async fn read(action: Action, request: reqwest::RequestBuilder, url: &reqwest::Url) -> Result<Answer, Error> {
    let network = |error: reqwest::Error| Error::Network {
        action,
        host: host_of(url),
        detail: innermost(&error),
    };
    let response = request.send().await.map_err(network)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = BytesMut::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(network)?;
        if body.len() + chunk.len() > BODY_LIMIT {
            let detail = format!("its answer is larger than {} MiB", BODY_LIMIT >> 20);
            return Err(Error::NotAcme {
                action,
                host: host_of(url),
                detail,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        headers,
        body: body.freeze(),
    })
}

fn record(action: Action, url: &reqwest::Url, status: u16, took: Duration) {
    let method = if matches!(action, Action::Directory) {
        "GET"
    } else if matches!(action, Action::Nonce) {
        "HEAD"
    } else {
        "POST"
    };
    let labels = [
        ("scheme", url.scheme().to_owned()),
        ("host", host_of(url)),
        ("action", action.label().to_owned()),
        ("method", method.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("certmanager_http_acme_client_request_count", &labels).increment(1);
    metrics::histogram!("certmanager_http_acme_client_request_duration_seconds", &labels).record(took.as_secs_f64());
}

/// Host and port as they stand in the address.
pub fn host_of(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An absolute http(s) URL with a host.
///
/// # Errors
/// [`Error::Config`] for anything else.
pub fn parse(url: &str) -> Result<reqwest::Url, Error> {
    match reqwest::Url::parse(url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(Error::Config {
            what: format!("{:?} is not an absolute http or https URL", clip(url, 200)),
        }),
    }
}

fn tls(ca_bundle: Option<&[u8]>) -> Result<rustls::ClientConfig, Error> {
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Error::Config {
        what: format!("no TLS: {error}"),
    })?;
    Ok(builder.with_root_certificates(roots(ca_bundle)?).with_no_client_auth())
}

fn roots(ca_bundle: Option<&[u8]>) -> Result<rustls::RootCertStore, Error> {
    let Some(pem) = ca_bundle else {
        return Ok(rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        });
    };
    let bad = |why: &str| Error::Config {
        what: format!("the CA bundle of the ACME server {why}"),
    };
    if pem.len() > BUNDLE_LIMIT {
        return Err(bad("is too large"));
    }
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| bad("is not PEM"))?;
        store
            .add(certificate)
            .map_err(|_| bad("holds something that is no certificate"))?;
    }
    if store.is_empty() {
        Err(bad("holds no certificate"))
    } else {
        Ok(store)
    }
}

/// The innermost cause, which is the one that tells something; outer ones repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    clip(&cause.to_string(), 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_that_are_none_are_refused() {
        let table: [(&[u8], &str); 3] = [
            (b"", "holds no certificate"),
            (
                b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "no certificate",
            ),
            (&vec![b'-'; BUNDLE_LIMIT + 1], "too large"),
        ];
        for (pem, words) in table {
            let error = roots(Some(pem)).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(roots(None).unwrap().len() > 50);
    }

    #[test]
    fn only_http_urls_with_a_host_are_addresses() {
        for good in ["https://ca.example/dir", "http://127.0.0.1:14000/dir"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ca.example",
            "ftp://ca.example/",
            "file:///etc/passwd",
            "/dir",
            "https://",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
