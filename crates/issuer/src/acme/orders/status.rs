//! An Order's status from what the server says. Pure.

use evercert_acme::{Authorization, Order as Remote, Status};
use evercert_api::Time;
use evercert_api::acme::v1::{AcmeAuthorization, AcmeChallenge, OrderStatus, State};
use evercert_core::conditions::whole_second;
use jiff::Timestamp;

/// Takes over where the order stands; authorizations are kept once they are known.
pub fn take_over(status: &mut OrderStatus, remote: &Remote, now: Timestamp) {
    if !remote.url.is_empty() {
        status.url.clone_from(&remote.url);
    }
    status.finalize_url.clone_from(&remote.finalize);
    if status.authorizations.is_empty() {
        let url = |url: &String| AcmeAuthorization {
            url: url.clone(),
            ..AcmeAuthorization::default()
        };
        status.authorizations = remote.authorizations.iter().map(url).collect();
    }
    match remote.status {
        Status::Invalid | Status::Expired | Status::Deactivated | Status::Revoked => {
            let why = remote
                .error
                .as_ref()
                .map_or_else(|| "the ACME server gives no reason".to_owned(), ToString::to_string);
            fail(
                status,
                state(remote.status),
                format!("The ACME order failed: {why}"),
                now,
            );
        }
        other => status.state = Some(state(other)),
    }
}

/// A failure that stays.
pub fn fail(status: &mut OrderStatus, state: State, reason: String, now: Timestamp) {
    status.state = Some(state);
    status.reason = reason;
    status.failure_time = Some(Time(whole_second(now)));
}

/// What an authorization is about and what it offers.
pub fn fill(authorization: &mut AcmeAuthorization, remote: &Authorization) {
    authorization.identifier.clone_from(&remote.identifier.value);
    authorization.wildcard = Some(remote.wildcard);
    authorization.initial_state = Some(state(remote.status));
    let offered = remote.challenges.iter().map(|challenge| AcmeChallenge {
        url: challenge.url.clone(),
        token: challenge.token.clone(),
        type_: challenge.kind.clone(),
    });
    authorization.challenges = offered.collect();
}

/// A server's word as a state; what RFC 8555 does not know counts as pending, because the server is asked again.
pub fn state(status: Status) -> State {
    match status {
        Status::Valid => State::Valid,
        Status::Ready => State::Ready,
        Status::Processing => State::Processing,
        Status::Invalid | Status::Deactivated | Status::Revoked => State::Invalid,
        Status::Expired => State::Expired,
        Status::Pending | Status::Unknown => State::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evercert_acme::problem::Problem;

    #[test]
    fn failures_get_a_reason_and_a_time_and_progress_does_not() {
        let now: Timestamp = "2026-11-22T10:00:00.5Z".parse().unwrap();
        let problem = Problem {
            kind: "urn:ietf:params:acme:error:caa".into(),
            detail: "forbidden".into(),
            ..Problem::default()
        };
        let table = [
            (Status::Pending, None, State::Pending, ""),
            (Status::Ready, None, State::Ready, ""),
            (Status::Unknown, None, State::Pending, ""),
            (
                Status::Invalid,
                Some(problem),
                State::Invalid,
                "The ACME order failed: urn:ietf:params:acme:error:caa: forbidden",
            ),
            (
                Status::Invalid,
                None,
                State::Invalid,
                "The ACME order failed: the ACME server gives no reason",
            ),
        ];
        for (remote, error, state, reason) in table {
            let authorizations = vec!["https://ca/a".to_owned()];
            let remote = Remote {
                url: "u".into(),
                status: remote,
                authorizations,
                finalize: "f".into(),
                error,
                ..Remote::default()
            };
            let mut status = OrderStatus::default();
            take_over(&mut status, &remote, now);
            assert_eq!(
                (status.state.clone().unwrap(), status.reason.as_str()),
                (state.clone(), reason)
            );
            assert_eq!((status.url.as_str(), status.finalize_url.as_str()), ("u", "f"));
            assert_eq!(status.failure_time.is_some(), state.is_failure());
            status.authorizations[0].identifier = "a.example".into();
            take_over(&mut status, &remote, now);
            assert_eq!(status.authorizations[0].identifier, "a.example", "kept");
        }
    }
}
