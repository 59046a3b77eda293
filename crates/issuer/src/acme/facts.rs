//! What an Order or Challenge needs to know of its issuer, as plain data.

use evercert_api::acme::v1::AcmeIssuer;

/// The issuer that an Order or Challenge names.
#[derive(Debug, Clone, PartialEq)]
pub enum IssuerFacts {
    /// It is not usable now; in words why. A change of the issuer wakes the object.
    Unusable(String),
    /// A ready ACME issuer.
    Ready(Box<AcmeIssuer>),
}

impl IssuerFacts {
    /// The ACME settings, or why there are none.
    pub fn ready(&self) -> Result<&AcmeIssuer, &str> {
        match self {
            Self::Ready(acme) => Ok(acme),
            Self::Unusable(why) => Err(why),
        }
    }
}
