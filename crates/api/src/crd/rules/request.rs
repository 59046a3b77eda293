//! Rules of CertificateRequest.
//!
//! Who may approve, and that annotations stay, is beyond CEL in a CRD: an admission policy of the chart sees to it.

use super::{Rule, issuer_reference};

pub fn rules() -> Vec<Rule> {
    let decision = "['Approved', 'Denied']";
    let mut rules = issuer_reference();
    rules.extend([
        Rule::new("spec", "self == oldSelf", "the spec of a CertificateRequest cannot be changed; create another one"),
        Rule::new(
            "status.conditions",
            "!(self.exists(c, c.type == 'Approved') && self.exists(c, c.type == 'Denied'))",
            "a request is either Approved or Denied, not both",
        ),
        Rule::new(
            "status.conditions",
            format!("self.all(c, !(c.type in {decision}) || c.status == 'True')"),
            "the conditions Approved and Denied can only be True",
        ),
        Rule::new(
            "status",
            format!(
                "!has(oldSelf.conditions) || oldSelf.conditions.all(old, !(old.type in {decision}) || has(self.conditions) && self.conditions.exists(c, c.type == old.type && c.status == old.status))"
            ),
            "a decision (Approved or Denied) cannot be taken back",
        ),
    ]);
    rules
}
