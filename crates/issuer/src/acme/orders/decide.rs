//! The next step of an Order. Pure.

use std::sync::Arc;

use evercert_api::acme::v1::{AcmeIssuer, Challenge, ChallengeSpec, Order, OrderStatus, State};
use jiff::Timestamp;

use super::super::facts::IssuerFacts;
use super::wanted::wanted;

/// All that counts.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The Order, with the status as it is known in this pass.
    pub order: Order,
    /// Its issuer.
    pub issuer: IssuerFacts,
    /// The Challenges it owns.
    pub challenges: Vec<Arc<Challenge>>,
    /// Nothing is tried before this.
    pub hold: Option<Timestamp>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing until something changes.
    Rest,
    /// Nothing before that.
    HoldUntil(Timestamp),
    /// Something outside has to change; in words what.
    WaitFor(String),
    /// No solver can be used; in words why.
    NoSolver(String),
    /// Create the order at the server.
    Create,
    /// Read the authorizations that were not read yet.
    ReadAuthorizations,
    /// Make and delete Challenges.
    Challenges {
        /// To make, without `key`.
        create: Vec<ChallengeSpec>,
        /// To delete: name and uid.
        delete: Vec<(String, String)>,
    },
    /// Wait for the Challenges.
    Challenging,
    /// Read the order and go where it stands.
    Read,
    /// Hand in the CSR.
    Finalize,
    /// Delete what is left of its Challenges: name and uid.
    CleanUp(Vec<(String, String)>),
}

/// The first thing that is missing on the way to the certificate.
pub fn decide(observed: &Observed, now: Timestamp) -> Step {
    let Observed {
        order,
        issuer,
        challenges,
        hold,
    } = observed;
    if order.metadata.deletion_timestamp.is_some() {
        return Step::Rest;
    }
    let status = order.status.clone().unwrap_or_default();
    match &status.state {
        Some(State::Valid) if status.certificate.is_some() => return clean_up(challenges, |_| true),
        // What failed stays for the user to look at; what is still at work would work for nothing.
        Some(state) if state.is_failure() => return clean_up(challenges, |challenge| !is_final(challenge)),
        _ => {}
    }
    if let Some(until) = hold.filter(|until| now < *until) {
        return Step::HoldUntil(until);
    }
    let acme = match issuer.ready() {
        Ok(acme) => acme,
        Err(why) => return Step::WaitFor(why.to_owned()),
    };
    on_the_way(order, &status, acme, challenges)
}

fn on_the_way(order: &Order, status: &OrderStatus, acme: &AcmeIssuer, challenges: &[Arc<Challenge>]) -> Step {
    if status.url.is_empty() {
        return Step::Create;
    }
    if status.finalize_url.is_empty() || matches!(status.state, Some(State::Valid | State::Processing)) {
        return Step::Read;
    }
    if status
        .authorizations
        .iter()
        .any(|authorization| authorization.identifier.is_empty())
    {
        return Step::ReadAuthorizations;
    }
    if status.state == Some(State::Ready) {
        return Step::Finalize;
    }
    match wanted(order, acme) {
        Ok(wanted) => compare(&wanted, challenges),
        Err(why) => Step::NoSolver(why),
    }
}

/// Challenges that are there against those that are wanted.
fn compare(wanted: &[ChallengeSpec], challenges: &[Arc<Challenge>]) -> Step {
    let present: Vec<_> = challenges
        .iter()
        .filter(|challenge| challenge.metadata.deletion_timestamp.is_none())
        .collect();
    let create: Vec<_> = wanted
        .iter()
        .filter(|spec| !present.iter().any(|challenge| same(&challenge.spec, spec)))
        .cloned()
        .collect();
    let left_over = present
        .iter()
        .filter(|challenge| !wanted.iter().any(|spec| same(&challenge.spec, spec)));
    let delete: Vec<_> = left_over.map(|challenge| identity(challenge)).collect();
    if !create.is_empty() || !delete.is_empty() {
        return Step::Challenges { create, delete };
    }
    let failed = present
        .iter()
        .any(|challenge| state(challenge).is_some_and(State::is_failure));
    let done = present.iter().all(|challenge| state(challenge) == Some(&State::Valid));
    if failed || done { Step::Read } else { Step::Challenging }
}

/// Equal but for `key`, which only the account's key can tell.
pub fn same(one: &ChallengeSpec, other: &ChallengeSpec) -> bool {
    let keyless = |spec: &ChallengeSpec| ChallengeSpec {
        key: String::new(),
        ..spec.clone()
    };
    keyless(one) == keyless(other)
}

fn clean_up(challenges: &[Arc<Challenge>], which: impl Fn(&Challenge) -> bool) -> Step {
    let present = challenges
        .iter()
        .filter(|challenge| challenge.metadata.deletion_timestamp.is_none());
    let delete: Vec<_> = present
        .filter(|challenge| which(challenge))
        .map(|challenge| identity(challenge))
        .collect();
    if delete.is_empty() {
        Step::Rest
    } else {
        Step::CleanUp(delete)
    }
}

fn identity(challenge: &Challenge) -> (String, String) {
    (
        challenge.metadata.name.clone().unwrap_or_default(),
        challenge.metadata.uid.clone().unwrap_or_default(),
    )
}

fn state(challenge: &Challenge) -> Option<&State> {
    challenge.status.as_ref()?.state.as_ref()
}

fn is_final(challenge: &Challenge) -> bool {
    state(challenge).is_some_and(State::is_final)
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
