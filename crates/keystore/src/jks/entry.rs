//! What a store holds.

use std::fmt;

use jiff::Timestamp;

/// A store; entries in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keystore {
    /// Entries.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A private key with its certificates.
    Key(KeyEntry),
    /// A certificate that is trusted.
    Trusted(TrustedEntry),
}

/// A private key with its certificates.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// Name; written in lower case, because Java looks up nothing else.
    pub alias: String,
    /// Date of the entry, to the millisecond.
    pub created: Timestamp,
    /// DER of the key as PKCS #8.
    pub key: Vec<u8>,
    /// DER of the certificates, leaf first.
    pub chain: Vec<Vec<u8>>,
}

/// A certificate that is trusted.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustedEntry {
    /// Name; written in lower case.
    pub alias: String,
    /// Date of the entry, to the millisecond.
    pub created: Timestamp,
    /// DER of the certificate.
    pub certificate: Vec<u8>,
}

impl Keystore {
    /// True where both hold the same under the same aliases, whatever the order of entries and their dates.
    ///
    /// A file that others made from the same input has other bytes; replacing it would restart its readers for nothing.
    pub fn same_content(&self, other: &Self) -> bool {
        self.sorted(false) == other.sorted(false)
    }

    /// The same, with dates compared to the second.
    pub fn same_content_and_dates(&self, other: &Self) -> bool {
        self.sorted(true) == other.sorted(true)
    }

    fn sorted(&self, with_dates: bool) -> Vec<Content<'_>> {
        let mut entries: Vec<_> = self.entries.iter().map(|entry| entry.content(with_dates)).collect();
        entries.sort();
        entries
    }
}

/// An entry as it is compared: alias, date, key, certificates. A trusted certificate is a chain of one without key.
type Content<'a> = (String, i64, &'a [u8], &'a [Vec<u8>]);

impl Entry {
    /// Name of the entry.
    pub fn alias(&self) -> &str {
        match self {
            Self::Key(entry) => &entry.alias,
            Self::Trusted(entry) => &entry.alias,
        }
    }

    fn content(&self, with_date: bool) -> Content<'_> {
        let (created, key, chain) = match self {
            Self::Key(entry) => (entry.created, entry.key.as_slice(), entry.chain.as_slice()),
            Self::Trusted(entry) => (entry.created, &[][..], std::slice::from_ref(&entry.certificate)),
        };
        let date = if with_date { created.as_second() } else { 0 };
        (self.alias().to_lowercase(), date, key, chain)
    }
}

/// Never shows the key.
impl fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "KeyEntry({:?}, {}, {} certificates)",
            self.alias,
            self.created,
            self.chain.len()
        )
    }
}

impl fmt::Debug for TrustedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TrustedEntry({:?}, {}, {} bytes)",
            self.alias,
            self.created,
            self.certificate.len()
        )
    }
}
