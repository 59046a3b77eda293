//! Rules of Order and Challenge.

use super::{Rule, issuer_reference, solver};

pub fn order() -> Vec<Rule> {
    let mut rules = issuer_reference();
    rules.push(Rule::new(
        "spec",
        "self == oldSelf",
        "the spec of an Order cannot be changed; create another one",
    ));
    rules
}

pub fn challenge() -> Vec<Rule> {
    let mut rules = issuer_reference();
    rules.push(Rule::new(
        "spec",
        "self == oldSelf",
        "the spec of a Challenge cannot be changed; create another one",
    ));
    rules.extend(solver::rules("spec.solver"));
    rules
}
