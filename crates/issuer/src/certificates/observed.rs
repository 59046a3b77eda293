//! What one decision about a Certificate needs, as plain data. `gather` fills it, `decide` reads it, nothing else does.

use std::sync::Arc;

use evercert_pki::key::KeyAlgorithm;
use jiff::Timestamp;

use super::metadata::Sum;
use super::renewal::{Rule, Validity};

/// SHA-256 of a public key (SPKI), or of a certificate (DER).
pub type Digest = [u8; 32];

/// Everything known at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What the Certificate asks for.
    pub wish: Wish,
    /// Its status as stored.
    pub status: Status,
    /// The target Secret; `None` where it is not there.
    pub secret: Option<Arc<SecretFacts>>,
    /// Fields of the wish that the certificate in the Secret does not fulfil; looked at only where no request is left.
    pub secret_mismatch: Vec<&'static str>,
    /// Another Certificate that owns the target Secret.
    pub rival: Option<String>,
    /// Requests that the Certificate owns, oldest first.
    pub requests: Vec<RequestFacts>,
    /// The key that the next certificate will be for.
    pub next_key: Option<NextKey>,
    /// The Secret that the status names for the next key is there, but holds no key of ours.
    pub key_secret_taken: bool,
    /// A request whose failure this process has already put into the status.
    pub accounted: Option<String>,
    /// The issuer is built in, ready, and its requests are approved by us: an answer takes milliseconds.
    pub instant: bool,
    /// Name for a next-key Secret, should one be needed.
    pub fresh_name: String,
}

/// What the Certificate's metadata and spec ask for, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Name of the Certificate.
    pub name: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// Why no request can be made from this spec.
    pub problem: Option<String>,
    /// Algorithm and size of the key.
    pub key: KeyAlgorithm,
    /// Rotation policy `Never`.
    pub keep_key: bool,
    /// Who shall sign.
    pub issuer: IssuerRef,
    /// When to renew.
    pub renewal: Rule,
    /// Requests that are kept.
    pub history: usize,
    /// Labels, annotations and keys that the target Secret shall have, without those that follow from the certificate in it.
    pub metadata: Sum,
    /// A part of the spec that this version does not fulfil, told with each issuance.
    pub unsupported: Option<String>,
}

/// Reference to an issuer with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IssuerRef {
    /// Name of the issuer.
    pub name: String,
    /// `Issuer` where unset.
    pub kind: String,
    /// `cert-manager.io` where unset.
    pub group: String,
}

/// Status of a Certificate, as far as this controller writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Condition Ready.
    pub ready: Option<Condition>,
    /// Condition Issuing.
    pub issuing: Option<Condition>,
    /// Revision of the certificate in the Secret.
    pub revision: Option<i64>,
    /// Secret that holds the next private key.
    pub next_key_secret: Option<String>,
    /// When the last attempt failed.
    pub last_failure: Option<Timestamp>,
    /// Failures in a row.
    pub attempts: Option<i64>,
    /// Validity of the certificate in the Secret.
    pub validity: Option<Validity>,
    /// When it is due.
    pub renewal_time: Option<Timestamp>,
}

/// A condition without its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// True or False.
    pub status: bool,
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// Generation it speaks of.
    pub generation: Option<i64>,
    /// When `status` last changed.
    pub since: Option<Timestamp>,
}

/// What a Secret holds, without its content. Remembered by uid and resourceVersion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFacts {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub version: String,
    /// Annotation certificate-name.
    pub certificate_name: Option<String>,
    /// Annotations issuer-*; `None` where there is none of them.
    pub issuer: Option<IssuerRef>,
    /// `tls.key`.
    pub key: KeyFacts,
    /// `tls.crt`.
    pub leaf: LeafFacts,
    /// Type of the Secret, where it is not `kubernetes.io/tls`; it cannot be changed.
    pub other_type: Option<String>,
    /// Labels, annotations and optional keys that we own in it, with the values they have now.
    pub owned: Sum,
}

/// State of `tls.key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFacts {
    /// Absent or empty.
    Missing,
    /// Why it cannot be read.
    Unreadable(String),
    /// A key.
    Readable {
        /// Algorithm and size.
        algorithm: KeyAlgorithm,
        /// Its public half.
        public: Digest,
    },
}

/// State of `tls.crt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeafFacts {
    /// Absent or empty.
    Missing,
    /// Why it cannot be read.
    Unreadable(String),
    /// A certificate.
    Readable(Leaf),
}

/// The first certificate of `tls.crt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Digest of the whole.
    pub fingerprint: Digest,
    /// Its public key.
    pub public: Digest,
    /// Its validity.
    pub validity: Validity,
    /// Annotations that follow from it.
    pub metadata: Sum,
}

/// One CertificateRequest of the Certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Its revision; `None` where the annotation is missing or nonsense.
    pub revision: Option<i64>,
    /// When it was made.
    pub created: Timestamp,
    /// Public key of its CSR; `None` where the CSR cannot be read.
    pub public: Option<Digest>,
    /// Fields in which it differs from the wish.
    pub mismatch: Vec<&'static str>,
    /// What became of it.
    pub answer: Answer,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    Waiting,
    /// Denied, invalid or failed: terminal.
    Failed {
        /// Reason of the condition that says so.
        reason: String,
        /// Its message.
        message: String,
        /// `status.failureTime`, or the condition's transition.
        at: Timestamp,
    },
    /// There is a certificate, which was not read (history).
    Issued,
    /// There is a certificate: its key, digest and end.
    Certificate {
        /// Digest of the leaf.
        fingerprint: Digest,
        /// Public key of the leaf.
        public: Digest,
        /// Last valid second.
        not_after: Timestamp,
    },
    /// There is an answer which is no certificate: why.
    Garbage(String),
}

/// The private key made for the next certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextKey {
    /// Secret that holds it, or would.
    pub secret: String,
    /// Algorithm and size.
    pub algorithm: KeyAlgorithm,
    /// Its public half.
    pub public: Digest,
    /// It is in that Secret, not only in memory.
    pub stored: bool,
}

impl Observed {
    /// Revision that is being worked for.
    pub fn next_revision(&self) -> i64 {
        self.status.revision.unwrap_or(0).saturating_add(1)
    }

    /// The request that led to the certificate in the Secret.
    pub fn current_request(&self) -> Option<&RequestFacts> {
        let revision = self.status.revision?;
        self.requests.iter().find(|request| request.revision == Some(revision))
    }

    /// The request that the next certificate is awaited from.
    pub fn candidate(&self) -> Option<&RequestFacts> {
        let next = self.next_revision();
        self.requests.iter().find(|request| request.revision == Some(next))
    }

    /// The certificate in the Secret, where it can be read.
    pub fn leaf(&self) -> Option<&Leaf> {
        match &self.secret.as_ref()?.leaf {
            LeafFacts::Readable(leaf) => Some(leaf),
            LeafFacts::Missing | LeafFacts::Unreadable(_) => None,
        }
    }
}
