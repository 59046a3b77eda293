//! ACME: the account of an issuer, the Orders of its CertificateRequests, and the Challenges of those Orders.
//!
//! Owns Orders, Challenges and the Secrets of account keys that it made; issuers and requests are written by their own
//! controllers, which call [`setup_issuer`] and [`request`]. The protocol is in `evercert_acme`, DNS in `evercert_dns`.

mod account;
mod challenges;
mod clients;
mod facts;
mod memory;
pub mod names;
mod order_name;
mod orders;
mod outcome;
mod pace;
mod request;
mod shared;
mod solver;
mod state;
mod triggers;

pub use account::{issuer_secrets, setup_issuer};
pub use outcome::{Error, IssuerOutcome, RequestOutcome};
pub use request::request;
pub use shared::run;
use shared::{at, issuer_facts, issuer_triggers};
pub use state::{DnsSettings, State};
