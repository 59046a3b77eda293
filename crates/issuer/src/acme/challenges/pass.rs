//! The steps of a Challenge, each with its calls to the DNS, the ACME server or the API.

use std::sync::Arc;
use std::time::Duration;

use evercert_acme::{AcmeClient, Authorization, Class, Status};
use evercert_api::Time;
use evercert_api::acme::v1::{AcmeIssuer, Challenge, ChallengeStatus, State};
use evercert_core::backoff::Backoff;
use evercert_core::conditions::whole_second;
use evercert_core::controller::Next;
use evercert_core::events::reference;
use evercert_core::watch::Key;
use evercert_dns::Visibility;
use kube::ResourceExt;

use super::super::facts::IssuerFacts;
use super::super::names::{FINALIZER, challenge as events};
use super::super::outcome::Error;
use super::super::pace::{POLL, next_look};
use super::super::state::{ACTIVE, YES, order_of};
use super::super::{at, issuer_facts};
use super::claim::{Claim, check};
use super::decide::Observed;
use super::solve::{Trouble, propagation, record};
use crate::context::Context;
use crate::issuers::object::IssuerObject;

/// How to go on after a step.
pub enum Then {
    /// With the next step.
    Again,
    /// The status is written first.
    Wait(Next),
    /// There is nothing left to write to.
    Gone,
}

/// One Challenge in one pass.
pub struct Pass<'a> {
    pub(super) ctx: &'a Context,
    pub(super) key: &'a Key,
    pub(super) stored: Arc<Challenge>,
    pub(super) status: ChallengeStatus,
    issuer: Option<IssuerObject>,
    client: Result<(Box<AcmeIssuer>, Arc<dyn AcmeClient>), String>,
}

impl<'a> Pass<'a> {
    /// Finds the issuer and its client.
    pub async fn new(ctx: &'a Context, key: &'a Key, stored: Arc<Challenge>) -> Result<Self, Error> {
        let status = stored.status.clone().unwrap_or_default();
        let (issuer, facts) = issuer_facts(ctx, &stored.namespace().unwrap_or_default(), &stored.spec.issuer_ref);
        let client = match (&issuer, facts) {
            (Some(issuer), IssuerFacts::Ready(acme)) => ctx
                .acme
                .clients
                .of(ctx, issuer, &acme)
                .await?
                .map(|client| (acme, client)),
            (_, IssuerFacts::Unusable(why)) => Err(why),
            (None, _) => Err("the issuer does not exist".into()),
        };
        Ok(Self {
            ctx,
            key,
            stored,
            status,
            issuer,
            client,
        })
    }

    /// What the next step is decided on.
    pub fn observe(&self) -> Observed {
        let facts = self.ctx.acme.challenge_memory.of(self.key);
        let active = self.ctx.acme.challenges.by_index(ACTIVE, YES).len();
        let mut challenge = (*self.stored).clone();
        challenge.status = Some(self.status.clone());
        Observed {
            challenge,
            claim: self.claim(),
            active,
            limit: self.ctx.settings.max_concurrent_challenges.max(1),
            hold: facts.hold,
            failed_at: facts.failed_at,
            accepted: facts.polling_since,
        }
    }

    fn claim(&self) -> Result<Claim, String> {
        let (acme, client) = self.client.as_ref().map_err(Clone::clone)?;
        let order = order_of(&self.stored.metadata);
        let order = order.and_then(|(name, _)| self.ctx.acme.orders.get(self.stored.namespace().as_deref(), &name));
        Ok(check(&self.stored, order.as_deref(), acme, |token| {
            client.key_authorization(token)
        }))
    }

    /// Says why nothing is done; a change of what is missing wakes the Challenge.
    pub fn wait_for(&mut self, why: String) -> Then {
        self.status.reason = why;
        // Its Order may just be on its way into our store.
        Then::Wait(Next::After(Duration::from_secs(30)))
    }

    /// Says that others go first.
    pub fn queue(&mut self, wait: Duration) -> Then {
        self.status.reason = "Waiting until fewer Challenges are being worked on (--max-concurrent-challenges)".into();
        Then::Wait(Next::After(wait))
    }

    /// From here on a deletion removes the record, made or not.
    pub async fn begin(&mut self) -> Result<Then, Error> {
        if !self.stored.finalizers().iter().any(|finalizer| finalizer == FINALIZER) {
            self.add_finalizer().await?;
        }
        self.status.processing = true;
        self.status.state = Some(State::Pending);
        self.status.reason.clear();
        self.write().await?;
        self.normal(events::STARTED, "Challenge scheduled for processing");
        Ok(Then::Again)
    }

