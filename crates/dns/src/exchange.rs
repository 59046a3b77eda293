//! One question and its answer over UDP or TCP: bounded in time and size, answers of others ignored. Knows no record types.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::error::Error;

/// Attempts over UDP, each with its own wait.
const UDP_WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_millis(1500),
    Duration::from_millis(2500),
];
/// Longest exchange over TCP.
const TCP_WAIT: Duration = Duration::from_secs(5);
/// Header length of a DNS message.
const HEADER: usize = 12;
/// TC bit in the third byte.
const TRUNCATED: u8 = 0x02;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Protocol {
    /// UDP, then TCP where the answer does not fit.
    #[default]
    Udp,
    /// TCP only.
    Tcp,
}

/// Sends `query` to the first address of `server` (host:port) that answers.
pub async fn exchange(server: &str, protocol: Protocol, query: &[u8]) -> Result<Vec<u8>, Error> {
    let mut last = Error::Address {
        server: server.to_owned(),
        detail: "no address".into(),
    };
    for address in addresses(server).await? {
        match one(server, address, protocol, query).await {
            Ok(answer) => return Ok(answer),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Addresses of a `host:port`, at most four, IPv4 first.
async fn addresses(server: &str) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = server.parse() {
        return Ok(vec![address]);
    }
    let failed = |detail: String| Error::Address {
        server: server.to_owned(),
        detail,
    };
    let found = timeout(TCP_WAIT, tokio::net::lookup_host(server))
        .await
        .map_err(|_| failed("timed out".into()))?;
    let mut found: Vec<_> = found.map_err(|error| failed(error.to_string()))?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.truncate(4);
    Ok(found)
}

async fn one(server: &str, address: SocketAddr, protocol: Protocol, query: &[u8]) -> Result<Vec<u8>, Error> {
    if protocol == Protocol::Udp {
        let answer = udp(server, address, query).await?;
        if answer.get(2).is_none_or(|flags| flags & TRUNCATED == 0) {
            return Ok(answer);
        }
    }
    let within = Error::Timeout {
        server: server.to_owned(),
        within: TCP_WAIT,
    };
    timeout(TCP_WAIT, tcp(server, address, query))
        .await
        .map_err(|_| within)?
}

async fn udp(server: &str, address: SocketAddr, query: &[u8]) -> Result<Vec<u8>, Error> {
    let unreachable = |error: std::io::Error| Error::Unreachable {
        server: server.to_owned(),
        detail: error.to_string(),
    };
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await.map_err(unreachable)?;
    socket.connect(address).await.map_err(unreachable)?;
    for wait in UDP_WAITS {
        socket.send(query).await.map_err(unreachable)?;
        if let Ok(answer) = timeout(wait, receive(&socket, query)).await {
            return answer.map_err(unreachable);
        }
    }
    Err(Error::Timeout {
        server: server.to_owned(),
        within: UDP_WAITS.iter().sum(),
    })
}

/// The first datagram that answers `query`; others are strays or forgeries.
async fn receive(socket: &UdpSocket, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(answer) = buffer.get(..length).filter(|answer| answers(query, answer)) {
            return Ok(answer.to_vec());
        }
    }
}

async fn tcp(server: &str, address: SocketAddr, query: &[u8]) -> Result<Vec<u8>, Error> {
    let unreachable = |error: std::io::Error| Error::Unreachable {
        server: server.to_owned(),
        detail: error.to_string(),
    };
    let length = u16::try_from(query.len()).map_err(|_| Error::Config {
        what: "the DNS message is too long".into(),
    })?;
    let mut stream = TcpStream::connect(address).await.map_err(unreachable)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(query);
    stream.write_all(&framed).await.map_err(unreachable)?;
    let length = stream.read_u16().await.map_err(unreachable)?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.map_err(unreachable)?;
    if answers(query, &answer) {
        Ok(answer)
    } else {
        Err(Error::Malformed {
            server: server.to_owned(),
        })
    }
}

/// True where `answer` is a response with the id of `query`.
fn answers(query: &[u8], answer: &[u8]) -> bool {
    answer.len() >= HEADER && answer.get(..2) == query.get(..2) && answer.get(2).is_some_and(|flags| flags & 0x80 != 0)
}
