//! The queue in front of the writer, and the task behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use tokio::sync::{mpsc, oneshot};

use super::aggregate::{Aggregator, Write};
use crate::metrics::names;

/// Events that may wait to be written.
const QUEUE: usize = 1024;
/// Limits of the events API: bytes of note and reason.
const NOTE_LIMIT: usize = 1024;
const REASON_LIMIT: usize = 128;
/// Time that one write may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// Who reports: controller name as upstream shows it, and the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporter {
    /// For example `cert-manager-certificates-issuing`.
    pub controller: String,
    /// Name of the pod, or of the host.
    pub instance: String,
}

/// Where events go; cheap to clone, never blocks, never fails.
#[derive(Debug, Clone)]
pub struct Events {
    queue: mpsc::Sender<Message>,
    controller: Option<Arc<str>>,
}

#[derive(Debug)]
enum Message {
    Notice(Box<Notice>, Option<Arc<str>>),
    Flush(oneshot::Sender<()>),
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Notice {
    pub on: ObjectReference,
    pub warning: bool,
    pub reason: String,
    pub note: String,
}

impl Events {
    /// Starts the task that writes events as `reporter`; it ends when all clones are gone.
    pub fn start(client: Client, reporter: Reporter) -> Self {
        let (queue, notices) = mpsc::channel(QUEUE);
        let writer = Writer {
            client,
            reporter,
            aggregator: Aggregator::default(),
            last_name: AtomicU64::new(0),
        };
        tokio::spawn(writer.run(notices));
        Self {
            queue,
            controller: None,
        }
    }

    /// Events that go nowhere; for tests of what only mentions them.
    pub fn discarded() -> Self {
        Self {
            queue: mpsc::channel(1).0,
            controller: None,
        }
    }

    /// The same queue, reporting as another controller.
    #[must_use]
    pub fn reporting_as(&self, controller: &str) -> Self {
        Self {
            queue: self.queue.clone(),
            controller: Some(controller.into()),
        }
    }

    /// Tells of something that went as it should.
    pub fn normal(&self, on: &ObjectReference, reason: &str, note: impl Into<String>) {
        self.publish(on, false, reason, note.into());
    }

    /// Tells of something that a user should look at.
    pub fn warning(&self, on: &ObjectReference, reason: &str, note: impl Into<String>) {
        self.publish(on, true, reason, note.into());
    }

    /// Resolves when everything told before is written, or after `limit`.
    pub async fn flush(&self, limit: Duration) {
        let (done, written) = oneshot::channel();
        let flushed = async {
            if self.queue.send(Message::Flush(done)).await.is_ok() {
                let _ = written.await;
            }
        };
        let _ = tokio::time::timeout(limit, flushed).await;
    }

    fn publish(&self, on: &ObjectReference, warning: bool, reason: &str, note: String) {
        let note = shortened(note, NOTE_LIMIT);
        let reason = shortened(reason.to_owned(), REASON_LIMIT);
        let notice = Notice {
            on: on.clone(),
            warning,
            reason,
            note,
        };
        if self
            .queue
            .try_send(Message::Notice(Box::new(notice), self.controller.clone()))
            .is_err()
        {
            metrics::counter!(names::EVENTS_DROPPED).increment(1);
        }
    }
}

struct Writer {
    client: Client,
    reporter: Reporter,
    aggregator: Aggregator,
    last_name: AtomicU64,
}

impl Writer {
    async fn run(mut self, mut notices: mpsc::Receiver<Message>) {
        while let Some(message) = notices.recv().await {
            match message {
                Message::Notice(notice, controller) => self.write(*notice, controller).await,
                Message::Flush(done) => drop(done.send(())),
            }
        }
    }

    async fn write(&mut self, notice: Notice, controller: Option<Arc<str>>) {
        let namespace = notice.on.namespace.clone().unwrap_or_else(|| "default".to_owned());
        let api: Api<Event> = Api::namespaced(self.client.clone(), &namespace);
        match self.aggregator.decide(&notice, Instant::now()) {
            Write::Nothing => {}
            Write::Create(hash) => {
                let event = self.event(notice, &namespace, controller);
                let params = PostParams::default();
                let created = within_limit(api.create(&params, &event)).await;
                self.aggregator
                    .created(hash, created.and_then(|event| event.metadata.name));
            }
            Write::Count { name, count } => {
                let series = EventSeries {
                    count,
                    last_observed_time: MicroTime(Timestamp::now()),
                };
                let patch = Patch::Merge(serde_json::json!({ "series": series }));
                within_limit(api.patch(&name, &PatchParams::default(), &patch)).await;
            }
        }
    }

    fn event(&self, notice: Notice, namespace: &str, controller: Option<Arc<str>>) -> Event {
        let now = Timestamp::now();
        let controller = controller.map_or_else(|| self.reporter.controller.clone(), |name| name.to_string());
        Event {
            metadata: ObjectMeta {
                name: Some(self.name(notice.on.name.as_deref().unwrap_or_default(), now)),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            action: Some(notice.reason.clone()),
            event_time: Some(MicroTime(now)),
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
    fn name(&self, object: &str, now: Timestamp) -> String {
        let nanos = u64::try_from(now.as_nanosecond()).unwrap_or_default();
        let last = self.last_name.fetch_max(nanos, Ordering::Relaxed);
        let number = if nanos > last {
            nanos
        } else {
            self.last_name.fetch_add(1, Ordering::Relaxed) + 1
        };
        // Names of events are limited to 253 bytes.
        format!("{}.{number:x}", shortened(object.to_owned(), 236))
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

/// Cut at a character border to at most `limit` bytes.
fn shortened(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_at_a_character_border_when_too_long() {
        assert_eq!(shortened("äää".into(), 3), "ä");
        assert_eq!(shortened("abc".into(), 3), "abc");
    }
}
