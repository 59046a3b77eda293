//! Health and metrics over HTTP: small, bounded, and never a reason to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::metrics::{Collectors, Metrics};
use crate::readiness::Readiness;
use crate::shutdown::Shutdown;

/// Time for a request's head to arrive; also the longest rest of a kept connection.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// Time for a whole connection.
const CONNECTION_LIMIT: Duration = Duration::from_mins(5);
/// Connections at the same time, per address.
const CONNECTIONS: usize = 64;
/// How often histogram samples are folded.
const UPKEEP: Duration = Duration::from_secs(10);

/// Where to listen; the two may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// `/livez`, `/healthz`, `/readyz`; `None`: not served.
    pub health: Option<SocketAddr>,
    /// `/metrics`; `None`: not served.
    pub metrics: Option<SocketAddr>,
    /// More paths that answer as `/livez` does, for example upstream's `/live`.
    pub live_paths: &'static [&'static str],
}

/// What the pages show; cheap to clone.
#[derive(Debug, Clone)]
pub struct Pages {
    /// Gates of `/readyz`.
    pub readiness: Readiness,
    /// State series of `/metrics`.
    pub collectors: Collectors,
    /// Counted series of `/metrics`.
    pub metrics: Metrics,
}

/// An address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address}")]
pub struct ServerError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// The addresses that are listened on, with the ports that were given for 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// Health pages.
    pub health: Option<SocketAddr>,
    /// Metrics page.
    pub metrics: Option<SocketAddr>,
}

/// Listens, then serves in the background until shutdown.
///
/// # Errors
/// If an address is taken or not ours.
pub async fn start(config: &ServerConfig, pages: Pages, shutdown: &Shutdown) -> Result<Listening, ServerError> {
    keep_up(pages.metrics.clone(), shutdown.clone());
    let health = health_pages(config.live_paths).with_state(pages.clone());
    let metrics = Router::new().route("/metrics", get(metrics)).with_state(pages);
    if config.health == config.metrics {
        let both = listen(config.health, health.merge(metrics), shutdown).await?;
        return Ok(Listening {
            health: both,
            metrics: both,
        });
    }
    Ok(Listening {
        health: listen(config.health, health, shutdown).await?,
        metrics: listen(config.metrics, metrics, shutdown).await?,
    })
}

fn health_pages(live_paths: &[&'static str]) -> Router<Pages> {
    let pages = Router::new().route("/readyz", get(readyz));
    ["/livez", "/healthz"]
        .iter()
        .chain(live_paths)
        .fold(pages, |pages, path| pages.route(path, get(livez)))
}

async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(pages): State<Pages>) -> Response {
    let ready = pages.readiness.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        pages.readiness.report() + if ready { "ready\n" } else { "not ready\n" },
    )
        .into_response()
}

async fn metrics(State(pages): State<Pages>) -> Response {
    let text = pages.metrics.render(&pages.collectors);
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response()
}

async fn listen(
    address: Option<SocketAddr>,
    pages: Router,
    shutdown: &Shutdown,
) -> Result<Option<SocketAddr>, ServerError> {
    let Some(address) = address else { return Ok(None) };
    let failed = |source| ServerError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let shutdown = shutdown.requested();
    tokio::spawn(async move {
        tokio::select! {
            () = shutdown => {}
            () = accept(listener, pages) => {}
        }
    });
    Ok(Some(bound))
}

async fn accept(listener: TcpListener, pages: Router) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let pages = pages.clone();
                tokio::spawn(async move {
                    // Errors here are the peer's: a scanner, a closed connection.
                    let _ = tokio::time::timeout(CONNECTION_LIMIT, serve(stream, pages)).await;
                    drop(permit);
                });
            }
            // Out of file handles, mostly; there is nothing to do but to wait.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve(stream: TcpStream, pages: Router) -> Result<(), hyper::Error> {
    let service =
        service_fn(move |request: hyper::Request<hyper::body::Incoming>| pages.clone().oneshot(request.map(Body::new)));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

fn keep_up(metrics: Metrics, shutdown: Shutdown) {
    tokio::spawn(async move {
        while tokio::time::timeout(UPKEEP, shutdown.requested()).await.is_err() {
            metrics.upkeep();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let code = answer.split(' ').nth(1).unwrap_or_default();
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        format!("{code} {body}")
    }

    #[tokio::test]
    async fn pages_say_what_is_waited_for_and_stop_with_the_process() {
        let local: SocketAddr = ([127, 0, 0, 1], 0).into();
        let pages = Pages {
            readiness: Readiness::default(),
            collectors: Collectors::default(),
            metrics: crate::metrics::install().unwrap(),
        };
        pages
            .collectors
            .add("x", |text| text.sample("state_of_something", &[], 1.0));
        let gate = pages.readiness.gate("secrets");
        let shutdown = Shutdown::manual();
        let config = ServerConfig {
            health: Some(local),
            metrics: Some(local),
            live_paths: &["/live"],
        };
        let address = start(&config, pages, &shutdown).await.unwrap().health.unwrap();
        assert_eq!(get(address, "/readyz").await, "503 [-]secrets waiting\nnot ready\n");
        gate.open();
        assert_eq!(get(address, "/readyz").await, "200 [+]secrets ok\nready\n");
        for path in ["/livez", "/healthz", "/live"] {
            assert_eq!(get(address, path).await, "200 ok\n", "{path}");
        }
        assert!(get(address, "/metrics").await.contains("state_of_something 1\n"));
        assert!(get(address, "/else").await.starts_with("404"));
        shutdown.request();
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn address_in_use_is_an_error_that_names_it() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = listen(Some(address), Router::new(), &Shutdown::manual())
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), format!("listen on {address}"));
    }
}
