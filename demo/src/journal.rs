//! What was seen during the demo, and when: one list that the watches and the load write and the evaluation reads.
//! It holds facts only; what they mean is said in `renewals`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// One thing that was seen for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fact {
    /// A Secret holds a leaf with this serial.
    Issued {
        /// Name of the Secret.
        secret: String,
        /// Serial of the leaf in `tls.crt`.
        serial: String,
    },
    /// The keystore of a Secret holds the leaf with this serial.
    Keystore {
        /// Name of the Secret.
        secret: String,
        /// Serial of the leaf.
        serial: String,
    },
    /// A Route holds the leaf with this serial.
    Route {
        /// Name of the Route.
        route: String,
        /// Serial of the leaf in `spec.tls.certificate`.
        serial: String,
    },
    /// A Deployment has a ReplicaSet of this name.
    ReplicaSet {
        /// Name of the Deployment.
        deployment: String,
        /// Name of the ReplicaSet; its pods' names begin with it.
        name: String,
    },
    /// All pods of a ReplicaSet are ready.
    Ready {
        /// Name of the ReplicaSet.
        name: String,
    },
    /// A pod answered a client and serves the leaf with this serial.
    Served {
        /// Name of the pod.
        pod: String,
        /// Serial that it serves.
        serial: String,
    },
    /// A router answered a client with the leaf of this serial.
    RouterServed {
        /// Host that was asked for.
        host: String,
        /// Serial in the TLS handshake.
        serial: String,
    },
}

/// A fact and the time since the journal was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds since the journal was begun.
    pub ms: u64,
    /// What was seen.
    pub fact: Fact,
}

/// The list itself. Each fact is kept once, with the time when it was first seen.
#[derive(Debug)]
pub struct Journal {
    begun: Instant,
    entries: Mutex<Vec<Entry>>,
    changed: Notify,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            entries: Mutex::default(),
            changed: Notify::new(),
        }
    }
}

impl Journal {
    /// Milliseconds since the journal was begun.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Adds a fact unless it is known.
    pub fn note(&self, fact: Fact) {
        let ms = self.now_ms();
        let mut entries = self.lock();
        if !entries.iter().any(|entry| entry.fact == fact) {
            entries.push(Entry { ms, fact });
            drop(entries);
            self.changed.notify_waiters();
        }
    }

    /// All entries so far, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// Waits until `found` gives something; `None` when the time is over.
    pub async fn until<T>(&self, limit: Duration, found: impl Fn(&[Entry]) -> Option<T>) -> Option<T> {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(result) = found(&self.lock()) {
                    return result;
                }
                changed.await;
            }
        };
        tokio::time::timeout(limit, wait).await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(name: &str) -> Fact {
        Fact::Ready { name: name.into() }
    }

    #[tokio::test]
    async fn a_fact_is_kept_once_and_wakes_who_waits_for_it() {
        let journal = Journal::default();
        journal.note(ready("a"));
        journal.note(ready("a"));
        let third = async {
            journal
                .until(Duration::from_secs(5), |seen| {
                    seen.iter().find(|entry| entry.fact == ready("c")).cloned()
                })
                .await
        };
        let others = async {
            journal.note(ready("b"));
            journal.note(ready("c"));
        };
        let (found, ()) = tokio::join!(third, others);
        assert_eq!(found.map(|entry| entry.fact), Some(ready("c")));
        let facts: Vec<Fact> = journal.entries().into_iter().map(|entry| entry.fact).collect();
        assert_eq!(facts, [ready("a"), ready("b"), ready("c")]);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_limit() {
        let journal = Journal::default();
        assert_eq!(journal.until(Duration::from_millis(5), |_| None::<()>).await, None);
    }
}
