//! One pass over an Order: steps follow each other until one has to wait. The order's URL is in the API before anything is built on it.

use std::sync::Arc;
use std::time::Duration;

use evercert_acme::{AcmeClient, Class};
use evercert_api::acme::v1::{AcmeIssuer, Challenge, Order, OrderStatus, State};
use evercert_core::apply::ErrorClass;
use evercert_core::backoff::Backoff;
use evercert_core::controller::Next;
use evercert_core::events::reference;
use evercert_core::watch::Key;
use kube::ResourceExt;

use super::super::facts::IssuerFacts;
use super::super::names::{ROUTINE, order as events};
use super::super::outcome::Error;
use super::super::pace::{POLL, next_look};
use super::super::state::BY_ORDER;
use super::super::{at, issuer_facts};
use super::calls::{After, Calls};
use super::decide::{Observed, Step, decide};
use super::status::fail;
use crate::context::Context;
use crate::issuers::object::IssuerObject;

/// A wait from here on is told in the status.
const LONG: Duration = Duration::from_secs(2);
/// Most steps of one pass; a whole order takes about six.
const ROUNDS: usize = 20;

/// One pass.
pub async fn reconcile(ctx: &Context, key: &Key) -> Result<Next, Error> {
    let Some(stored) = ctx.acme.orders.get_key(key) else {
        ctx.acme.order_memory.forget(key);
        return Ok(Next::Done);
    };
    let mut pass = Pass::new(ctx, key, stored);
    for _ in 0..ROUNDS {
        let observed = pass.observe();
        match pass.step(decide(&observed, ctx.rt.clock.now())).await? {
            Then::Again => {}
            Then::Quiet(next) => return Ok(next),
            Then::Wait(next) => {
                pass.write().await?;
                return Ok(next);
            }
        }
    }
    pass.write().await?;
    Err(Error::Restless(ROUNDS))
}

enum Then {
    /// With the next step.
    Again,
    /// The status is written first.
    Wait(Next),
    /// So short that it is not worth a write; the next pass finds out the same again.
    Quiet(Next),
}

struct Pass<'a> {
    ctx: &'a Context,
    key: &'a Key,
    stored: Arc<Order>,
    status: OrderStatus,
    issuer: Option<IssuerObject>,
    facts: IssuerFacts,
}

impl<'a> Pass<'a> {
    fn new(ctx: &'a Context, key: &'a Key, stored: Arc<Order>) -> Self {
        let status = stored.status.clone().unwrap_or_default();
        let (issuer, facts) = issuer_facts(ctx, &stored.namespace().unwrap_or_default(), &stored.spec.issuer_ref);
        Self {
            ctx,
            key,
            stored,
            status,
            issuer,
            facts,
        }
    }

    fn observe(&self) -> Observed {
        let mut order = (*self.stored).clone();
        order.status = Some(self.status.clone());
        let uid = self.stored.uid().unwrap_or_default();
        Observed {
            order,
            issuer: self.facts.clone(),
            challenges: self.ctx.acme.challenges.by_index(BY_ORDER, &uid),
            hold: self.ctx.acme.order_memory.of(self.key).hold,
        }
    }

    async fn step(&mut self, step: Step) -> Result<Then, Error> {
        match step {
            Step::Rest => Ok(self.rest()),
            Step::HoldUntil(until) => Ok(Then::Wait(Next::At(until))),
            Step::WaitFor(reason) => Ok(self.wait_for(reason)),
            Step::NoSolver(reason) => Ok(self.no_solver(&reason)),
            Step::CleanUp(delete) => {
                self.write().await?;
                self.delete(&delete).await?;
                Ok(self.rest())
            }
            Step::Challenging => Ok(self.wait_for(challenged(&self.status))),
            step => self.speak(step).await,
        }
    }

    fn rest(&self) -> Then {
        self.ctx.acme.order_memory.forget(self.key);
        Then::Wait(Next::Done)
    }

    fn wait_for(&mut self, reason: String) -> Then {
        self.status.reason = reason;
        Then::Wait(Next::Done)
    }

