//! `evercert-bench`.
fn main() {}
