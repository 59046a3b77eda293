//! CustomResourceDefinitions of the six kinds, made from the Rust types.
//!
//! The derive gives fields, columns and names; `tidy` brings the schema into the shape that API servers and upstream's users
//! expect; `rules` adds what upstream's webhook checks, as CEL; `limits` bounds sizes so that the server accepts the rules.
//! `yaml` and `chart` write the result.

pub mod chart;
mod kinds;
mod limits;
mod node;
mod rules;
mod tidy;
pub mod yaml;

use serde_json::Value;

/// The six CRDs, complete, in the order of their names.
pub fn all() -> Vec<Value> {
    kinds::KINDS.iter().map(finish).collect()
}

fn finish(kind: &kinds::Kind) -> Value {
    let mut crd = (kind.crd)();
    let schema = node::schema(&mut crd);
    tidy::tidy(schema);
    tidy::describe(schema, kind.description);
    for limit in limits::of(kind.name) {
        limit.put_into(schema);
    }
    for rule in rules::of(kind.name) {
        rule.put_into(schema);
    }
    crd
}

#[cfg(test)]
mod tests;
