//! What can be wrong with keys, names, requests and certificates, in words that a user can act on.

use openssl::error::ErrorStack;

/// A refused input or a failed operation. The text never holds bytes of the input.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Input above its cap; nothing of it was parsed.
    #[error("{what} is {size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// What was given, e.g. `private key`.
        what: &'static str,
        /// Bytes given.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// No usable PEM block.
    #[error("no PEM block with a {what} found")]
    NoPem {
        /// What was looked for.
        what: &'static str,
    },
    /// A PEM block that is broken.
    #[error("invalid PEM: {0}")]
    BadPem(&'static str),
    /// A PEM block of a type that does not belong there.
    #[error("PEM block {label:?} found where a {what} is expected")]
    WrongPem {
        /// What was looked for.
        what: &'static str,
        /// Type of the block found (letters, digits and blanks only).
        label: String,
    },
    /// The key is protected by a password.
    #[error("the private key is encrypted; encrypted keys are not supported")]
    EncryptedKey,
    /// A key that cannot be read or must not be used.
    #[error("invalid key: {0}")]
    BadKey(&'static str),
    /// An algorithm or size outside what is supported.
    #[error("{0}")]
    Unsupported(String),
    /// ASN.1 that does not have the form its standard asks for.
    #[error("malformed {what}")]
    Malformed {
        /// The structure that was read.
        what: &'static str,
    },
    /// A name (subject, alternative name, constraint) that cannot be encoded.
    #[error("invalid {what} {value:?}: {reason}")]
    BadName {
        /// Kind of name.
        what: &'static str,
        /// The name as written in the spec.
        value: String,
        /// Why it was refused.
        reason: &'static str,
    },
    /// A usage that is not one of the known names.
    #[error("unknown usage {0:?}")]
    UnknownUsage(String),
    /// A CSR that asks for something else than its request says.
    #[error("the CSR contradicts the request: {0}")]
    Contradiction(String),
    /// A CSR that was not signed by the key in it.
    #[error("the signature of the CSR does not verify")]
    BadCsrSignature,
    /// Certificates that do not form one line from leaf to root.
    #[error("malformed or broken certificate chain: {0}")]
    BrokenChain(String),
    /// Signing with a key that is not the signer's.
    #[error("the private key does not match the certificate")]
    KeyMismatch,
    /// OpenSSL failed in an operation that normally cannot fail.
    #[error("cannot {operation}")]
    OpenSsl {
        /// What was being done.
        operation: &'static str,
        /// OpenSSL's own error.
        #[source]
        source: ErrorStack,
    },
}

/// Adds to an OpenSSL error what was being done.
pub(crate) trait During<T> {
    fn during(self, operation: &'static str) -> Result<T, Error>;
}

impl<T> During<T> for Result<T, ErrorStack> {
    fn during(self, operation: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::OpenSsl { operation, source })
    }
}
