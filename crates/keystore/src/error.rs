//! Why a store cannot be written or read. The text never holds a password or bytes of a store.

/// A refused input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Java cannot recover a key that an empty password protects.
    #[error("the keystore password is empty")]
    EmptyPassword,
    /// A text or a number of entries that the format has no room for.
    #[error("{0} is too long for the keystore format")]
    TooLong(&'static str),
    /// Two entries under one alias; aliases do not differ by case.
    #[error("two entries have the alias {0:?}")]
    DoubleAlias(String),
    /// A date before 1970.
    #[error("an entry's date is before 1970")]
    BadDate,
    /// Not a JKS file of version 2.
    #[error("not a JKS keystore")]
    NotJks,
    /// The file ends too early or has the wrong structure.
    #[error("the keystore is damaged")]
    Damaged,
    /// The keyed digest does not fit: wrong password, or the file was changed.
    #[error("the keystore does not open with this password")]
    WrongPassword,
    /// The cryptography library failed.
    #[error("cannot compute a digest")]
    Digest,
}
