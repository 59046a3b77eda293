//! The suites, in the order in which they run: those that look at the whole run come last.

mod bad_input;
mod chain;
mod examples;
mod handover;
mod killed;
mod outage;
mod rbac;
mod reload;
mod rest;

use std::pin::Pin;

use anyhow::Result;

use crate::world::World;

/// A suite's work.
pub type Run = fn(&World) -> Pin<Box<dyn Future<Output = Result<()>> + '_>>;

/// One suite.
#[derive(Debug, Clone, Copy)]
pub struct Suite {
    /// `10-chain`
    pub name: &'static str,
    /// What it proves.
    pub about: &'static str,
    /// Runs it.
    pub run: Run,
}

/// All suites.
pub const ALL: &[Suite] = &[
    Suite {
        name: "10-chain",
        about: "each renewal is one rollout, whose pods read the new keystore",
        run: |world| Box::pin(chain::run(world)),
    },
    Suite {
        name: "15-reload",
        about: "Secrets and ConfigMaps restart what uses them, once",
        run: |world| Box::pin(reload::run(world)),
    },
    Suite {
        name: "20-examples",
        about: "every file of examples/ does what it says",
        run: |world| Box::pin(examples::run(world)),
    },
    Suite {
        name: "30-killed",
        about: "operators killed mid-renewal, 20 times: nothing lost, no second rollout",
        run: |world| Box::pin(killed::run(world)),
    },
    Suite {
        name: "40-outage",
        about: "the API server is down for 20 s in the middle of a renewal",
        run: |world| Box::pin(outage::run(world)),
    },
    Suite {
        name: "50-handover",
        about: "of two replicas the other leads within 2 s of a clean shutdown",
        run: |world| Box::pin(handover::run(world)),
    },
    Suite {
        name: "60-bad-input",
        about: "mistakes are named in events, and what is beside them works",
        run: |world| Box::pin(bad_input::run(world)),
    },
    Suite {
        name: "80-rest",
        about: "60 s without a single write",
        run: |world| Box::pin(rest::run(world)),
    },
    Suite {
        name: "90-rbac",
        about: "no call was forbidden, no rule is unused",
        run: |world| Box::pin(rbac::run(world)),
    },
];
