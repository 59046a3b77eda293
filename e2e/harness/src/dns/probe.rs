//! Asks a name server one question, to see whether it serves already: it may listen before it knows its zones.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::wire;

/// A server on this machine answers at once or not at all.
const LIMIT: Duration = Duration::from_millis(500);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An address.
    A = 1,
    /// The start of a zone.
    Soa = 6,
}

/// True where the server has such a record.
pub async fn answers(server: SocketAddr, name: &str, kind: Kind) -> bool {
    let attempt = async {
        let socket = UdpSocket::bind(("0.0.0.0", 0)).await?;
        socket.connect(server).await?;
        socket.send(&wire::query(name, kind as u16)).await?;
        let mut buffer = [0_u8; 4096];
        let length = socket.recv(&mut buffer).await?;
        std::io::Result::Ok(buffer.get(..length).is_some_and(wire::has_records))
    };
    timeout(LIMIT, attempt)
        .await
        .is_ok_and(|result| result.unwrap_or(false))
}
