//! Clients: one that waits for an answer, one that asks all the time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use evercert_harness::certificates::Authority;
use evercert_harness::sandbox::network::ROUTER_IP;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// A client that trusts only this CA and finds every host at the router.
pub fn client(authority: &Authority) -> Result<reqwest::ClientBuilder> {
    let ca = reqwest::Certificate::from_pem(authority.pair.certificate.as_bytes())?;
    let router = SocketAddr::new(ROUTER_IP.parse()?, 0);
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([ca])
        .timeout(Duration::from_secs(10));
    builder = builder.redirect(reqwest::redirect::Policy::none());
    for name in ["pass", "re", "edge"] {
        builder = builder.resolve(&format!("{name}.demo.test"), router);
    }
    Ok(builder)
}

/// Asks until the status is as expected; 20 s at most.
pub async fn eventually(client: &reqwest::Client, url: &str, status: u16) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = client.get(url).send().await;
        match &answer {
            Ok(response) if response.status().as_u16() == status => return Ok(()),
            _ if Instant::now() > deadline => bail!("{url}: {answer:?} instead of {status}"),
            _ => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// A client that asks again as soon as it has an answer.
pub struct Load {
    stop: Arc<AtomicBool>,
    task: JoinHandle<(usize, Vec<String>)>,
}

impl Load {
    pub fn start(client: reqwest::Client, url: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let (mut requests, mut failed) = (0, Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                requests += 1;
                match client.get(url).send().await {
                    Ok(response) if response.status() == 200 => drop(response.text().await),
                    Ok(response) => failed.push(format!("{url}: {}", response.status())),
                    Err(error) => failed.push(format!("{url}: {error:?}")),
                }
                sleep(Duration::from_millis(10)).await;
            }
            (requests, failed)
        });
        Self { stop, task }
    }

    /// Number of requests, and what became of those that failed.
    pub async fn stop(self) -> Result<(usize, Vec<String>)> {
        self.stop.store(true, Ordering::Relaxed);
        Ok(self.task.await?)
    }
}
