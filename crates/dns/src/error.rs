//! What can go wrong with a DNS exchange, in words that tell an operator what to change.

use std::time::Duration;

/// A failed exchange with a name server. Never holds a TSIG secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The settings cannot work.
    #[error("{what}")]
    Config {
        /// What is wrong and what to change.
        what: String,
    },
    /// The name of a name server leads nowhere.
    #[error("name server {server} has no address: {detail}")]
    Address {
        /// As configured, host:port.
        server: String,
        /// Cause.
        detail: String,
    },
    /// No answer in time.
    #[error("name server {server} did not answer within {} s", .within.as_secs())]
    Timeout {
        /// host:port.
        server: String,
        /// All attempts together.
        within: Duration,
    },
    /// The connection failed.
    #[error("name server {server} cannot be reached: {detail}")]
    Unreachable {
        /// host:port.
        server: String,
        /// Cause.
        detail: String,
    },
    /// The answer is not a DNS message, or not one to our question.
    #[error("name server {server} gave an answer that cannot be read")]
    Malformed {
        /// host:port.
        server: String,
    },
    /// The server said no to a question.
    #[error("name server {server} answered {code} when asked for {question}")]
    Lookup {
        /// host:port.
        server: String,
        /// Response code.
        code: String,
        /// Name and type.
        question: String,
    },
    /// No zone holds the name.
    #[error("name server {server} knows no zone that holds {name}; it must be authoritative for the domain")]
    NoZone {
        /// host:port.
        server: String,
        /// Name looked for.
        name: String,
    },
    /// The server refused an update.
    #[error("name server {server} refused to update zone {zone}: {code}: {hint}")]
    Update {
        /// host:port.
        server: String,
        /// Zone of the update.
        zone: String,
        /// Response code.
        code: String,
        /// What to change.
        hint: &'static str,
    },
    /// The server did not accept the TSIG signature, or its own cannot be verified.
    #[error("name server {server} and TSIG key {key}: {hint}")]
    Tsig {
        /// host:port.
        server: String,
        /// Key name.
        key: String,
        /// What to change.
        hint: &'static str,
    },
    /// CNAMEs without end.
    #[error("the CNAME records of {name} lead in a circle or are more than {limit}")]
    CnameChain {
        /// Name at the start.
        name: String,
        /// Most hops that are followed.
        limit: usize,
    },
    /// The crypto library failed.
    #[error("signing a DNS message with {algorithm} failed")]
    Crypto {
        /// TSIG algorithm.
        algorithm: &'static str,
    },
}
