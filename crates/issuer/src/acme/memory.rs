//! What is remembered of an object between two passes and may be lost in a restart: waits, failures, accepted challenges.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ahash::AHashMap;
use evercert_core::backoff::Backoff;
use evercert_core::watch::Key;
use jiff::Timestamp;

/// Facts about one object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Failures in a row.
    pub failures: u32,
    /// Nothing is tried before this, whatever wakes the object.
    pub hold: Option<Timestamp>,
    /// When the last failure was.
    pub failed_at: Option<Timestamp>,
    /// The hold is a server's wish, so no change on our side lifts it.
    pub asked_for: bool,
    /// Since when the server is asked about its progress; for a challenge: when it was accepted.
    pub polling_since: Option<Timestamp>,
}

/// Facts by object.
#[derive(Debug, Default)]
pub struct Memory {
    facts: Mutex<AHashMap<Key, Facts>>,
}

impl Memory {
    /// What is known of an object.
    pub fn of(&self, key: &Key) -> Facts {
        self.lock().get(key).copied().unwrap_or_default()
    }

    /// Counts a failure and holds the object back: until `asked_for`, or by the back-off. Returns the end of the wait.
    pub fn failed(&self, key: &Key, now: Timestamp, backoff: Backoff, asked_for: Option<Duration>) -> Timestamp {
        let mut facts = self.lock();
        let facts = facts.entry(key.clone()).or_default();
        facts.failures = facts.failures.saturating_add(1);
        let wait = asked_for.unwrap_or_else(|| backoff.after(facts.failures));
        let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        (facts.hold, facts.failed_at, facts.asked_for) = (Some(until), Some(now), asked_for.is_some());
        until
    }

    /// A call went well: no hold, no failures.
    pub fn went_well(&self, key: &Key) {
        if let Some(facts) = self.lock().get_mut(key) {
            (facts.failures, facts.hold, facts.asked_for) = (0, None, false);
        }
    }

    /// Remembers the beginning of a wait for the server; the first one counts.
    pub fn polls_since(&self, key: &Key, now: Timestamp) -> Timestamp {
        *self
            .lock()
            .entry(key.clone())
            .or_default()
            .polling_since
            .get_or_insert(now)
    }

    /// Lifts a hold of ours, because what made the failure may have changed.
    pub fn lift(&self, key: &Key) {
        if !self.of(key).asked_for {
            self.went_well(key);
        }
    }

    /// The object is gone or done.
    pub fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, AHashMap<Key, Facts>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_grow_until_something_goes_well_or_the_server_says_when() {
        let (memory, key) = (Memory::default(), Key::namespaced("ns", "a"));
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let after = |seconds: u64| now + Duration::from_secs(seconds);
        assert_eq!(memory.failed(&key, now, Backoff::ACME, None), after(5));
        assert_eq!(memory.failed(&key, now, Backoff::ACME, None), after(10));
        assert_eq!(
            memory.failed(&key, now, Backoff::ACME, Some(Duration::from_secs(7))),
            after(7)
        );
        memory.lift(&key);
        assert_eq!(memory.of(&key).hold, Some(after(7)), "a server's wish stands");
        memory.went_well(&key);
        assert_eq!(memory.failed(&key, now, Backoff::ACME, None), after(5));
        memory.lift(&key);
        assert_eq!(memory.of(&key).hold, None);
        assert_eq!(memory.polls_since(&key, now), now);
        assert_eq!(memory.polls_since(&key, after(9)), now);
        memory.forget(&key);
        assert_eq!(memory.of(&key), Facts::default());
    }
}
