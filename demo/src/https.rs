//! One GET over a fresh TLS connection, verified as a browser would: chain, name, dates. No retry: what fails here is lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::certs::{self, Leaf};

/// Longest time a client waits for one answer.
pub const LIMIT: Duration = Duration::from_secs(10);
const MAX_ANSWER: usize = 65_536;

/// Why there was no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("connect to {address}")]
    Connect {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The handshake failed; a certificate that is not trusted shows here.
    #[error("TLS handshake with {host}")]
    Handshake {
        /// Name that was asked for.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// The connection broke after the handshake.
    #[error("exchange with {host}")]
    Exchange {
        /// Name that was asked for.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing for [`LIMIT`].
    #[error("no answer from {host} in {} s", LIMIT.as_secs())]
    TimedOut {
        /// Name that was asked for.
        host: String,
    },
    /// The answer is not HTTP, or not whole.
    #[error("broken answer from {host}: {got:?}")]
    Broken {
        /// Name that was asked for.
        host: String,
        /// Its beginning.
        got: String,
    },
    /// The host is no DNS name.
    #[error("{host} is no DNS name")]
    Name {
        /// The host.
        host: String,
        /// Why.
        source: InvalidDnsNameError,
    },
    /// A root certificate cannot be used.
    #[error("root certificates")]
    Roots(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A site to ask: the router's address, the host name, and the roots it has to chain to.
#[derive(Debug, Clone)]
pub struct Site {
    address: SocketAddr,
    host: String,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
}

/// A whole HTTP answer and the certificate it came with.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Certificate of the handshake.
    pub leaf: Leaf,
    /// Status of the answer.
    pub status: u16,
    /// Its body without the line end.
    pub body: String,
    /// Header X-Chain: `service/pod/serial` of each link, in the order of the chain.
    pub chain: Vec<Link>,
}

/// One service that took part in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub service: String,
    /// The pod that answered.
    pub pod: String,
    /// The serial of the certificate the pod serves.
    pub serial: String,
}

impl Site {
    /// A site behind `address` that has to chain to one of the PEM `roots`.
    pub fn new(address: SocketAddr, host: &str, roots: &[u8]) -> Result<Self, Error> {
        let mut store = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(roots) {
            store
                .add(root.map_err(|source| Error::Roots(source.into()))?)
                .map_err(|source| Error::Roots(source.into()))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config
            .map_err(|source| Error::Roots(source.into()))?
            .with_root_certificates(store)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).map_err(|source| Error::Name {
            host: host.into(),
            source,
        })?;
        Ok(Self {
            address,
            host: host.into(),
            name,
            tls: Arc::new(config),
        })
    }

    /// Host name of the site.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// GET `/`.
    pub async fn get(&self) -> Result<Answer, Error> {
        let host = || self.host.clone();
        tokio::time::timeout(LIMIT, self.exchange())
            .await
            .map_err(|_| Error::TimedOut { host: host() })?
    }

    async fn exchange(&self) -> Result<Answer, Error> {
        let host = || self.host.clone();
        let tcp = TcpStream::connect(self.address)
            .await
            .map_err(|source| Error::Connect {
                address: self.address,
                source,
            })?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let tls = connector
            .connect(self.name.clone(), tcp)
            .await
            .map_err(|source| Error::Handshake { host: host(), source })?;
        let leaf = tls
            .get_ref()
            .1
            .peer_certificates()
            .and_then(|chain| certs::from_der(chain.first()?));
        let text = talk(tls, &self.host)
            .await
            .map_err(|source| Error::Exchange { host: host(), source })?;
        let broken = || Error::Broken {
            host: host(),
            got: text.chars().take(80).collect(),
        };
        parse(&text, leaf.ok_or_else(broken)?).ok_or_else(broken)
    }
}

async fn talk(mut tls: TlsStream<TcpStream>, host: &str) -> std::io::Result<String> {
    tls.write_all(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
        .await?;
    let mut bytes = Vec::with_capacity(1024);
    while bytes.len() < MAX_ANSWER {
        match tls.read_buf(&mut bytes).await {
            Ok(0) => break,
            Ok(_) => {}
            // A peer that ends without saying so: whether all is there, the length in the header tells.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads an answer; `None` where it is not whole.
fn parse(text: &str, leaf: Leaf) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim()))
        .collect();
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    let length: usize = header("content-length")?.parse().ok()?;
    let body = body.get(..length)?.trim_end().to_owned();
    Some(Answer {
        leaf,
        status,
        body,
        chain: links(header("x-chain").unwrap_or_default()),
    })
}

fn links(header: &str) -> Vec<Link> {
    let link = |text: &str| {
        let mut parts = text.trim().split('/').map(str::to_owned);
        Some(Link {
            service: parts.next()?,
            pod: parts.next()?,
            serial: parts.next()?,
        })
    };
    header.split(',').filter_map(link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            serial: "a".into(),
            dns_names: vec![],
            issuer: String::new(),
            der: vec![],
        }
    }

    #[test]
    fn an_answer_counts_only_when_it_is_whole() {
        let table = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab\n", Some((200, "ab"))),
            (
                "HTTP/1.1 503 No server\r\ncontent-length: 2\r\n\r\nno",
                Some((503, "no")),
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab\n", None),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", None),
            ("HTTP/1.1 200 OK\r\n\r\nabc", None),
            ("", None),
        ];
        for (text, expected) in table {
            let got = parse(text, leaf());
            assert_eq!(
                got.as_ref().map(|answer| (answer.status, answer.body.as_str())),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_chain_names_each_service_with_pod_and_serial() {
        let link = |service: &str, pod: &str, serial: &str| Link {
            service: service.into(),
            pod: pod.into(),
            serial: serial.into(),
        };
        assert_eq!(
            links("customer/c-1/ab, preference/p-2/cd"),
            [link("customer", "c-1", "ab"), link("preference", "p-2", "cd")]
        );
        assert_eq!(links("nonsense"), []);
    }
}
