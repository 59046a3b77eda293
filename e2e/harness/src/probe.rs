//! Waiting for things to become ready: polls with a deadline.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::error::{Error, Result};

/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(50);
/// Longest single look.
const ATTEMPT: Duration = Duration::from_secs(2);

/// What is waited for, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Awaited<'a> {
    /// In words.
    pub what: &'a str,
    /// Give up after this.
    pub limit: Duration,
    /// Where a person looks when it does not come.
    pub log: &'a Path,
}

impl Awaited<'_> {
    /// Polls `test` until it says true. Its errors end the wait at once.
    pub async fn until(&self, mut test: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + self.limit;
        loop {
            let attempt = timeout(ATTEMPT, test()).await;
            if attempt.unwrap_or(Ok(false))? {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let (what, limit, log) = (self.what.to_owned(), self.limit, self.log.to_owned());
                return Err(Error::NotReady { what, limit, log });
            }
            sleep(INTERVAL).await;
        }
    }
}

/// True where `GET path` over plain HTTP is answered 200.
pub async fn http_ok(address: SocketAddr, path: &str) -> bool {
    let attempt = async {
        let mut stream = TcpStream::connect(address).await?;
        stream
            .write_all(format!("GET {path} HTTP/1.0\r\nHost: probe\r\n\r\n").as_bytes())
            .await?;
        let mut head = [0_u8; 12];
        stream.read_exact(&mut head).await?;
        std::io::Result::Ok(head.ends_with(b" 200"))
    };
    attempt.await.unwrap_or(false)
}

/// True where something accepts TCP connections.
pub async fn tcp_open(address: SocketAddr) -> bool {
    TcpStream::connect(address).await.is_ok()
}
