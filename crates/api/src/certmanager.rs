//! Group `cert-manager.io`.

pub mod v1;
