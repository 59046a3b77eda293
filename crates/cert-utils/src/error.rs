//! Why a pass has to be repeated.

use evercert_core::apply::WriteError;
use evercert_core::watch::Key;

/// A pass that has to be repeated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A Secret could not be read.
    #[error("read Secret {key}")]
    Read {
        /// Which one.
        key: Key,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// What was decided could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Error {
    /// That Secret could not be read.
    pub fn read(key: &Key) -> impl FnOnce(kube::Error) -> Self {
        |source| Self::Read {
            key: key.clone(),
            source: Box::new(source),
        }
    }
}
