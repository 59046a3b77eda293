//! The seam between the issuer and whatever speaks ACME for it.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::error::Error;
use crate::jws::ExternalAccount;
use crate::resources::{Account, Authorization, Chain, Directory, NewOrder, Order};

/// Result of an ACME call in flight.
pub type Call<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// What to register.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registration {
    /// `mailto:` addresses.
    pub contact: Vec<String>,
    /// Binding to an account at the CA.
    pub external_account: Option<ExternalAccount>,
    /// Look the key up, never make an account.
    pub only_existing: bool,
}

/// The ACME calls that an issuer needs, for one server and one account key.
///
/// Calls are safe to repeat. All but [`AcmeClient::directory`] and [`AcmeClient::register`] need the account URL.
pub trait AcmeClient: Send + Sync + std::fmt::Debug {
    /// The server's directory, fetched once and kept.
    fn directory(&self) -> Call<'_, Arc<Directory>>;
    /// Makes the account of the key, or finds the one it has (RFC 8555 section 7.3).
    fn register(&self, registration: Registration) -> Call<'_, Account>;
    /// Replaces the contacts of the account.
    fn update_account(&self, contact: Vec<String>) -> Call<'_, Account>;
    /// Creates an order.
    fn new_order(&self, wish: NewOrder) -> Call<'_, Order>;
    /// Reads an order.
    fn order<'a>(&'a self, url: &'a str) -> Call<'a, Order>;
    /// Reads an authorization.
    fn authorization<'a>(&'a self, url: &'a str) -> Call<'a, Authorization>;
    /// Tells the server that the challenge at this URL is ready to be validated.
    fn accept<'a>(&'a self, url: &'a str) -> Call<'a, ()>;
    /// Hands in the CSR (DER). `order_url` names the order the answer is about.
    fn finalize<'a>(&'a self, order_url: &'a str, finalize_url: &'a str, csr_der: &'a [u8]) -> Call<'a, Order>;
    /// Downloads a chain, the default one or an alternate.
    fn certificate<'a>(&'a self, url: &'a str) -> Call<'a, Chain>;
    /// Revokes a certificate (DER) for an RFC 5280 reason code.
    fn revoke<'a>(&'a self, certificate_der: &'a [u8], reason: Option<u8>) -> Call<'a, ()>;
    /// The value that answers a token: RFC 8555 section 8.1.
    fn key_authorization(&self, token: &str) -> String;
}
