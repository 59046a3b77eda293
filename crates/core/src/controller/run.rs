//! The loop: triggers in, runs out, timers between.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ahash::AHashMap;
use futures::StreamExt;
use futures::stream::{BoxStream, SelectAll, select_all};
use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};

use super::queue::{Due, Now, Queue};
use super::wake::look_again;
use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::metrics::names::{ControllerNames, RECONCILE_PANICS};
use crate::runtime::Runtime;
use crate::watch::Key;

/// How one controller runs.
#[derive(Debug, Clone, Copy)]
pub struct ControllerConfig {
    /// Label of its metrics and logs.
    pub name: &'static str,
    /// Runs at the same time, of different keys; at least 1.
    pub concurrency: usize,
    /// Wait after a failure, per key.
    pub backoff: Backoff,
}

/// When to look at a key again without being told; a newer trigger always wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Only when told.
    Done,
    /// When the wall clock reaches this, however it gets there.
    At(Timestamp),
    /// After this much time, whatever the wall clock does.
    After(Duration),
}

/// Runs `reconcile` for each key that the triggers name, until shutdown; runs in flight then finish.
///
/// One run per key at a time; a key named while it runs is run once more. `Ok` resets the key's back-off, `Err` or a
/// panic is retried with it.
pub async fn run<F, Fut, E>(
    rt: &Runtime,
    config: ControllerConfig,
    triggers: Vec<BoxStream<'static, Key>>,
    reconcile: F,
) where
    F: Fn(Key) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Next, E>> + Send + 'static,
    E: Error + Send + Sync + 'static,
{
    let mut triggers: SelectAll<_> = select_all(triggers);
    let mut controller = Controller::new(rt, config);
    let mut changes = rt.clock.changes();
    let shutdown = rt.shutdown.requested();
    tokio::pin!(shutdown);
    loop {
        controller.queue.wake(controller.now());
        while controller.runs.len() < config.concurrency.max(1)
            && let Some(key) = controller.queue.start()
        {
            controller.spawn(&key, reconcile((*key).clone()));
        }
        let look_again = look_again(controller.queue.next_due(), controller.clock.now());
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = controller.runs.join_next_with_id() => controller.ended(ended),
            Some(key) = triggers.next(), if !triggers.is_empty() => controller.queue.trigger(key),
            () = changes.next() => {}
            () = sleep_until(look_again) => {}
        }
    }
    while let Some(ended) = controller.runs.join_next_with_id().await {
        controller.ended(ended);
    }
    tracing::debug!(controller = config.name, "stopped");
}

type Outcome = Result<Next, Box<dyn Error + Send + Sync>>;

struct Controller {
    config: ControllerConfig,
    names: &'static ControllerNames,
    clock: Clock,
    queue: Queue,
    runs: JoinSet<Outcome>,
    running: AHashMap<Id, Arc<Key>>,
}

impl Controller {
    fn new(rt: &Runtime, config: ControllerConfig) -> Self {
        Self {
            config,
            names: rt.names,
            clock: rt.clock.clone(),
            queue: Queue::default(),
            runs: JoinSet::new(),
            running: AHashMap::new(),
        }
    }

    fn now(&self) -> Now {
        Now {
            wall: self.clock.now(),
            steady: Instant::now(),
        }
    }

    fn spawn<E>(&mut self, key: &Arc<Key>, run: impl Future<Output = Result<Next, E>> + Send + 'static)
    where
        E: Error + Send + Sync + 'static,
    {
        metrics::counter!(self.names.calls, "controller" => self.config.name).increment(1);
        let id = self.runs.spawn(async move { run.await.map_err(Into::into) }).id();
        self.running.insert(id, key.clone());
    }

    fn ended(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, Some(outcome)),
            Err(error) => (error.id(), None),
        };
        let Some(key) = self.running.remove(&id) else { return };
        let now = self.now();
        match outcome {
            Some(Ok(next)) => self.queue.done(&key, due(next, now)),
            Some(Err(error)) => self.failed(&key, &crate::log::chain(&*error)),
            None => {
                metrics::counter!(RECONCILE_PANICS, "controller" => self.config.name).increment(1);
                self.failed(&key, "panicked: this is a defect, please report it");
            }
        }
    }

    fn failed(&mut self, key: &Arc<Key>, error: &str) {
        metrics::counter!(self.names.errors, "controller" => self.config.name).increment(1);
        let (backoff, steady) = (self.config.backoff, Instant::now());
        let mut retry_in = Duration::ZERO;
        self.queue.failed(key, |failures| {
            retry_in = backoff.after(failures);
            steady + retry_in
        });
        tracing::warn!(controller = self.config.name, %key, error, ?retry_in, "reconcile failed");
    }
}

fn due(next: Next, now: Now) -> Option<Due> {
    match next {
        Next::Done => None,
        Next::At(at) => Some(Due::Wall(at)),
        Next::After(wait) => Some(
            now.steady
                .checked_add(wait)
                .map_or(Due::Wall(Timestamp::MAX), Due::Steady),
        ),
    }
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