    fn no_solver(&mut self, reason: &str) -> Then {
        let note =
            format!("Failed to determine a valid solver configuration for the set of domains on the Order: {reason}");
        if self.status.reason != note {
            self.ctx
                .rt
                .events
                .warning(&reference(&*self.stored), events::SOLVER, note.clone());
        }
        self.wait_for(note)
    }

    /// Steps that need the ACME server, or at least the account's key.
    async fn speak(&mut self, step: Step) -> Result<Then, Error> {
        let (Some(issuer), IssuerFacts::Ready(acme)) = (self.issuer.clone(), self.facts.clone()) else {
            return Ok(Then::Wait(Next::Done));
        };
        let client = match self.ctx.acme.clients.of(self.ctx, &issuer, &acme).await? {
            Ok(client) => client,
            Err(why) => return Ok(self.wait_for(why)),
        };
        if let Step::Challenges { create, delete } = step {
            self.status.reason = challenged(&self.status);
            self.write().await?;
            Box::pin(self.create_challenges(&*client, &issuer, create)).await?;
            self.delete(&delete).await?;
            return Ok(Then::Again);
        }
        let outcome = self.call(&*client, &acme, &step).await;
        match outcome {
            Ok(after) => {
                self.ctx.acme.order_memory.went_well(self.key);
                if !self.status.state.as_ref().is_some_and(State::is_failure) {
                    self.status.reason.clear();
                }
                if step == Step::Create {
                    // A restart from here on finds the order again instead of making another.
                    self.write().await?;
                }
                Ok(self.after(after))
            }
            Err(error) => Ok(self.failed(&error)),
        }
    }

    async fn call(
        &mut self,
        client: &dyn AcmeClient,
        acme: &AcmeIssuer,
        step: &Step,
    ) -> Result<After, evercert_acme::Error> {
        let failed = self.failed_challenge();
        let calls = Calls {
            client,
            spec: &self.stored.spec,
            issuer: acme,
            now: self.ctx.rt.clock.now(),
        };
        match step {
            Step::Create => calls.create(&mut self.status).await,
            Step::ReadAuthorizations => calls.read_authorizations(&mut self.status).await,
            Step::Finalize => calls.finalize(&mut self.status).await,
            _ => calls.read(&mut self.status, failed.as_deref()).await,
        }
    }

    fn failed_challenge(&self) -> Option<Arc<Challenge>> {
        let challenges = self
            .ctx
            .acme
            .challenges
            .by_index(BY_ORDER, &self.stored.uid().unwrap_or_default());
        let failed = |challenge: &Arc<Challenge>| {
            challenge
                .status
                .as_ref()
                .and_then(|status| status.state.as_ref())
                .is_some_and(State::is_failure)
        };
        challenges.into_iter().find(failed)
    }

    fn after(&mut self, after: After) -> Then {
        let now = self.ctx.rt.clock.now();
        match after {
            After::GoOn => Then::Again,
            After::Poll(retry_after) => {
                let since = self.ctx.acme.order_memory.polls_since(self.key, now);
                let asked_for = retry_after.map(|after| after.wait(now)).unwrap_or_default();
                let wait = next_look(since, now, POLL).max(asked_for);
                if wait < LONG && now.duration_since(since) < jiff::SignedDuration::from_secs(1) {
                    return Then::Quiet(Next::After(wait));
                }
                self.status.reason = format!("{ROUTINE}the ACME server processes the order");
                Then::Wait(Next::After(wait))
            }
        }
    }

