//! Which events are new, which repeat one, and when a repetition is worth a write. Pure: time is passed in.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::sink::Notice;

/// Repetitions within this time belong to one event.
const WINDOW: Duration = Duration::from_mins(10);
/// A count is written at most this often.
const COUNT_EVERY: Duration = Duration::from_mins(1);
/// More events than this are not remembered; then the oldest are forgotten.
const REMEMBERED: usize = 4096;

/// What to write for a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Write {
    /// A new event; its name is told with [`Aggregator::created`].
    Create(u64),
    /// A new count of the event of that name.
    Count { name: String, count: i32 },
    /// Nothing now.
    Nothing,
}

#[derive(Debug)]
struct Seen {
    name: Option<String>,
    first: Instant,
    count: i32,
    counted: Instant,
}

/// Remembers by hash, so that ten thousand events cost little.
#[derive(Debug, Default)]
pub(super) struct Aggregator {
    hasher: RandomState,
    seen: HashMap<u64, Seen>,
    swept: Option<Instant>,
}

impl Aggregator {
    pub fn decide(&mut self, notice: &Notice, now: Instant) -> Write {
        self.sweep(now);
        let hash = self.hasher.hash_one((
            &notice.on.kind,
            &notice.on.namespace,
            &notice.on.name,
            &notice.on.uid,
            notice.warning,
            &notice.reason,
            &notice.note,
        ));
        let within = |seen: &&mut Seen| now.saturating_duration_since(seen.first) < WINDOW;
        let Some(seen) = self.seen.get_mut(&hash).filter(within) else {
            self.seen.insert(
                hash,
                Seen {
                    name: None,
                    first: now,
                    count: 1,
                    counted: now,
                },
            );
            return Write::Create(hash);
        };
        seen.count = seen.count.saturating_add(1);
        match &seen.name {
            Some(name) if now.saturating_duration_since(seen.counted) >= COUNT_EVERY => {
                seen.counted = now;
                Write::Count {
                    name: name.clone(),
                    count: seen.count,
                }
            }
            _ => Write::Nothing,
        }
    }

    /// The event of that hash exists now under that name; with `None` it could not be written.
    pub fn created(&mut self, hash: u64, name: Option<String>) {
        match (name, self.seen.get_mut(&hash)) {
            (Some(name), Some(seen)) => seen.name = Some(name),
            _ => drop(self.seen.remove(&hash)),
        }
    }

    /// Forgets what is past its window, at most once a minute, and everything when there is too much.
    fn sweep(&mut self, now: Instant) {
        let due = self
            .swept
            .is_none_or(|swept| now.saturating_duration_since(swept) >= COUNT_EVERY);
        if due || self.seen.len() >= REMEMBERED {
            self.swept = Some(now);
            self.seen
                .retain(|_, seen| now.saturating_duration_since(seen.first) < WINDOW);
        }
        if self.seen.len() >= REMEMBERED {
            let mut ages: Vec<_> = self.seen.values().map(|seen| seen.first).collect();
            let (_, middle, _) = ages.select_nth_unstable(REMEMBERED / 2);
            let middle = *middle;
            self.seen.retain(|_, seen| seen.first > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(name: &str, reason: &str, note: &str) -> Notice {
        let on = k8s_openapi::api::core::v1::ObjectReference {
            name: Some(name.into()),
            ..Default::default()
        };
        Notice {
            on,
            warning: false,
            reason: reason.into(),
            note: note.into(),
        }
    }

    fn create(aggregator: &mut Aggregator, notice: &Notice, now: Instant) {
        let Write::Create(hash) = aggregator.decide(notice, now) else {
            panic!("not new")
        };
        aggregator.created(hash, Some("event".into()));
    }

    #[test]
    fn same_note_within_ten_minutes_is_one_event_with_a_count() {
        let (mut aggregator, start) = (Aggregator::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let note = notice("a", "Issuing", "because");
        create(&mut aggregator, &note, start);
        assert_eq!(aggregator.decide(&note, at(1)), Write::Nothing);
        assert_eq!(
            aggregator.decide(&note, at(61)),
            Write::Count {
                name: "event".into(),
                count: 3
            }
        );
        assert_eq!(aggregator.decide(&note, at(62)), Write::Nothing);
        create(&mut aggregator, &note, at(601));
    }

    #[test]
    fn other_object_reason_or_note_is_another_event() {
        let (mut aggregator, now) = (Aggregator::default(), Instant::now());
        for note in [
            notice("a", "r", "n"),
            notice("b", "r", "n"),
            notice("a", "s", "n"),
            notice("a", "r", "m"),
        ] {
            create(&mut aggregator, &note, now);
        }
    }

    #[test]
    fn is_new_again_when_it_could_not_be_written() {
        let (mut aggregator, now) = (Aggregator::default(), Instant::now());
        let note = notice("a", "r", "n");
        let Write::Create(hash) = aggregator.decide(&note, now) else {
            panic!("not new")
        };
        aggregator.created(hash, None);
        create(&mut aggregator, &note, now);
    }

    #[test]
    fn memory_stays_bounded_when_events_pour_in() {
        let (mut aggregator, start) = (Aggregator::default(), Instant::now());
        for n in 0..10_000 {
            aggregator.decide(&notice(&n.to_string(), "r", "n"), start + Duration::from_micros(n));
        }
        assert!(aggregator.seen.len() <= REMEMBERED);
    }
}
