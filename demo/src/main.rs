//! `evercert-demo`.
fn main() {}
