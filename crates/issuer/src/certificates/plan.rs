//! What to do about a Certificate, as data: compared whole in tests, carried out by `act`, in order.

use evercert_pki::key::KeyAlgorithm;
use jiff::Timestamp;

use super::observed::Status;

/// The outcome of one decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In this order; the first that fails ends the pass, and the next pass starts from what is there then.
    pub steps: Vec<Step>,
    /// Told once the steps are done.
    pub events: Vec<Event>,
    /// When to look again without being told.
    pub wake: Option<Timestamp>,
    /// Look again as soon as the steps are done.
    pub again: bool,
}

/// One write, or one change of what is kept in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Replaces the status.
    Status(Box<Status>),
    /// Makes the next key and keeps it in memory under the name of the Secret it would be in.
    NewKey {
        /// Name of that Secret.
        secret: String,
        /// Algorithm and size.
        algorithm: KeyAlgorithm,
    },
    /// Takes the key that is in the target Secret as next key (rotation policy Never).
    KeepKey {
        /// Name of the next-key Secret it would be in.
        secret: String,
    },
    /// Writes the next key, which is in memory, into its Secret.
    StoreKey,
    /// Deletes the next-key Secret of this name, if it is ours.
    DropKeySecret(String),
    /// Forgets the next key.
    ForgetKey,
    /// Creates the request of this revision for the next key.
    Request {
        /// Its revision.
        revision: i64,
        /// Have the built-in issuer answer it in the same pass, instead of in its own turn.
        answer: bool,
    },
    /// Deletes a request.
    DeleteRequest {
        /// Its name.
        name: String,
        /// Its uid: another object of that name is left alone.
        uid: String,
    },
    /// Has the built-in issuer answer the request of this name, which an earlier pass left open.
    Answer(String),
    /// Writes key and certificate of the answered request into the target Secret.
    WriteSecret {
        /// Name of the request.
        request: String,
    },
    /// Writes labels, annotations and derived keys of the target Secret anew, with the key and certificate it has.
    RepairSecret,
    /// Remembers that the failure of the request with this uid is in the status.
    Account(String),
}

/// An event on the Certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Warning rather than Normal.
    pub warning: bool,
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
}

impl Event {
    /// A Normal event.
    pub fn normal(reason: &str, message: impl Into<String>) -> Self {
        Self {
            warning: false,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// A Warning event.
    pub fn warning(reason: &str, message: impl Into<String>) -> Self {
        Self {
            warning: true,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }
}
