//! Runs the Order controller: Orders wake themselves, Challenges wake their Order, issuers and Secrets wake what waits for them.

use std::sync::Arc;

use evercert_core::apply::ErrorClass;
use evercert_core::backoff::Backoff;
use evercert_core::controller::{ControllerConfig, Next, run as run_controller};
use evercert_core::watch::Key;
use futures::StreamExt as _;

use super::super::outcome::Error;
use super::super::state::{BY_ISSUER, order_of};
use super::super::triggers::owners;
use super::act::{CONFLICT, reconcile};
use crate::context::Context;

/// Orders that are worked at at the same time; most of the time they wait for the network.
const CONCURRENCY: usize = 64;

/// Until shutdown.
pub async fn run(ctx: Arc<Context>) {
    let challenges = ctx.acme.challenges.clone();
    let owner = move |key: &Key| {
        let challenge = challenges.get_key(key)?;
        let (order, _) = order_of(&challenge.metadata)?;
        Some(Key::new(key.namespace.as_deref(), &order))
    };
    let waiting = ctx.clone();
    let of_issuer = move |index: &str| {
        let orders = waiting.acme.orders.by_index(BY_ISSUER, index);
        let keys: Vec<Key> = orders.iter().map(|order| Key::of(&**order)).collect();
        for key in &keys {
            waiting.acme.order_memory.lift(key);
        }
        keys
    };
    let mut triggers = super::super::issuer_triggers(&ctx, of_issuer);
    triggers.push(ctx.acme.orders.subscribe().boxed());
    triggers.push(owners(ctx.acme.challenges.subscribe(), owner).boxed());
    let config = ControllerConfig {
        name: "orders",
        concurrency: CONCURRENCY,
        backoff: Backoff::ACME,
    };
    let rt = ctx.rt.clone();
    run_controller(&rt, config, triggers, move |key| {
        let ctx = ctx.clone();
        async move { settled(reconcile(&ctx, &key).await) }
    })
    .await;
}

/// A conflict is no failure: the store was behind, look again at once.
pub fn settled(outcome: Result<Next, Error>) -> Result<Next, Error> {
    match outcome {
        Err(Error::Call(error)) if error.class() == ErrorClass::Conflict => Ok(Next::After(CONFLICT)),
        outcome => outcome,
    }
}
