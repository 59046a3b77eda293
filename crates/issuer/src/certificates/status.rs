//! Between the status as the API has it and as decisions see it. What decisions do not know stays as it is.

use evercert_api::Time;
use evercert_api::certmanager::v1::CertificateStatus;
use evercert_api::meta::v1::{Condition as ApiCondition, ConditionStatus};

use super::observed::{Condition, Status};
use super::renewal::Validity;
use crate::names::conditions::{ISSUING, READY};

/// Reads a status.
pub fn read(status: Option<&CertificateStatus>) -> Status {
    let Some(status) = status else { return Status::default() };
    let time = |time: &Option<Time>| time.as_ref().map(|time| time.0);
    let validity = time(&status.not_before).zip(time(&status.not_after));
    Status {
        ready: condition(status, READY),
        issuing: condition(status, ISSUING),
        revision: status.revision,
        next_key_secret: status
            .next_private_key_secret_name
            .clone()
            .filter(|name| !name.is_empty()),
        last_failure: time(&status.last_failure_time),
        attempts: status.failed_issuance_attempts,
        validity: validity.map(|(not_before, not_after)| Validity { not_before, not_after }),
        renewal_time: time(&status.renewal_time),
    }
}

/// Writes a status into the one that is stored: conditions of other types and unknown fields stay.
pub fn write(into: &mut CertificateStatus, status: &Status) {
    set(&mut into.conditions, ISSUING, status.issuing.as_ref());
    set(&mut into.conditions, READY, status.ready.as_ref());
    into.revision = status.revision;
    into.next_private_key_secret_name.clone_from(&status.next_key_secret);
    into.last_failure_time = status.last_failure.map(Time);
    into.failed_issuance_attempts = status.attempts;
    into.not_before = status.validity.map(|validity| Time(validity.not_before));
    into.not_after = status.validity.map(|validity| Time(validity.not_after));
    into.renewal_time = status.renewal_time.map(Time);
}

fn condition(status: &CertificateStatus, type_: &str) -> Option<Condition> {
    let found = status.conditions.iter().find(|condition| condition.type_ == type_)?;
    Some(Condition {
        status: found.status == ConditionStatus::True,
        reason: found.reason.clone(),
        message: found.message.clone(),
        generation: found.observed_generation,
        since: found.last_transition_time.as_ref().map(|time| time.0),
    })
}

fn set(conditions: &mut Vec<ApiCondition>, type_: &str, wished: Option<&Condition>) {
    let Some(wished) = wished else {
        return conditions.retain(|condition| condition.type_ != type_);
    };
    let condition = ApiCondition {
        type_: type_.to_owned(),
        status: if wished.status {
            ConditionStatus::True
        } else {
            ConditionStatus::False
        },
        last_transition_time: wished.since.map(Time),
        reason: wished.reason.clone(),
        message: wished.message.clone(),
        observed_generation: wished.generation,
    };
    match conditions.iter_mut().find(|condition| condition.type_ == type_) {
        Some(found) => *found = condition,
        None => conditions.push(condition),
    }
}
