//! Why a pass could not be finished. The queue retries each of these with the key's back-off; what users can help is a condition instead.

use evercert_core::apply::{ErrorClass, WriteError};

/// A pass that ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call to the API server failed.
    #[error(transparent)]
    Call(#[from] WriteError),
    /// Key generation or signing failed.
    #[error("{operation}")]
    Crypto {
        /// What was attempted.
        operation: &'static str,
        /// Why it failed.
        #[source]
        source: evercert_pki::Error,
    },
    /// The API server refuses the target Secret as it would have to be.
    #[error("the Secret cannot be written: {message}")]
    Refused {
        /// The server's words.
        message: String,
    },
    /// A worker thread panicked or was cancelled.
    #[error("worker thread ended early")]
    Worker(#[source] tokio::task::JoinError),
    /// What the pass was to build on has changed under it.
    #[error("{0} changed meanwhile")]
    Stale(&'static str),
    /// Another pass works at the same object.
    #[error("another pass works at it")]
    Busy,
    /// The pass made no end of itself.
    #[error("still not settled after {0} rounds")]
    Restless(usize),
    /// A literal of ours does not fit its type.
    #[error("build an object")]
    Literal(#[source] serde_json::Error),
    /// The ACME part failed.
    #[error("ACME")]
    Acme(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// True where somebody else was faster: look again soon, it is no failure.
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Call(error) => error.class() == ErrorClass::Conflict,
            Self::Busy => true,
            _ => false,
        }
    }
}

/// An error with all its causes in one line, for conditions and events.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        if text.contains(&cause.to_string()) {
            text
        } else {
            format!("{text}: {cause}")
        }
    })
}
