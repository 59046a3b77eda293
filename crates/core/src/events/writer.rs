//! The task behind the queue: aggregates, and writes a few events at a time.
//!
//! Events are the least urgent of all writes: when many wait, they are spread out, so that a burst of work is not slowed
//! down by the telling of it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::aggregate::{Aggregator, Write};
use super::sink::{Message, Queued, Reporter, shortened};

/// Time that one write may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// Writes at the same time.
const IN_FLIGHT: usize = 6;
/// As long as no more than this wait, they go out at once.
const FEW: usize = 64;
/// From one write to the next while more wait: 2,000 are out after 40 s.
const SPREAD: Duration = Duration::from_millis(20);

pub(super) struct Writer {
    client: Client,
    reporter: Reporter,
    aggregator: Aggregator,
    /// Somebody waits for the queue to be empty.
    hurry: Arc<AtomicBool>,
    last_name: u64,
}

/// Result of a write: hash and name of an event that should exist now.
type Created = Option<(u64, Option<String>)>;

impl Writer {
    pub fn new(client: Client, reporter: Reporter, hurry: Arc<AtomicBool>) -> Self {
        Self {
            client,
            reporter,
            aggregator: Aggregator::default(),
            hurry,
            last_name: 0,
        }
    }

    /// Ends when nobody can tell anything any more and all is written.
    pub async fn run(mut self, mut notices: mpsc::Receiver<Message>) {
        let mut writes = FuturesUnordered::new();
        let mut next = Instant::now();
        loop {
            let taken = {
                let mut taken = pin!(async {
                    tokio::time::sleep_until(next).await;
                    notices.recv().await
                });
                tokio::select! {
                    Some(created) = writes.next() => Err(created),
                    message = &mut taken, if writes.len() < IN_FLIGHT => Ok(message),
                }
            };
            match taken {
                Err(created) => self.finished(created),
                Ok(Some(Message::Notice(queued))) => {
                    if let Some(write) = self.write(*queued) {
                        writes.push(write);
                        next = Instant::now() + self.pause(notices.len());
                    }
                }
                Ok(Some(Message::Flush(done))) => {
                    self.finish(&mut writes).await;
                    let _ = done.send(());
                }
                Ok(None) => return self.finish(&mut writes).await,
            }
        }
    }

    async fn finish(&mut self, writes: &mut FuturesUnordered<BoxFuture<'static, Created>>) {
        while let Some(created) = writes.next().await {
            self.finished(created);
        }
    }

    fn finished(&mut self, created: Created) {
        if let Some((hash, name)) = created {
            self.aggregator.created(hash, name);
        }
    }

    fn pause(&self, waiting: usize) -> Duration {
        if waiting <= FEW || self.hurry.load(Ordering::Relaxed) {
            Duration::ZERO
        } else {
            SPREAD
        }
    }

    /// The write that a notice asks for, if any.
    fn write(&mut self, queued: Queued) -> Option<BoxFuture<'static, Created>> {
        let namespace = queued.notice.on.namespace.as_deref().unwrap_or("default").to_owned();
        let api: Api<Event> = Api::namespaced(self.client.clone(), &namespace);
        match self.aggregator.decide(&queued.notice, std::time::Instant::now()) {
            Write::Nothing => None,
            Write::Create(hash) => {
                let event = self.event(queued, namespace);
                let create = async move {
                    let params = PostParams::default();
                    let created = within_limit(api.create(&params, &event)).await;
                    Some((hash, created.and_then(|event| event.metadata.name)))
                };
                Some(create.boxed())
            }
            Write::Count { name, count } => {
                let series = EventSeries {
                    count,
                    last_observed_time: MicroTime(queued.at),
                };
                let patch = Patch::Merge(serde_json::json!({ "series": series }));
                let count = async move {
                    within_limit(api.patch(&name, &PatchParams::default(), &patch)).await;
                    None
                };
                Some(count.boxed())
            }
        }
    }

    fn event(&mut self, queued: Queued, namespace: String) -> Event {
        let Queued { notice, controller, at } = queued;
        let controller = controller.map_or_else(|| self.reporter.controller.clone(), |name| name.to_string());
        Event {
            metadata: ObjectMeta {
                name: Some(self.name(notice.on.name.as_deref().unwrap_or_default(), at)),
                namespace: Some(namespace),
                ..ObjectMeta::default()
            },
            action: Some(notice.reason.clone()),
            event_time: Some(MicroTime(at)),
            note: Some(notice.note),
            reason: Some(notice.reason),
            regarding: Some(notice.on),
            reporting_controller: Some(controller),
            reporting_instance: Some(self.reporter.instance.clone()),
            type_: Some(if notice.warning { "Warning" } else { "Normal" }.to_owned()),
            ..Event::default()
        }
    }

    /// As upstream names events: object, dot, a number that never repeats within a process.
    fn name(&mut self, object: &str, at: Timestamp) -> String {
        let nanos = u64::try_from(at.as_nanosecond()).unwrap_or_default();
        self.last_name = nanos.max(self.last_name.saturating_add(1));
        // Names of events are limited to 253 bytes.
        format!("{}.{:x}", shortened(object.to_owned(), 236), self.last_name)
    }
}

async fn within_limit<T>(call: impl Future<Output = kube::Result<T>>) -> Option<T> {
    match tokio::time::timeout(WRITE_TIMEOUT, call).await {
        Ok(Ok(written)) => Some(written),
        Ok(Err(error)) => {
            tracing::debug!(%error, "event not written");
            None
        }
        Err(_) => {
            tracing::debug!("event not written in time");
            None
        }
    }
}
