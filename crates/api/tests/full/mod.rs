//! Objects in which every field of every kind is set; several where fields exclude each other.

mod certificates;
mod issuers;
mod orders;

use serde_json::Value;

pub const PEM: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==";
pub const TIME: &str = "2026-11-22T10:00:00Z";

/// All of them, with namespace and name left to the caller.
pub fn all() -> Vec<Value> {
    let mut all = certificates::all();
    all.extend(issuers::all());
    all.extend(orders::all());
    all
}
