//! The four fields of `spec.tls` that hold certificates.

use evercert_api::Sensitive;
use evercert_api::route::v1::RouteTls;

/// A field of `spec.tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// `key`
    Key,
    /// `certificate`
    Certificate,
    /// `caCertificate`
    CaCertificate,
    /// `destinationCACertificate`
    DestinationCaCertificate,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Key,
        Self::Certificate,
        Self::CaCertificate,
        Self::DestinationCaCertificate,
    ];

    /// Name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::CaCertificate => "caCertificate",
            Self::DestinationCaCertificate => "destinationCACertificate",
        }
    }

    /// Its value, if it has one. All are kept from logs alike: telling them apart gains nothing.
    pub fn of(self, tls: &RouteTls) -> Option<Sensitive> {
        let text = match self {
            Self::Key => tls.key.as_ref().map(Sensitive::expose),
            Self::Certificate => tls.certificate.as_deref(),
            Self::CaCertificate => tls.ca_certificate.as_deref(),
            Self::DestinationCaCertificate => tls.destination_ca_certificate.as_deref(),
        };
        text.filter(|text| !text.is_empty()).map(Sensitive::from)
    }
}
