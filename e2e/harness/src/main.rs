//! `evercert-cluster`.
fn main() {}
