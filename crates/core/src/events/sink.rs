//! The queue in front of the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use tokio::sync::{mpsc, oneshot};

use super::writer::Writer;
use crate::metrics::names;

/// Events that may wait to be written; more are dropped and counted.
const QUEUE: usize = 4096;
/// Limits of the events API: bytes of note and reason.
const NOTE_LIMIT: usize = 1024;
const REASON_LIMIT: usize = 128;

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
    hurry: Arc<AtomicBool>,
}

#[derive(Debug)]
pub(super) enum Message {
    Notice(Box<Queued>),
    Flush(oneshot::Sender<()>),
}

/// A notice on its way.
#[derive(Debug)]
pub(super) struct Queued {
    pub notice: Notice,
    /// Who reports, where it is not the process as a whole.
    pub controller: Option<Arc<str>>,
    /// When it happened, which may be a while before it is written.
    pub at: Timestamp,
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
        let hurry = Arc::new(AtomicBool::new(false));
        tokio::spawn(Writer::new(client, reporter, hurry.clone()).run(notices));
        Self {
            queue,
            controller: None,
            hurry,
        }
    }

    /// Events that go nowhere; for tests of what only mentions them.
    pub fn discarded() -> Self {
        Self {
            queue: mpsc::channel(1).0,
            controller: None,
            hurry: Arc::default(),
        }
    }

    /// The same queue, reporting as another controller.
    #[must_use]
    pub fn reporting_as(&self, controller: &str) -> Self {
        Self {
            queue: self.queue.clone(),
            controller: Some(controller.into()),
            hurry: self.hurry.clone(),
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
        self.hurry.store(true, Ordering::Relaxed);
        let (done, written) = oneshot::channel();
        let flushed = async {
            if self.queue.send(Message::Flush(done)).await.is_ok() {
                let _ = written.await;
            }
        };
        let _ = tokio::time::timeout(limit, flushed).await;
        self.hurry.store(false, Ordering::Relaxed);
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
        let queued = Box::new(Queued {
            notice,
            controller: self.controller.clone(),
            at: Timestamp::now(),
        });
        if self.queue.try_send(Message::Notice(queued)).is_err() {
            metrics::counter!(names::EVENTS_DROPPED).increment(1);
        }
    }
}

/// Cut at a character border to at most `limit` bytes.
pub(super) fn shortened(mut text: String, limit: usize) -> String {
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
