//! The Challenge controller: one proof of control by a DNS record, from presenting to cleaning up. Gather, decide, act.

mod act;
mod claim;
mod create;
mod decide;
mod pass;
mod run;
mod solve;
mod store;

pub use create::create;
pub use run::run;
