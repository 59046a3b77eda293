//! Benchmarks against the real API server.
