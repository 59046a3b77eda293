//! The sockets: UDP and TCP on port 53 of the node's address; forwarding.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

use super::directory::Directory;
use super::wire::{self, Question, Reply};
use super::zones::Zones;
use crate::control_plane::NODE_IP;
use crate::error::{During, Result};
use crate::sandbox::options;
use crate::users;

/// A forwarded query is given up after this; shorter than a client's own patience.
const FORWARD_LIMIT: Duration = Duration::from_millis(1500);
/// Largest packet with EDNS.
const LARGEST: usize = 65_535;

struct Server {
    dir: PathBuf,
    directory: Directory,
}

/// How a query came, and so how it is forwarded.
#[derive(Clone, Copy)]
enum Transport {
    Udp,
    Tcp,
}

pub(super) async fn serve(dir: &Path) -> Result<()> {
    let control = options::control_plane(dir, &[]);
    let client = users::client(&control.kubeconfig("admin")).await?;
    let server = Arc::new(Server {
        dir: dir.to_owned(),
        directory: Directory::follow(&client),
    });
    let udp = Arc::new(
        UdpSocket::bind((NODE_IP, 53))
            .await
            .during("listen on UDP port 53 of the node")?,
    );
    let tcp = TcpListener::bind((NODE_IP, 53))
        .await
        .during("listen on TCP port 53 of the node")?;
    tokio::spawn(serve_tcp(tcp, Arc::clone(&server)));
    let mut buffer = vec![0_u8; LARGEST];
    loop {
        // An ICMP error of an earlier answer shows up here: nothing to do about it.
        let Ok((length, client)) = udp.recv_from(&mut buffer).await else {
            continue;
        };
        let packet = buffer.get(..length).unwrap_or_default().to_vec();
        let (server, udp) = (Arc::clone(&server), Arc::clone(&udp));
        tokio::spawn(async move {
            if let Some(response) = server.answer(&packet, Transport::Udp).await {
                let _ = udp.send_to(&response, client).await;
            }
        });
    }
}

async fn serve_tcp(listener: TcpListener, server: Arc<Server>) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            continue;
        };
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok(packet) = read_framed(&mut stream).await {
                let Some(response) = server.answer(&packet, Transport::Tcp).await else {
                    return;
                };
                if write_framed(&mut stream, &response).await.is_err() {
                    return;
                }
            }
        });
    }
}

impl Server {
    async fn answer(&self, packet: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let question = wire::question(packet)?;
        if let Some(reply) = self.directory.lookup(&question.name) {
            return Some(wire::response(packet, &question, &reply));
        }
        let zones = Zones::load(&self.dir);
        if let Some(addresses) = zones.addresses(&question.name).filter(|_| is_address(&question)) {
            return Some(wire::response(packet, &question, &Reply::Addresses(addresses.clone())));
        }
        let Some(upstream) = zones.server(&question.name) else {
            return Some(wire::response(packet, &question, &Reply::NoSuchName));
        };
        let forwarded = timeout(FORWARD_LIMIT, forward(packet, upstream, transport)).await;
        let answer = forwarded.ok().and_then(std::result::Result::ok);
        Some(answer.unwrap_or_else(|| wire::response(packet, &question, &Reply::Failure)))
    }
}

/// A (1) or AAAA (28).
fn is_address(question: &Question) -> bool {
    matches!(question.kind, 1 | 28)
}

async fn forward(packet: &[u8], upstream: SocketAddr, transport: Transport) -> std::io::Result<Vec<u8>> {
    if let Transport::Tcp = transport {
        let mut stream = TcpStream::connect(upstream).await?;
        write_framed(&mut stream, packet).await?;
        return read_framed(&mut stream).await;
    }
    let socket = UdpSocket::bind(("0.0.0.0", 0)).await?;
    socket.connect(upstream).await?;
    socket.send(packet).await?;
    let mut buffer = vec![0_u8; LARGEST];
    let length = socket.recv(&mut buffer).await?;
    buffer.truncate(length);
    Ok(buffer)
}

async fn read_framed(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut packet = vec![0_u8; usize::from(length)];
    stream.read_exact(&mut packet).await?;
    Ok(packet)
}

async fn write_framed(stream: &mut TcpStream, packet: &[u8]) -> std::io::Result<()> {
    let length = u16::try_from(packet.len()).map_err(std::io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), packet].concat()).await
}
