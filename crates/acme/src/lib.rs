//! ACME (RFC 8555) for the issuer: account keys, signed requests, problem documents, chains. No Kubernetes, no DNS.
//!
//! [`AcmeClient`] is the seam; [`SignedClient`] speaks for every kind of account key.

pub mod action;
pub mod chain;
pub mod client;
pub mod error;
pub mod jws;
pub mod key;
pub mod nonce;
pub mod problem;
pub mod resources;
pub mod retry_after;
pub mod signed;
pub mod transport;
pub mod wire;

pub use client::{AcmeClient, Registration};
pub use error::{Class, Error};
pub use jws::ExternalAccount;
pub use key::{AccountKey, dns01_value};
pub use resources::{Account, Authorization, Challenge, Directory, Identifier, NewOrder, Order, Status};
pub use retry_after::RetryAfter;
pub use signed::SignedClient;
pub use transport::{Transport, TransportOptions};
