//! Literals of the ACME half that clients of cert-manager depend on: reasons, labels, finalizer.

/// Finalizer of a Challenge: its record must be removed first.
pub const FINALIZER: &str = "acme.cert-manager.io/finalizer";
/// Label on the Secret of an account key that was made here.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "cert-manager");
/// Key of the account key in its Secret where the reference names none.
pub const ACCOUNT_KEY: &str = "tls.key";
/// Field manager of Orders, Challenges and account key Secrets.
pub const MANAGER: &str = "cert-manager-acme";

/// How the reason of an Order begins where all goes its usual way.
pub const ROUTINE: &str = "In progress: ";

/// Reasons of an ACME issuer's condition Ready.
pub mod issuer {
    /// The account is registered.
    pub const REGISTERED: &str = "ACMEAccountRegistered";
    /// The registration failed.
    pub const ERR_REGISTER: &str = "ErrRegisterACMEAccount";
    /// The key or the account it belongs to is of no use.
    pub const ERR_VERIFY: &str = "ErrVerifyACMEAccount";
    /// The contact could not be changed.
    pub const ERR_UPDATE: &str = "ErrUpdateACMEAccount";
    /// The settings cannot work.
    pub const INVALID_CONFIG: &str = "InvalidConfig";
    /// The server's address is no URL.
    pub const INVALID_URL: &str = "InvalidURL";
}

/// Events on a CertificateRequest.
pub mod request {
    /// The CSR cannot be read.
    pub const PARSING_ERROR: &str = "RequestParsingError";
    /// The CSR asks for what ACME cannot give.
    pub const INVALID_ORDER: &str = "InvalidOrder";
    /// An Order was made.
    pub const CREATED: &str = "OrderCreated";
    /// The Order is on its way.
    pub const PENDING: &str = "OrderPending";
    /// The Order failed.
    pub const FAILED: &str = "OrderFailed";
    /// An Order of that name belongs to another request.
    pub const GET_ERROR: &str = "OrderGetError";
}

/// Events on an Order.
pub mod order {
    /// No solver can be used.
    pub const SOLVER: &str = "Solver";
    /// A Challenge was made.
    pub const CREATED: &str = "Created";
    /// The certificate is there.
    pub const COMPLETE: &str = "Complete";
    /// The ACME server asks to wait.
    pub const RATE_LIMITED: &str = "RateLimited";
    /// The Order failed.
    pub const FAILED: &str = "Failed";
}

/// Events on a Challenge.
pub mod challenge {
    /// It is being worked on.
    pub const STARTED: &str = "Started";
    /// The record is in place.
    pub const PRESENTED: &str = "Presented";
    /// The record could not be made.
    pub const PRESENT_ERROR: &str = "PresentError";
    /// The server has seen it.
    pub const VERIFIED: &str = "DomainVerified";
    /// The record could not be removed.
    pub const CLEAN_UP_ERROR: &str = "CleanUpError";
    /// The server refused.
    pub const FAILED: &str = "Failed";
}
