//! Which keys are ready, running, to be run again, or waiting for a time. Pure: both clocks are passed in.
//!
//! Waits of two kinds: monotonic ones (back-off, `After`) do not care when the wall clock is set; `At` means the wall
//! clock, so it is compared with the wall clock whenever that may have moved. A key has at most one wait.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use ahash::AHashMap;
use jiff::Timestamp;

use crate::watch::Key;

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub wall: Timestamp,
    pub steady: Instant,
}

/// When a key is to be looked at again without being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Wall(Timestamp),
    Steady(Instant),
}

#[derive(Debug, Default)]
struct State {
    queued: bool,
    running: bool,
    /// Named by a trigger while it ran.
    again: bool,
    failures: u32,
    due: Option<Due>,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    keys: AHashMap<Arc<Key>, State>,
    ready: VecDeque<Arc<Key>>,
    wall: BTreeSet<(Timestamp, Arc<Key>)>,
    steady: BTreeSet<(Instant, Arc<Key>)>,
}

impl Queue {
    /// A trigger names this key.
    pub fn trigger(&mut self, key: Key) {
        let key = self
            .keys
            .get_key_value(&key)
            .map_or_else(|| Arc::new(key), |(known, _)| known.clone());
        self.enqueue(&key);
    }

    /// The next key to run; its waits are over.
    pub fn start(&mut self) -> Option<Arc<Key>> {
        let key = self.ready.pop_front()?;
        self.forget_due(&key);
        if let Some(state) = self.keys.get_mut(&key) {
            *state = State {
                running: true,
                failures: state.failures,
                ..State::default()
            };
        }
        Some(key)
    }

    /// The run of this key went well.
    pub fn done(&mut self, key: &Arc<Key>, due: Option<Due>) {
        self.finish(key, 0, due);
    }

    /// The run failed: `retry` gives the time of the next one from the number of failures in a row.
    pub fn failed(&mut self, key: &Arc<Key>, retry: impl FnOnce(u32) -> Instant) {
        let failures = self.keys.get(key).map_or(1, |state| state.failures.saturating_add(1));
        self.finish(key, failures, Some(Due::Steady(retry(failures))));
    }

    /// Makes every key ready whose time has come.
    pub fn wake(&mut self, now: Now) {
        while let Some((_, key)) = self.wall.first().filter(|(at, _)| *at <= now.wall).cloned() {
            self.enqueue(&key);
        }
        while let Some((_, key)) = self.steady.first().filter(|(at, _)| *at <= now.steady).cloned() {
            self.enqueue(&key);
        }
    }

    /// The earliest wait of each kind.
    pub fn next_due(&self) -> (Option<Timestamp>, Option<Instant>) {
        (
            self.wall.first().map(|(at, _)| *at),
            self.steady.first().map(|(at, _)| *at),
        )
    }

    fn finish(&mut self, key: &Arc<Key>, failures: u32, due: Option<Due>) {
        let Some(state) = self.keys.get_mut(key) else { return };
        let again = std::mem::take(&mut state.again);
        state.running = false;
        state.failures = failures;
        if again {
            self.enqueue(key);
        } else if let Some(due) = due {
            self.wait(key, due);
        } else {
            // Nothing to remember: a failure always has a wait.
            self.keys.remove(key);
        }
    }

    fn enqueue(&mut self, key: &Arc<Key>) {
        self.forget_due(key);
        let state = self.keys.entry(key.clone()).or_default();
        if state.running {
            state.again = true;
        } else if !state.queued {
            state.queued = true;
            self.ready.push_back(key.clone());
        }
    }

    fn wait(&mut self, key: &Arc<Key>, due: Due) {
        self.forget_due(key);
        match due {
            Due::Wall(at) => drop(self.wall.insert((at, key.clone()))),
            Due::Steady(at) => drop(self.steady.insert((at, key.clone()))),
        }
        if let Some(state) = self.keys.get_mut(key) {
            state.due = Some(due);
        }
    }