    /// Puts the record in place.
    pub async fn present(&mut self) -> Result<Then, Error> {
        let record = match record(self.ctx, &self.stored, &self.secret_namespace()).await? {
            Ok(record) => record,
            Err(trouble) => return Ok(self.not_presented(&trouble)),
        };
        let now = self.ctx.rt.clock.now();
        if let Err(error) = record.client.add(&record.name, &record.value, unix(now)).await {
            return Ok(self.not_presented(&Trouble::Dns(error)));
        }
        self.ctx.acme.challenge_memory.went_well(self.key);
        self.status.presented = true;
        self.status.presented_at = Some(Time(whole_second(now)));
        self.status.reason.clear();
        self.normal(
            events::PRESENTED,
            "Presented challenge using DNS-01 challenge mechanism",
        );
        Ok(Then::Again)
    }

    fn not_presented(&mut self, trouble: &Trouble) -> Then {
        let now = self.ctx.rt.clock.now();
        let until = self
            .ctx
            .acme
            .challenge_memory
            .failed(self.key, now, Backoff::DEFAULT, None);
        let reason = format!("Error presenting challenge: {trouble}");
        if self.status.reason != reason {
            self.warning(events::PRESENT_ERROR, &reason);
        }
        self.status.reason = reason;
        Then::Wait(Next::At(until))
    }

    /// Looks for the record; tells the server to look too as soon as it is everywhere.
    pub async fn check(&mut self) -> Result<Then, Error> {
        let now = self.ctx.rt.clock.now();
        let presented = self.status.presented_at.as_ref().map_or(now, |time| time.0);
        if let Some(wait) = self.stored.spec.solver.wait_instead_of_self_check {
            let ready = presented.checked_add(wait.to_signed()).unwrap_or(now);
            if now < ready {
                self.status.reason = format!("Waiting until {} (waitInsteadOfSelfCheck)", at(ready));
                return Ok(Then::Wait(Next::At(ready)));
            }
            return self.accept().await;
        }
        let period = self.ctx.acme.dns.retry_period;
        let dns_name = evercert_dns::challenge_name(&self.stored.spec.dns_name);
        let found = propagation(&self.ctx.acme.dns, &self.stored)
            .check(&dns_name, &self.stored.spec.key)
            .await;
        let wait = next_look(presented, now, period);
        match found {
            Ok(Visibility::Visible) => return self.accept().await,
            Ok(Visibility::Missing {
                server,
                name,
                cached_for,
            }) => {
                self.status.reason = format!("Waiting for TXT record {name} at {server}");
                let wait = cached_for.map_or(wait, |cached| wait.max(cached));
                return Ok(Then::Wait(Next::After(wait)));
            }
            Err(error) => self.status.reason = format!("Waiting for TXT record {dns_name}: {error}"),
        }
        Ok(Then::Wait(Next::After(wait)))
    }

    async fn accept(&mut self) -> Result<Then, Error> {
        let Ok((_, client)) = self.client.as_ref().map_err(Clone::clone) else {
            return Ok(Then::Wait(Next::Done));
        };
        let outcome = client.accept(&self.stored.spec.url).await;
        let now = self.ctx.rt.clock.now();
        match outcome {
            Ok(()) => {
                self.ctx.acme.challenge_memory.went_well(self.key);
                self.ctx.acme.challenge_memory.polls_since(self.key, now);
                self.status.reason = "Waiting for the ACME server to validate the challenge".into();
                Ok(Then::Wait(Next::After(next_look(now, now, POLL))))
            }
            // The server may have validated before a restart of ours: the authorization tells.
            Err(error) if error.class() == Class::Terminal => self.ask(Some(error)).await,
            Err(error) => Ok(self.try_again(&error)),
        }
    }

    /// Asks the server how far it is.
    pub async fn poll(&mut self) -> Result<Then, Error> {
        self.ask(None).await
    }

    async fn ask(&mut self, refusal: Option<evercert_acme::Error>) -> Result<Then, Error> {
        let Ok((_, client)) = self.client.as_ref().map_err(Clone::clone) else {
            return Ok(Then::Wait(Next::Done));
        };
        let answer = client.authorization(&self.stored.spec.authorization_url).await;
        match (answer, refusal) {
            (Ok(authorization), refusal) => Ok(self.judge(&authorization, refusal)),
            (Err(error), _) if error.class() == Class::Terminal => Ok(self.end(refused(&error), error.to_string())),
            (Err(error), _) => Ok(self.try_again(&error)),
        }
    }

