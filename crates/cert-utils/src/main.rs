//! `evercert-cert-utils`.
fn main() {}
