//! What runs in the pods: a small HTTP server, with TLS on 8443 and without on 8080.

use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

pub fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let tls = TcpListener::bind("0.0.0.0:8443").await?;
        let plain = TcpListener::bind("0.0.0.0:8080").await?;
        let acceptor = acceptor()?;
        loop {
            tokio::select! {
                accepted = tls.accept() => {
                    let ((stream, _), acceptor) = (accepted?, acceptor.clone());
                    tokio::spawn(async move { serve(acceptor.accept(stream).await?).await });
                }
                accepted = plain.accept() => {
                    let (stream, _) = accepted?;
                    tokio::spawn(serve(stream));
                }
                _ = terminate.recv() => return Ok(()),
            }
        }
    })
}

fn acceptor() -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter("/tls/tls.crt")
        .context("read tls.crt")?
        .collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file("/tls/tls.key").context("read tls.key")?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(TlsAcceptor::from(Arc::new(
        config.with_no_client_auth().with_single_cert(chain, key)?,
    )))
}

/// Answers every request of a connection.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
                .await?;
            stream.flush().await?;
        }
    }
}