    fn forget_due(&mut self, key: &Arc<Key>) {
        match self.keys.get_mut(key).and_then(|state| state.due.take()) {
            Some(Due::Wall(at)) => drop(self.wall.remove(&(at, key.clone()))),
            Some(Due::Steady(at)) => drop(self.steady.remove(&(at, key.clone()))),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn key(name: &str) -> Key {
        Key::namespaced("ns", name)
    }

    fn wall(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn start(queue: &mut Queue) -> Option<String> {
        queue.start().map(|key| key.name.clone())
    }

    #[test]
    fn runs_a_key_once_at_a_time_and_again_when_named_meanwhile() {
        let mut queue = Queue::default();
        for name in ["a", "b", "a"] {
            queue.trigger(key(name));
        }
        let a = queue.start().unwrap();
        queue.trigger(key("a"));
        queue.trigger(key("a"));
        assert_eq!(
            (start(&mut queue).as_deref(), start(&mut queue)),
            (Some("b"), None),
            "a runs, so it is not ready"
        );
        queue.done(&a, Some(Due::Wall(wall(9))));
        assert_eq!((start(&mut queue).as_deref(), start(&mut queue)), (Some("a"), None));
        assert_eq!(queue.next_due(), (None, None), "the newer trigger replaced the wait");
        queue.done(&a, None);
        queue.done(&Arc::new(key("b")), None);
        assert!(queue.keys.is_empty(), "nothing is kept of keys at rest");
    }

    #[test]
    fn failures_count_up_until_a_run_goes_well() {
        let (mut queue, steady) = (Queue::default(), Instant::now());
        let mut seen = Vec::new();
        for outcome in [false, false, true, false] {
            queue.trigger(key("a"));
            let a = queue.start().unwrap();
            if outcome {
                queue.done(&a, None);
            } else {
                queue.failed(&a, |failures| {
                    seen.push(failures);
                    steady + Duration::from_secs(failures.into())
                });
            }
        }
        assert_eq!(seen, [1, 2, 1]);
        assert_eq!(queue.next_due(), (None, Some(steady + Duration::from_secs(1))));
    }

    #[test]
    fn wakes_exactly_once_when_the_wall_clock_reaches_the_time_however_it_gets_there() {
        let (mut queue, steady) = (Queue::default(), Instant::now());
        queue.trigger(key("a"));
        let a = queue.start().unwrap();
        queue.done(&a, Some(Due::Wall(wall(100))));
        for before in [50, 99, 10] {
            queue.wake(Now {
                wall: wall(before),
                steady,
            });
            assert_eq!(start(&mut queue), None, "{before}");
        }
        queue.wake(Now {
            wall: wall(5_000),
            steady,
        });
        queue.wake(Now { wall: wall(10), steady });
        queue.wake(Now {
            wall: wall(5_000),
            steady,
        });
        assert_eq!((start(&mut queue).as_deref(), start(&mut queue)), (Some("a"), None));
        assert_eq!(queue.next_due(), (None, None));
    }

    #[test]
    fn back_off_ignores_the_wall_clock_and_a_trigger_ends_it() {
        let (mut queue, steady) = (Queue::default(), Instant::now());
        queue.trigger(key("a"));
        let a = queue.start().unwrap();
        queue.failed(&a, |_| steady + Duration::from_secs(30));
        queue.wake(Now {
            wall: wall(1_000_000_000),
            steady,
        });
        assert_eq!(start(&mut queue), None);
        queue.trigger(key("a"));
        assert_eq!(start(&mut queue).as_deref(), Some("a"));
        queue.failed(&a, |_| steady + Duration::from_mins(1));
        queue.wake(Now {
            wall: wall(0),
            steady: steady + Duration::from_mins(1),
        });
        assert_eq!(start(&mut queue).as_deref(), Some("a"));
    }
}
