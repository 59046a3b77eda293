//! State of an Order, Challenge or authorization (RFC 8555 section 7.1.6, and `expired`, `errored`).

use crate::string_enum::string_enum;

string_enum! {
    /// State of an ACME object.
    pub enum State {
        /// Done, with success.
        Valid = "valid",
        /// All authorizations are valid; the order can be finalized.
        Ready = "ready",
        /// Waiting for validation.
        Pending = "pending",
        /// The server is at work.
        Processing = "processing",
        /// Failed at the server.
        Invalid = "invalid",
        /// Too old.
        Expired = "expired",
        /// Failed here, or refused by the server.
        Errored = "errored",
    }
}

impl State {
    /// Whether nothing will change any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Valid | Self::Invalid | Self::Expired | Self::Errored)
    }

    /// Whether it ended without success.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Invalid | Self::Expired | Self::Errored)
    }
}
