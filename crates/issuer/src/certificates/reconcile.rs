//! One pass over a Certificate: gather, decide, act, as often as there is more to do at once.

use evercert_core::controller::Next;
use evercert_core::watch::Key;

use super::act::Act;
use super::decide::{Config, decide};
use super::fail::refused;
use super::gather::gather;
use crate::context::Context;
use crate::error::Error;

/// More rounds than any issuance takes.
const ROUNDS: usize = 12;

/// One pass. A write that somebody else was faster with ends it quietly: the change that came between triggers the next.
pub async fn reconcile(ctx: &Context, key: &Key) -> Result<Next, Error> {
    ctx.rivals.changed(key);
    let config = Config {
        backoff: ctx.settings.backoff(),
    };
    for _ in 0..ROUNDS {
        let Some(certificate) = ctx.certificates.get_key(key) else {
            ctx.memories.forget(key);
            return Ok(Next::Done);
        };
        if certificate.metadata.deletion_timestamp.is_some() {
            return Ok(Next::Done);
        }
        let observed = gather(ctx, key, &certificate).await?;
        if let Some(owner) = &observed.rival {
            ctx.rivals.wait(Key::new(key.namespace.as_deref(), owner), key);
        }
        let now = ctx.rt.clock.now();
        let plan = decide(&observed, config, now);
        let (again, wake) = (plan.again, plan.wake);
        let act = Act {
            ctx,
            key,
            certificate: &certificate,
            observed: &observed,
        };
        match act.run(plan).await {
            Err(Error::Refused { message }) => {
                act.run(refused(&observed, &message, now)).await?;
                return Err(Error::Refused { message });
            }
            ended => ended?,
        }
        if !again {
            return Ok(wake.map_or(Next::Done, Next::At));
        }
    }
    Err(Error::Restless(ROUNDS))
}
