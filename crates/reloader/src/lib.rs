//! Restarts workloads when a Secret or ConfigMap they use has changed.
