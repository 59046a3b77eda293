//! The one error type of the harness: what was being done, and why it failed.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Result of every fallible function of the harness.
pub type Result<T> = std::result::Result<T, Error>;

/// What the harness was doing when it failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file, socket or process operation.
    #[error("{action}")]
    Io {
        /// What was being done, with the object it was done to.
        action: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A command ended with a status other than 0.
    #[error("{command} failed ({status}):\n{output}")]
    Command {
        /// Program and arguments.
        command: String,
        /// Exit status as the system words it.
        status: String,
        /// The last lines it printed.
        output: String,
    },
    /// Something did not come up within its limit.
    #[error("{what}: not ready after {limit:?}; its log is {}", log.display())]
    NotReady {
        /// The component or condition.
        what: String,
        /// How long it was waited for.
        limit: Duration,
        /// Where to look.
        log: PathBuf,
    },
    /// A component ended while it was needed.
    #[error("{what} ended by itself; last lines of {}:\n{tail}", log.display())]
    Ended {
        /// The component.
        what: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// A call over HTTP, mostly to the Kubernetes API.
    #[error("{action}")]
    Call {
        /// What was being done, with the object it was done to.
        action: String,
        /// The client's reason; boxed because it is large.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// This machine lacks something; the text says what and how to get it.
    #[error("{0}")]
    Needs(String),
    /// Input that makes no sense.
    #[error("{0}")]
    Invalid(String),
}

/// Adds what was being done to an error of a library.
pub trait During<T> {
    /// `action` in words, with the object: "write /x/y".
    fn during(self, action: impl Display) -> Result<T>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, action: impl Display) -> Result<T> {
        self.map_err(|source| Error::Io {
            action: action.to_string(),
            source,
        })
    }
}

impl<T> During<T> for std::result::Result<T, kube::Error> {
    fn during(self, action: impl Display) -> Result<T> {
        self.map_err(|source| Error::Call {
            action: action.to_string(),
            source: Box::new(source),
        })
    }
}

impl<T> During<T> for nix::Result<T> {
    fn during(self, action: impl Display) -> Result<T> {
        self.map_err(|errno| Error::Io {
            action: action.to_string(),
            source: errno.into(),
        })
    }
}
