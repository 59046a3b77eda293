//! What upstream's webhook checks, as CEL rules with messages that say what to change.

mod acme;
mod certificate;
mod issuer;
mod request;
mod solver;

use serde_json::{Value, json};

use super::node;

/// One CEL rule at one place of a schema.
pub struct Rule {
    /// Where `self` is.
    path: String,
    cel: String,
    message: &'static str,
}

impl Rule {
    fn new(path: impl Into<String>, cel: impl Into<String>, message: &'static str) -> Self {
        Self {
            path: path.into(),
            cel: cel.into(),
            message,
        }
    }

    /// Adds the rule to the schema.
    pub fn put_into(&self, schema: &mut Value) {
        let validations = &mut node::at(schema, &self.path)["x-kubernetes-validations"];
        if !validations.is_array() {
            *validations = json!([]);
        }
        if let Some(validations) = validations.as_array_mut() {
            validations.push(json!({ "rule": self.cel, "message": self.message }));
        }
    }
}

/// The rules of a kind.
pub fn of(kind: &str) -> Vec<Rule> {
    match kind {
        "Certificate" => certificate::rules(),
        "CertificateRequest" => request::rules(),
        "Issuer" | "ClusterIssuer" => issuer::rules(),
        "Order" => acme::order(),
        "Challenge" => acme::challenge(),
        _ => Vec::new(),
    }
}

/// A Go duration, as a regular expression.
const GO_DURATION: &str = r"^[+-]?(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*)$";

/// `field` is absent, or a Go duration of at least `least`.
fn at_least(field: &str, least: &str) -> String {
    format!(
        "!has(self.{field}) || self.{field}.matches('{GO_DURATION}') && duration(self.{field}) >= duration('{least}')"
    )
}

/// CEL: `field` is present and not empty.
fn set(field: &str) -> String {
    format!("has(self.{field}) && self.{field} != ''")
}

/// CEL: the Secret reference `field` is present and names a Secret; an empty name counts as unset, as upstream writes it.
fn secret_set(field: &str) -> String {
    format!("has(self.{field}) && self.{field}.name != ''")
}

/// CEL: how many of `fields` are present.
fn count_of(fields: &[&str]) -> String {
    let terms: Vec<_> = fields
        .iter()
        .map(|field| format!("(has(self.{field}) ? 1 : 0)"))
        .collect();
    terms.join(" + ")
}

/// Rules of an issuer reference at `spec.issuerRef`.
fn issuer_reference() -> Vec<Rule> {
    let kind = "(has(self.group) && self.group != '' && self.group != 'cert-manager.io') || !has(self.kind) || self.kind in ['', 'Issuer', 'ClusterIssuer']";
    vec![
        Rule::new(
            "spec.issuerRef",
            "self.name != ''",
            "issuerRef.name must name an issuer",
        ),
        Rule::new(
            "spec.issuerRef",
            kind,
            "issuerRef.kind must be Issuer or ClusterIssuer, unless issuerRef.group names the API group of an external issuer",
        ),
    ]
}
