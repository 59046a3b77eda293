//! The issuer against a real API server: one server for all, a namespace and an operator for each test.

mod issuing;
mod support;
