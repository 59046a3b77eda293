//! The constant client load: several clients for each Route, each asking again and again, counting and remembering.
//! A request is good only when the status is 200 and the body is the whole chain.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::https::{Answer, Site};
use crate::journal::{Fact, Journal};
use crate::report::Traffic;

/// Clients for each Route.
const CLIENTS: u32 = 3;
/// Pause of a client between two requests.
const PAUSE: Duration = Duration::from_millis(250);
/// Failures of which the text is kept.
const KEPT: usize = 10;

/// A Route under load, and what a good answer looks like.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where to ask.
    pub site: Site,
    /// The body of a whole answer.
    pub answer: &'static str,
    /// True where the handshake shows the certificate of the pod that answers (passthrough).
    pub shows_pod: bool,
}

/// Counters that all clients share.
#[derive(Debug, Default)]
pub struct Counters {
    requests: AtomicU64,
    failed: AtomicU64,
    mismatches: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

/// A running load.
#[derive(Debug)]
pub struct Load {
    counters: Arc<Counters>,
    stop: CancellationToken,
    clients: JoinSet<()>,
}

impl Load {
    /// Starts the clients.
    pub fn start(targets: &[Target], journal: &Arc<Journal>) -> Self {
        let (counters, stop) = (Arc::new(Counters::default()), CancellationToken::new());
        let mut clients = JoinSet::new();
        for (target, number) in targets
            .iter()
            .flat_map(|target| (0..CLIENTS).map(move |number| (target, number)))
        {
            let (target, journal, counters, stop) =
                (target.clone(), Arc::clone(journal), Arc::clone(&counters), stop.clone());
            // Clients begin one after the other, so that requests are spread over the pause.
            let delay = PAUSE * number / CLIENTS;
            clients.spawn(async move {
                tokio::time::sleep(delay).await;
                client(&target, &journal, &counters, &stop).await;
            });
        }
        Self {
            counters,
            stop,
            clients,
        }
    }

    /// Requests so far.
    pub fn traffic(&self) -> Traffic {
        self.counters.traffic()
    }

    /// Lets the requests in flight end and returns the totals with the texts of the first failures.
    pub async fn stop(mut self) -> (Traffic, Vec<String>) {
        self.stop.cancel();
        while self.clients.join_next().await.is_some() {}
        let failures = std::mem::take(&mut *self.counters.failures.lock().unwrap_or_else(PoisonError::into_inner));
        (self.counters.traffic(), failures)
    }
}

async fn client(target: &Target, journal: &Journal, counters: &Counters, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        counters.requests.fetch_add(1, Ordering::Relaxed);
        match target.site.get().await {
            Ok(answer) if answer.status == 200 && answer.body == target.answer => {
                note(&answer, target, journal);
                if mismatch(&answer, target) {
                    counters.mismatches.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(answer) => counters.fail(
                journal,
                &format!("{}: {} {:?}", target.site.host(), answer.status, answer.body),
            ),
            Err(error) => counters.fail(journal, &chain(&error)),
        }
        tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(PAUSE) => {} }
    }
}

fn note(answer: &Answer, target: &Target, journal: &Journal) {
    journal.note(Fact::RouterServed {
        host: target.site.host().into(),
        serial: answer.leaf.serial.clone(),
    });
    for link in &answer.chain {
        journal.note(Fact::Served {
            pod: link.pod.clone(),
            serial: link.serial.clone(),
        });
    }
}

/// True where the handshake shows another certificate than the pod says it serves.
fn mismatch(answer: &Answer, target: &Target) -> bool {
    target.shows_pod
        && answer
            .chain
            .first()
            .is_none_or(|link| link.serial != answer.leaf.serial)
}

fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |cause| cause.source());
    sources.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl Counters {
    fn fail(&self, journal: &Journal, text: &str) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() < KEPT {
            failures.push(format!("at {} ms: {text}", journal.now_ms()));
        }
    }

    fn traffic(&self) -> Traffic {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            requests: count(&self.requests),
            failed: count(&self.failed),
            mismatches: self.mismatches.load(Ordering::Relaxed),
        }
    }
}
