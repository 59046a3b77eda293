//! What the certificate fields of a Route should be, given its annotations and the Secrets they name.
//!
//! Serving certificate and destination CA are two parts: a fault in one leaves its fields as they are and does not keep the
//! other from its own. A field is cleared only if it was written here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use evercert_api::Sensitive;
use evercert_api::route::v1::{RouteTls, Termination};
use evercert_core::contract::annotations::{CERTS_FROM_SECRET, DESTINATION_CA_FROM_SECRET, INJECT_CA};

use super::field::Field;
use super::validate::{self, Serving};

/// One Route and the Secrets that its annotations name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// `spec.tls`.
    pub tls: Option<RouteTls>,
    /// Where key and certificate come from.
    pub certs: Source,
    /// Where the destination CA comes from.
    pub destination: Source,
    /// True where `ca.crt` is wished for as `caCertificate`.
    pub inject_ca: bool,
    /// Fields that were written here, or by cert-utils-operator before.
    pub owned: BTreeSet<Field>,
}

/// What an annotation gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source {
    /// There is no annotation.
    #[default]
    Unwanted,
    /// It names a Secret that does not exist.
    Missing(String),
    /// The Secret.
    Found(SecretData),
}

/// Content of a Secret.
#[derive(Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields are the keys they are named after")]
pub struct SecretData {
    pub name: String,
    pub tls_crt: Option<Vec<u8>>,
    pub tls_key: Option<Vec<u8>>,
    pub ca_crt: Option<Vec<u8>>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The one write, if the Route is not as it should be.
    pub write: Option<Write>,
    /// What the user has to change.
    pub warnings: Vec<String>,
}

/// Fields as they should be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Write {
    /// Fields with their values, changed or not: the whole of what is held here.
    pub hold: BTreeMap<Field, Sensitive>,
    /// Fields to clear.
    pub clear: BTreeSet<Field>,
}

/// Decides from Route and Secrets alone; time plays no part.
pub fn decide(observed: &Observed) -> Plan {
    let wished = observed.certs != Source::Unwanted || observed.destination != Source::Unwanted;
    let refused = |reason: &str| Plan {
        warnings: wished.then(|| reason.to_owned()).into_iter().collect(),
        write: None,
    };
    let Some(tls) = &observed.tls else {
        return refused("spec.tls is not set: set its termination to edge or reencrypt, or remove the annotations");
    };
    if tls.termination == Some(Termination::Passthrough) {
        return refused(
            "termination passthrough takes no certificates: change it to edge or reencrypt, or remove the annotations",
        );
    }
    let mut draft = Draft::new(observed, tls);
    draft.serving(observed);
    draft.destination(observed);
    draft.finish()
}

/// A plan in the making; starts as "leave all as it is".
struct Draft<'a> {
    tls: &'a RouteTls,
    owned: &'a BTreeSet<Field>,
    write: Write,
    warnings: Vec<String>,
}

impl<'a> Draft<'a> {
    fn new(observed: &'a Observed, tls: &'a RouteTls) -> Self {
        let hold = observed
            .owned
            .iter()
            .filter_map(|field| Some((*field, field.of(tls)?)))
            .collect();
        let write = Write {
            hold,
            clear: BTreeSet::new(),
        };
        Self {
            tls,
            owned: &observed.owned,
            write,
            warnings: Vec::new(),
        }
    }

    /// Key, certificate and, where wished, their CA.
    fn serving(&mut self, observed: &Observed) {
        let secret = match &observed.certs {
            Source::Unwanted => return self.clear_all(&[Field::Key, Field::Certificate, Field::CaCertificate]),
            Source::Missing(name) => return self.missing(CERTS_FROM_SECRET, name),
            Source::Found(secret) => secret,
        };
        if self.tls.external_certificate.is_some() {
            return self.warn(format!(
                "spec.tls.externalCertificate excludes annotation {CERTS_FROM_SECRET}: remove one of them"
            ));
        }
        match validate::serving(secret) {
            Ok(serving) => self.serve(serving, observed.inject_ca.then_some(secret)),
            Err(reason) => self.warn(format!("{reason}; the Route keeps its present certificate")),
        }
    }

