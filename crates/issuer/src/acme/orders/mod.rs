//! The Order controller: one order at the ACME server, from its creation to the certificate. Gather, decide, act.

mod act;
mod calls;
mod decide;
mod run;
mod status;
mod wanted;

pub use run::{run, settled};
pub use status::state;
pub use wanted::{key_of, wanted};
