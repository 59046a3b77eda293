//! One pass over a Challenge: gathers, decides, and joins the steps until one has to wait.

use std::sync::Arc;
use std::time::Duration;

use evercert_core::controller::Next;
use evercert_core::watch::Key;

use super::super::outcome::Error;
use super::decide::{Step, decide};
use super::pass::{Pass, Then};
use crate::context::Context;

/// Most steps of one pass; a whole proof takes about five.
const ROUNDS: usize = 12;
/// When one that has to queue looks again.
const QUEUE: Duration = Duration::from_secs(1);

/// One pass.
pub async fn reconcile(ctx: &Context, key: &Key) -> Result<Next, Error> {
    let Some(stored) = ctx.acme.challenges.get_key(key) else {
        ctx.acme.challenge_memory.forget(key);
        return Ok(Next::Done);
    };
    let mut pass = Pass::new(ctx, key, Arc::clone(&stored)).await?;
    for _ in 0..ROUNDS {
        let step = decide(&pass.observe(), ctx.rt.clock.now());
        match run_step(&mut pass, step).await? {
            Then::Again => {}
            Then::Wait(next) => {
                pass.write().await?;
                return Ok(next);
            }
            Then::Gone => return Ok(Next::Done),
        }
    }
    pass.write().await?;
    Err(Error::Restless(ROUNDS))
}

async fn run_step(pass: &mut Pass<'_>, step: Step) -> Result<Then, Error> {
    match step {
        Step::Rest => Ok(Then::Wait(Next::Done)),
        Step::HoldUntil(until) => Ok(Then::Wait(Next::At(until))),
        Step::WaitFor(why) => Ok(pass.wait_for(why)),
        Step::Queue => Ok(pass.queue(QUEUE)),
        Step::Linger(left) => Ok(Then::Wait(Next::After(left))),
        Step::Begin => pass.begin().await,
        Step::Present => pass.present().await,
        Step::Check => pass.check().await,
        Step::Poll => pass.poll().await,
        Step::CleanUp { give_up } => pass.clean_up(give_up).await,
        Step::Release => pass.release().await,
    }
}
