//! Test support: stub.
