//! Conditions of our own kinds: set, find, ask. Pure; the time of a change is passed in.

use evercert_api::Time;
use evercert_api::meta::v1::{Condition, ConditionStatus};
use jiff::Timestamp;

/// What a condition is to say; the time follows from what it said before.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which aspect.
    pub type_: &'static str,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, as one word.
    pub reason: String,
    /// Why, as a sentence that says what to change.
    pub message: String,
    /// Generation that was looked at, if the kind has one.
    pub observed_generation: Option<i64>,
}

impl Wanted {
    /// A condition of that type, status, reason and message.
    pub fn new(type_: &'static str, status: ConditionStatus, reason: &str, message: impl Into<String>) -> Self {
        Self {
            type_,
            status,
            reason: reason.to_owned(),
            message: message.into(),
            observed_generation: None,
        }
    }

    /// The same, speaking of that generation.
    #[must_use]
    pub fn of_generation(mut self, generation: Option<i64>) -> Self {
        self.observed_generation = generation;
        self
    }
}

/// Sets a condition in place; an unknown type is added at the end. `lastTransitionTime` changes only with the status.
/// Returns whether anything changed: if not, nothing needs to be written.
pub fn set(conditions: &mut Vec<Condition>, wanted: Wanted, now: Timestamp) -> bool {
    let existing = conditions.iter_mut().find(|condition| condition.type_ == wanted.type_);
    let same_status = existing.as_ref().filter(|condition| condition.status == wanted.status);
    let since = same_status.and_then(|condition| condition.last_transition_time.clone());
    let condition = Condition {
        type_: wanted.type_.to_owned(),
        status: wanted.status,
        last_transition_time: Some(since.unwrap_or_else(|| Time(whole_second(now)))),
        reason: wanted.reason,
        message: wanted.message,
        observed_generation: wanted.observed_generation,
    };
    match existing {
        Some(existing) if *existing == condition => false,
        Some(existing) => {
            *existing = condition;
            true
        }
        None => {
            conditions.push(condition);
            true
        }
    }
}

/// Removes a condition; returns whether it was there.
pub fn remove(conditions: &mut Vec<Condition>, type_: &str) -> bool {
    let before = conditions.len();
    conditions.retain(|condition| condition.type_ != type_);
    conditions.len() != before
}

/// The condition of that type.
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// True where the condition is there and says `True`.
pub fn is_true(conditions: &[Condition], type_: &str) -> bool {
    find(conditions, type_).is_some_and(|condition| condition.status == ConditionStatus::True)
}

/// True where the condition is there and says `False`.
pub fn is_false(conditions: &[Condition], type_: &str) -> bool {
    find(conditions, type_).is_some_and(|condition| condition.status == ConditionStatus::False)
}

/// Kubernetes keeps times of objects in whole seconds; a fraction would make an equal status look different.
pub fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::new(second, 500).unwrap()
    }

    fn ready(status: ConditionStatus, reason: &str) -> Wanted {
        Wanted::new("Ready", status, reason, "m").of_generation(Some(1))
    }

    fn since(conditions: &[Condition]) -> i64 {
        find(conditions, "Ready")
            .unwrap()
            .last_transition_time
            .as_ref()
            .unwrap()
            .0
            .as_second()
    }

    #[test]
    fn keeps_the_time_unless_the_status_changes_and_tells_whether_to_write() {
        let mut conditions = Vec::new();
        let steps = [
            (ready(ConditionStatus::False, "A"), 10, true, 10),
            (ready(ConditionStatus::False, "A"), 20, false, 10),
            (ready(ConditionStatus::False, "B"), 30, true, 10),
            (ready(ConditionStatus::False, "B").of_generation(Some(2)), 35, true, 10),
            (ready(ConditionStatus::True, "B").of_generation(Some(2)), 40, true, 40),
        ];
        for (wanted, now, changed, expected_since) in steps {
            assert_eq!(set(&mut conditions, wanted.clone(), at(now)), changed, "{wanted:?}");
            assert_eq!(since(&conditions), expected_since, "{wanted:?}");
        }
        assert!(is_true(&conditions, "Ready") && !is_false(&conditions, "Ready") && !is_true(&conditions, "Issuing"));
        assert!(remove(&mut conditions, "Ready") && !remove(&mut conditions, "Ready"));
    }

    #[test]
    fn written_times_survive_the_server_when_read_back() {
        let mut conditions = Vec::new();
        set(&mut conditions, ready(ConditionStatus::True, "A"), at(10));
        let stored: Vec<Condition> = serde_json::from_value(serde_json::to_value(&conditions).unwrap()).unwrap();
        assert_eq!(stored, conditions);
    }
}