    fn serve(&mut self, serving: Serving, ca_from: Option<&SecretData>) {
        if !self.settle_ca(&serving, ca_from) {
            let reason = "spec.tls.caCertificate does not hold the issuer of the new certificate";
            return self.warn(format!(
                "{reason}, a router would refuse the Route: remove or replace it"
            ));
        }
        self.warnings.extend(serving.remark);
        self.set(Field::Key, &serving.key);
        self.set(Field::Certificate, &serving.certificate);
    }

    /// Puts `caCertificate` right for the new leaf; false where one that is not ours stands in its way.
    fn settle_ca(&mut self, serving: &Serving, ca_from: Option<&SecretData>) -> bool {
        let present = Field::CaCertificate.of(self.tls);
        let fits = present
            .as_ref()
            .is_none_or(|pool| validate::pool_verifies(pool.expose(), &serving.leaf));
        let Some(secret) = ca_from else {
            let ours = self.owned.contains(&Field::CaCertificate);
            self.clear(Field::CaCertificate);
            return fits || ours;
        };
        match pool_for(secret, serving) {
            Ok(pool) => {
                self.set(Field::CaCertificate, &pool);
                true
            }
            Err(reason) => {
                self.warn(format!(
                    "{reason}; remove annotation {INJECT_CA}, or put the issuing CA into ca.crt"
                ));
                if !fits {
                    self.clear(Field::CaCertificate);
                }
                fits || self.owned.contains(&Field::CaCertificate)
            }
        }
    }

    fn destination(&mut self, observed: &Observed) {
        let edge = self.tls.termination != Some(Termination::Reencrypt);
        match &observed.destination {
            Source::Unwanted => self.clear(Field::DestinationCaCertificate),
            _ if edge => self.warn(format!("only termination reencrypt takes a destination CA: change it, or remove annotation {DESTINATION_CA_FROM_SECRET}")),
            Source::Missing(name) => self.missing(DESTINATION_CA_FROM_SECRET, name),
            Source::Found(secret) => match validate::authorities(secret) {
                Ok(pool) => self.set(Field::DestinationCaCertificate, &pool),
                Err(reason) => self.warn(format!("{reason}; the Route keeps its present destination CA")),
            },
        }
    }

    fn missing(&mut self, annotation: &str, name: &str) {
        self.warn(format!("annotation {annotation} names Secret {name:?}, which does not exist in this namespace; the Route keeps what it has"));
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }

    fn set(&mut self, field: Field, value: &str) {
        self.write.hold.insert(field, value.into());
    }

    fn clear(&mut self, field: Field) {
        if self.owned.contains(&field) && self.write.hold.remove(&field).is_some() {
            self.write.clear.insert(field);
        }
    }

    fn clear_all(&mut self, fields: &[Field]) {
        for field in fields {
            self.clear(*field);
        }
    }

    fn finish(self) -> Plan {
        let changes = self
            .write
            .hold
            .iter()
            .any(|(field, value)| field.of(self.tls).as_ref() != Some(value));
        let write = (changes || !self.write.clear.is_empty()).then_some(self.write);
        Plan {
            write,
            warnings: self.warnings,
        }
    }
}

fn pool_for(secret: &SecretData, serving: &Serving) -> Result<String, String> {
    let pool = validate::authorities(secret)?;
    if validate::pool_verifies(&pool, &serving.leaf) {
        return Ok(pool);
    }
    let name = &secret.name;
    Err(format!(
        "ca.crt of Secret {name} does not hold the issuer of its certificate (intermediates in tls.crt do not count for routers)"
    ))
}

/// Never shows content.
impl fmt::Debug for SecretData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretData")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
