//! Runs the Challenge controller: Challenges wake themselves, issuers and Secrets wake what waits for them.

use std::sync::Arc;

use evercert_core::backoff::Backoff;
use evercert_core::controller::{ControllerConfig, run as run_controller};
use evercert_core::watch::Key;
use futures::StreamExt as _;

use super::super::orders::settled;
use super::super::state::BY_ISSUER;
use super::act::reconcile;
use crate::context::Context;

/// Challenges that are in a pass at the same time; most of that time they wait for the network.
const CONCURRENCY: usize = 128;

/// Until shutdown.
pub async fn run(ctx: Arc<Context>) {
    let waiting = ctx.clone();
    let of_issuer = move |index: &str| {
        let challenges = waiting.acme.challenges.by_index(BY_ISSUER, index);
        let keys: Vec<Key> = challenges.iter().map(|challenge| Key::of(&**challenge)).collect();
        for key in &keys {
            waiting.acme.challenge_memory.lift(key);
        }
        keys
    };
    let mut triggers = super::super::issuer_triggers(&ctx, of_issuer);
    triggers.push(ctx.acme.challenges.subscribe().boxed());
    let config = ControllerConfig {
        name: "challenges",
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
