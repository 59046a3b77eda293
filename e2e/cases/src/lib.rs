//! End-to-end suites against the real cluster.
