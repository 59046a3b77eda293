//! Names of the calls, as they stand in metrics (upstream's values of the `action` label) and in messages.

use std::fmt;

/// One kind of ACME call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Read the directory.
    Directory,
    /// Fetch a nonce.
    Nonce,
    /// Create an account or look one up by its key.
    Register,
    /// Read an account.
    GetAccount,
    /// Change the contacts of an account.
    UpdateAccount,
    /// Create an order.
    NewOrder,
    /// Read an order.
    GetOrder,
    /// Finalize an order.
    Finalize,
    /// Fetch a certificate chain.
    Certificate,
    /// Fetch an alternate chain.
    Alternate,
    /// Read an authorization.
    GetAuthorization,
    /// Tell the server that a challenge can be validated.
    Accept,
    /// Revoke a certificate.
    Revoke,
}

impl Action {
    /// Value of the metrics label `action`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Directory => "get_directory",
            Self::Nonce => "get_nonce",
            Self::Register => "register_account",
            Self::GetAccount => "get_registration",
            Self::UpdateAccount => "update_registration",
            Self::NewOrder => "authorize_order",
            Self::GetOrder => "get_order",
            Self::Finalize => "finalize_order",
            Self::Certificate => "fetch_cert",
            Self::Alternate => "list_cert_alternates",
            Self::GetAuthorization => "get_authorization",
            Self::Accept => "accept_challenge",
            Self::Revoke => "revoke_cert",
        }
    }

    /// The call in words, for messages.
    fn words(self) -> &'static str {
        match self {
            Self::Directory => "reading the ACME directory",
            Self::Nonce => "fetching an ACME nonce",
            Self::Register => "registering the ACME account",
            Self::GetAccount => "reading the ACME account",
            Self::UpdateAccount => "updating the ACME account",
            Self::NewOrder => "creating the ACME order",
            Self::GetOrder => "reading the ACME order",
            Self::Finalize => "finalizing the ACME order",
            Self::Certificate => "fetching the certificate",
            Self::Alternate => "fetching an alternate certificate chain",
            Self::GetAuthorization => "reading the ACME authorization",
            Self::Accept => "accepting the ACME challenge",
            Self::Revoke => "revoking the certificate",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
