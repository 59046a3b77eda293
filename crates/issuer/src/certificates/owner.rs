//! Which of several Certificates owns the Secret that they all name (certificates.md 2.2).

use evercert_api::certmanager::v1::Certificate;
use jiff::Timestamp;
use kube::ResourceExt;

/// A Certificate that names the Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Option<Timestamp>,
}

impl Claimant {
    /// From the object.
    pub fn of(certificate: &std::sync::Arc<Certificate>) -> Self {
        Self {
            name: certificate.name_any(),
            created: certificate.metadata.creation_timestamp.as_ref().map(|time| time.0),
        }
    }
}

/// The one named by the Secret if it is among them, else the oldest, then the first by name.
pub fn of<'a>(claimants: &'a [Claimant], annotated: Option<&str>) -> Option<&'a str> {
    let named = claimants
        .iter()
        .find(|claimant| Some(claimant.name.as_str()) == annotated);
    let oldest = || {
        claimants
            .iter()
            .min_by_key(|claimant| (claimant.created, &claimant.name))
    };
    named.or_else(oldest).map(|claimant| claimant.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_belongs_to_whom_it_names_else_to_the_oldest() {
        let claimant = |name: &str, second| Claimant {
            name: name.into(),
            created: Timestamp::from_second(second).ok(),
        };
        let three = [claimant("c", 1), claimant("b", 1), claimant("a", 2)];
        let table = [
            (&three[..], Some("a"), Some("a")),
            (&three, Some("gone"), Some("b")),
            (&three, None, Some("b")),
            (&[], None, None),
        ];
        for (claimants, annotated, expected) in table {
            assert_eq!(of(claimants, annotated), expected, "{annotated:?}");
        }
    }
}
