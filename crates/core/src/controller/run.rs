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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::{Notify, mpsc};

    #[derive(Debug, thiserror::Error)]
    #[error("wrong")]
    struct Wrong;

    const CONFIG: ControllerConfig = ControllerConfig {
        name: "test",
        concurrency: 2,
        backoff: Backoff {
            min: Duration::from_millis(5),
            max: Duration::from_millis(20),
        },
    };

    fn key(name: &str) -> Key {
        Key::namespaced("ns", name)
    }

    /// A controller in the background, its trigger, and what it is told to stop with.
    fn start<F, Fut>(reconcile: F) -> (mpsc::UnboundedSender<Key>, Runtime, tokio::task::JoinHandle<()>)
    where
        F: Fn(Key) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Next, Wrong>> + Send + 'static,
    {
        let at = Timestamp::from_second(1_000).unwrap();
        let rt = Runtime {
            clock: Clock::fixed(at),
            ..crate::testing::plane::offline()
        };
        let (trigger, keys) = mpsc::unbounded_channel();
        let keys = tokio_stream::wrappers::UnboundedReceiverStream::new(keys).boxed();
        let running = rt.clone();
        let task = tokio::spawn(async move { run(&running, CONFIG, vec![keys], reconcile).await });
        (trigger, rt, task)
    }

    async fn next(runs: &mut mpsc::UnboundedReceiver<String>) -> String {
        tokio::time::timeout(Duration::from_secs(10), runs.recv())
            .await
            .expect("a run in time")
            .unwrap()
    }

    #[tokio::test]
    async fn retries_with_back_off_when_a_run_fails_or_panics() {
        let (told, mut runs) = mpsc::unbounded_channel();
        let count = AtomicUsize::new(0);
        let (trigger, rt, task) = start(move |key| {
            let n = count.fetch_add(1, Ordering::Relaxed);
            let _ = told.send(format!("{} {n}", key.name));
            async move {
                match n {
                    0 => Err(Wrong),
                    1 => panic!("defect"),
                    _ => Ok(Next::Done),
                }
            }
        });
        trigger.send(key("a")).unwrap();
        assert_eq!(
            [next(&mut runs).await, next(&mut runs).await, next(&mut runs).await],
            ["a 0", "a 1", "a 2"]
        );
        trigger.send(key("b")).unwrap();
        assert_eq!(next(&mut runs).await, "b 3", "the other keys go on");
        rt.shutdown.request();
        task.await.unwrap();
    }

    #[tokio::test]
    async fn wakes_when_the_wall_clock_is_set_past_the_time_and_not_before() {
        let (told, mut runs) = mpsc::unbounded_channel();
        let (trigger, rt, _task) = start(move |key| {
            let _ = told.send(key.name);
            async { Ok(Next::At(Timestamp::from_second(5_000).unwrap())) }
        });
        trigger.send(key("a")).unwrap();
        assert_eq!(next(&mut runs).await, "a");
        rt.clock.set(Timestamp::from_second(10).unwrap());
        rt.clock.set(Timestamp::from_second(4_999).unwrap());
        trigger.send(key("b")).unwrap();
        assert_eq!(next(&mut runs).await, "b", "and not a before it");
        rt.clock.set(Timestamp::from_second(5_000).unwrap());
        let both = std::collections::BTreeSet::from([next(&mut runs).await, next(&mut runs).await]);
        assert_eq!(both, ["a", "b"].map(String::from).into());
    }

    #[tokio::test]
    async fn shutdown_waits_for_runs_in_flight_and_starts_no_more() {
        let (told, mut runs) = mpsc::unbounded_channel();
        let go_on = Arc::new(Notify::new());
        let finished = Arc::new(Mutex::new(Vec::new()));
        let (trigger, rt, task) = start({
            let (go_on, finished) = (go_on.clone(), finished.clone());
            move |key| {
                let (go_on, finished) = (go_on.clone(), finished.clone());
                let _ = told.send(key.name.clone());
                async move {
                    go_on.notified().await;
                    finished.lock().unwrap().push(key.name);
                    Ok(Next::Done)
                }
            }
        });
        for name in ["a", "b", "c"] {
            trigger.send(key(name)).unwrap();
        }
        assert_eq!([next(&mut runs).await, next(&mut runs).await], ["a", "b"]);
        trigger.send(key("a")).unwrap();
        rt.shutdown.request();
        while !go_on_is_heard(&go_on, &task) {
            tokio::task::yield_now().await;
        }
        task.await.unwrap();
        assert_eq!(finished.lock().unwrap().len(), 2, "both in flight");
        assert!(runs.recv().await.is_none(), "and no third");
    }

    fn go_on_is_heard(go_on: &Notify, task: &tokio::task::JoinHandle<()>) -> bool {
        go_on.notify_waiters();
        task.is_finished()
    }
}
