//! The ordered checks that decide whether the Secret still is what the Certificate asks for (certificates.md 2.2, rows 1 to 9).
//!
//! The first hit wins; its reason and message go into the conditions Issuing and Ready.

use jiff::Timestamp;

use super::observed::{IssuerRef, KeyFacts, LeafFacts, Observed, SecretFacts};
use super::renewal::renewal_time;
use crate::names::{GROUP, KIND_ISSUER, reasons};

/// A reason to issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// One of upstream's reasons.
    pub reason: &'static str,
    /// What was found, for people.
    pub message: String,
}

impl Violation {
    fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

/// Rows 1 to 8: what is wrong with the Secret, whatever the time.
pub fn violation(observed: &Observed) -> Option<Violation> {
    let Some(secret) = observed.secret.as_deref() else {
        return Some(Violation::new(
            reasons::DOES_NOT_EXIST,
            "Issuing certificate as Secret does not exist",
        ));
    };
    pair(secret)
        .or_else(|| issuer(secret, &observed.wish.issuer))
        .or_else(|| certificate_name(secret, &observed.wish.name))
        .or_else(|| key_fits(secret, observed))
        .or_else(|| current_request(secret, observed))
}

/// Row 9: when the certificate in the Secret is due, by time alone.
pub fn due_at(observed: &Observed) -> Option<Timestamp> {
    let validity = observed.leaf()?.validity;
    renewal_time(
        validity,
        observed.wish.renewal,
        observed.current_request().map(|request| request.created),
    )
}

/// The reason of row 9.
pub fn renewing(due: Timestamp) -> Violation {
    Violation::new(
        reasons::RENEWING,
        format!("Renewing certificate as renewal was scheduled at {due}"),
    )
}

/// Rows 2 and 3.
fn pair(secret: &SecretFacts) -> Option<Violation> {
    let missing = |what: &str| {
        Violation::new(
            reasons::MISSING_DATA,
            format!("Issuing certificate as Secret does not contain {what}"),
        )
    };
    let (public, leaf) = match (&secret.key, &secret.leaf) {
        (KeyFacts::Missing, LeafFacts::Missing) => return Some(missing("any data")),
        (KeyFacts::Missing, _) => return Some(missing("a private key")),
        (_, LeafFacts::Missing) => return Some(missing("a certificate")),
        (KeyFacts::Unreadable(why), _) => {
            let message = format!("Issuing certificate as Secret contains invalid private key data: {why}");
            return Some(Violation::new(reasons::INVALID_KEY_PAIR, message));
        }
        (_, LeafFacts::Unreadable(why)) => {
            let message = format!("Issuing certificate as Secret contains an invalid certificate: {why}");
            return Some(Violation::new(reasons::INVALID_CERTIFICATE, message));
        }
        (KeyFacts::Readable { public, .. }, LeafFacts::Readable(leaf)) => (public, leaf),
    };
    let message = "Issuing certificate as Secret contains a private key that does not belong to the certificate";
    (*public != leaf.public).then(|| Violation::new(reasons::INVALID_KEY_PAIR, message))
}

/// Row 4. Without any issuer annotation only references of default kind and group match, whatever their name.
fn issuer(secret: &SecretFacts, wished: &IssuerRef) -> Option<Violation> {
    let fits = match &secret.issuer {
        Some(found) => found == wished,
        None => wished.kind == KIND_ISSUER && wished.group == GROUP,
    };
    let found = secret
        .issuer
        .as_ref()
        .map_or_else(|| "no issuer".to_owned(), IssuerRef::to_string);
    let message = format!("Issuing certificate as Secret was previously issued by {found}");
    (!fits).then(|| Violation::new(reasons::INCORRECT_ISSUER, message))
}

/// Row 5.
fn certificate_name(secret: &SecretFacts, wished: &str) -> Option<Violation> {
    let other = secret.certificate_name.as_deref().filter(|name| *name != wished)?;
    Some(rival(other))
}

/// The reason of row 5, also used where another Certificate asks for the same Secret.
pub fn rival(other: &str) -> Violation {
    let message = format!(
        "Secret was issued for {other:?}. If this message is not transient, two Certificates name the same Secret: give one of them another spec.secretName"
    );
    Violation::new(reasons::INCORRECT_CERTIFICATE, message)
}

/// Row 6.
fn key_fits(secret: &SecretFacts, observed: &Observed) -> Option<Violation> {
    let KeyFacts::Readable { algorithm, .. } = &secret.key else {
        return None;
    };
    let wished = observed.wish.key;
    let message = format!("Existing private key is not up to date for spec: it is {algorithm}, {wished} is wished");
    (*algorithm != wished).then(|| Violation::new(reasons::SECRET_MISMATCH, message))
}

/// Rows 7 and 8.
fn current_request(secret: &SecretFacts, observed: &Observed) -> Option<Violation> {
    let Some(request) = observed.current_request() else {
        let fields = observed.secret_mismatch.join(", ");
        let message = format!("Issuing certificate as the one in the Secret is not up to date for spec: {fields}");
        return (!observed.secret_mismatch.is_empty()).then(|| Violation::new(reasons::SECRET_MISMATCH, message));
    };
    let Some(requested) = request.public else {
        let message = format!("The CSR of CertificateRequest {:?} cannot be read", request.name);
        return Some(Violation::new(reasons::INVALID_CERTIFICATE_REQUEST, message));
    };
    if !matches!(&secret.key, KeyFacts::Readable { public, .. } if *public == requested) {
        let message = "Secret contains a private key that does not match the current CertificateRequest";
        return Some(Violation::new(reasons::SECRET_MISMATCH, message));
    }
    let message = format!(
        "Fields on existing CertificateRequest resource not up to date: [{}]",
        request.mismatch.join(" ")
    );
    (!request.mismatch.is_empty()).then(|| Violation::new(reasons::REQUEST_CHANGED, message))
}

impl std::fmt::Display for IssuerRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}/{}", self.kind, self.group, self.name)
    }
}
