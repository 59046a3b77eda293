//! Deterministic Java keystores and truststores.