    /// A refusal ends the Order, a limit is waited for, everything else is tried again.
    fn failed(&mut self, error: &evercert_acme::Error) -> Then {
        let now = self.ctx.rt.clock.now();
        let memory = &self.ctx.acme.order_memory;
        let wait = |after: Option<evercert_acme::RetryAfter>| after.map(|after| after.wait(now));
        match error.class() {
            Class::Terminal => {
                fail(&mut self.status, State::Errored, error.to_string(), now);
                self.ctx
                    .rt
                    .events
                    .warning(&reference(&*self.stored), events::FAILED, error.to_string());
                Then::Again
            }
            Class::RateLimited { retry_after } => {
                let until = memory.failed(self.key, now, Backoff::ACME, wait(retry_after));
                self.status.reason = format!(
                    "Waiting for the rate limit of the ACME server until {}: {error}",
                    at(until)
                );
                self.ctx.rt.events.warning(
                    &reference(&*self.stored),
                    events::RATE_LIMITED,
                    self.status.reason.clone(),
                );
                Then::Wait(Next::At(until))
            }
            Class::Transient { retry_after } => {
                let until = memory.failed(self.key, now, Backoff::ACME, wait(retry_after));
                tracing::warn!(order = %self.key, error = %error, "ACME call failed, trying again");
                self.status.reason = format!("Trying again: {error}");
                Then::Wait(Next::At(until))
            }
        }
    }

    async fn create_challenges(
        &self,
        client: &dyn AcmeClient,
        issuer: &IssuerObject,
        create: Vec<evercert_api::acme::v1::ChallengeSpec>,
    ) -> Result<(), Error> {
        for mut spec in create {
            spec.key = super::wanted::key_of(&spec.type_, &client.key_authorization(&spec.token));
            let domain = spec.dns_name.clone();
            let Some(name) = super::super::challenges::create(self.ctx, &self.stored, issuer, spec).await? else {
                continue;
            };
            let note = format!("Created Challenge resource {name:?} for domain {domain:?}");
            self.ctx
                .rt
                .events
                .normal(&reference(&*self.stored), events::CREATED, note);
        }
        Ok(())
    }

    async fn delete(&self, challenges: &[(String, String)]) -> Result<(), Error> {
        let namespace = self.stored.namespace();
        for (name, uid) in challenges {
            self.ctx
                .acme
                .writer
                .delete::<Challenge>(namespace.as_deref(), name, Some(uid))
                .await?;
        }
        Ok(())
    }

    fn stored_url(&self) -> &str {
        self.stored
            .status
            .as_ref()
            .map(|status| status.url.as_str())
            .unwrap_or_default()
    }

    /// Writes the status if it differs from the stored one.
    async fn write(&mut self) -> Result<(), Error> {
        if self.stored.status.clone().unwrap_or_default() == self.status {
            return Ok(());
        }
        let complete = self.status.certificate.is_some()
            && self
                .stored
                .status
                .as_ref()
                .is_none_or(|status| status.certificate.is_none());
        let mut order = (*self.stored).clone();
        order.status = Some(self.status.clone());
        let order = match self.ctx.acme.writer.replace_status(&order).await {
            // Somebody changed its metadata. The URL of an order that was just made must not be lost over that.
            Err(error) if error.class() == ErrorClass::Conflict && self.stored_url().is_empty() => {
                let patch = serde_json::json!({ "status": self.status });
                self.ctx
                    .acme
                    .writer
                    .merge_status::<Order>(order.namespace().as_deref(), &order.name_any(), &patch)
                    .await?
            }
            outcome => outcome?,
        };
        self.ctx.acme.orders.written(order.clone());
        self.stored = Arc::new(order);
        if complete {
            self.ctx.rt.events.normal(
                &reference(&*self.stored),
                events::COMPLETE,
                "Order completed successfully",
            );
        }
        Ok(())
    }
}

/// What a user reads while Challenges are at work.
fn challenged(status: &OrderStatus) -> String {
    let open = status
        .authorizations
        .iter()
        .filter(|authorization| authorization.initial_state != Some(State::Valid));
    let name = |wildcard: bool| if wildcard { "*." } else { "" };
    let names: Vec<_> = open
        .map(|one| format!("{}{}", name(one.wildcard.unwrap_or_default()), one.identifier))
        .collect();
    format!("{ROUTINE}waiting for the challenges of {}", names.join(", "))
}

/// A short rest after which a conflict is looked at again.
pub const CONFLICT: Duration = Duration::from_millis(50);
