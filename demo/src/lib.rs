//! The demo: three Java services, their certificates, and the proof.
