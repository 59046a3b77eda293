//! `evercert-reloader`.
fn main() {}