    fn judge(&mut self, authorization: &Authorization, refusal: Option<evercert_acme::Error>) -> Then {
        let now = self.ctx.rt.clock.now();
        self.ctx.acme.challenge_memory.went_well(self.key);
        match (authorization.status, refusal) {
            (Status::Valid, _) => self.end(State::Valid, "Successfully authorized domain".into()),
            (Status::Pending | Status::Processing | Status::Ready | Status::Unknown, Some(error)) => {
                self.end(refused(&error), error.to_string())
            }
            (Status::Pending | Status::Processing | Status::Ready | Status::Unknown, None) => {
                let since = self.ctx.acme.challenge_memory.polls_since(self.key, now);
                let asked_for = authorization
                    .retry_after
                    .map(|after| after.wait(now))
                    .unwrap_or_default();
                self.status.reason = "Waiting for the ACME server to validate the challenge".into();
                Then::Wait(Next::After(next_look(since, now, POLL).max(asked_for)))
            }
            (status, _) => {
                let why = authorization
                    .failure()
                    .map_or_else(|| "the ACME server gives no reason".into(), ToString::to_string);
                let state = super::super::orders::state(status);
                self.end(state, format!("Error accepting authorization: {why}"))
            }
        }
    }

    fn end(&mut self, state: State, reason: String) -> Then {
        if state == State::Valid {
            self.normal(
                events::VERIFIED,
                &format!(
                    "Domain {:?} verified with \"DNS-01\" validation",
                    self.stored.spec.dns_name
                ),
            );
        } else {
            self.warning(events::FAILED, &reason);
        }
        (self.status.state, self.status.reason) = (Some(state), reason);
        Then::Again
    }

    fn try_again(&mut self, error: &evercert_acme::Error) -> Then {
        let now = self.ctx.rt.clock.now();
        let memory = &self.ctx.acme.challenge_memory;
        let (asked_for, limited) = match error.class() {
            Class::RateLimited { retry_after } => (retry_after, true),
            Class::Transient { retry_after } => (retry_after, false),
            Class::Terminal => (None, false),
        };
        let until = memory.failed(self.key, now, Backoff::ACME, asked_for.map(|after| after.wait(now)));
        self.status.reason = if limited {
            format!(
                "Waiting for the rate limit of the ACME server until {}: {error}",
                at(until)
            )
        } else {
            format!("Trying again: {error}")
        };
        if limited {
            self.warning("RateLimited", &self.status.reason);
        }
        Then::Wait(Next::At(until))
    }

    /// Removes the record, then says so, or lets the Challenge go if it is being deleted.
    pub async fn clean_up(&mut self, give_up: bool) -> Result<Then, Error> {
        let removed = match record(self.ctx, &self.stored, &self.secret_namespace()).await? {
            Ok(record) => {
                let now = self.ctx.rt.clock.now();
                record
                    .client
                    .delete(&record.name, &record.value, unix(now))
                    .await
                    .map_err(Trouble::Dns)
            }
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = removed {
            let name = evercert_dns::challenge_name(&self.stored.spec.dns_name);
            // Without its credentials it can never be removed; that must not hold up the deletion of a namespace.
            let never = matches!(trouble, Trouble::Settings { gone: true, .. });
            let lost = give_up || never || self.issuer.is_none();
            let note = if lost {
                "left in place, remove it by hand"
            } else {
                "trying again"
            };
            self.warning(
                events::CLEAN_UP_ERROR,
                &format!("Error cleaning up TXT record {name}: {trouble}; {note}"),
            );
            if !lost {
                let now = self.ctx.rt.clock.now();
                return Ok(Then::Wait(Next::At(self.ctx.acme.challenge_memory.failed(
                    self.key,
                    now,
                    Backoff::DEFAULT,
                    None,
                ))));
            }
        }
        self.ctx.acme.challenge_memory.went_well(self.key);
        (self.status.processing, self.status.presented) = (false, false);
        if self.stored.metadata.deletion_timestamp.is_some() {
            return self.release().await;
        }
        Ok(Then::Wait(Next::Done))
    }

    /// Where the issuer's Secrets are.
    fn secret_namespace(&self) -> String {
        let own = || self.stored.namespace().unwrap_or_default();
        let cluster = self.stored.spec.issuer_ref.kind == crate::names::KIND_CLUSTER_ISSUER;
        if cluster {
            self.ctx.settings.cluster_resource_namespace.clone()
        } else {
            own()
        }
    }

    fn normal(&self, reason: &str, note: &str) {
        self.ctx.rt.events.normal(&reference(&*self.stored), reason, note);
    }

    fn warning(&self, reason: &str, note: &str) {
        self.ctx.rt.events.warning(&reference(&*self.stored), reason, note);
    }
}

/// State after a refusal: `malformed` is what servers answer about challenges that are over.
fn refused(error: &evercert_acme::Error) -> State {
    if error.is("malformed") {
        State::Expired
    } else {
        State::Errored
    }
}

fn unix(now: jiff::Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or_default()
}
