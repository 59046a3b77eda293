//! `evercert-issuer`.
fn main() {}
