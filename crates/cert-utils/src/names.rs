//! Names that users and upstream see.

/// Field manager of everything this operator writes.
pub const FIELD_MANAGER: &str = "evercert-cert-utils";
/// Field manager under which cert-utils-operator wrote (the name of its binary). What it wrote is taken over.
pub const UPSTREAM_FIELD_MANAGER: &str = "manager";
/// Reason of every Warning event about input that cannot be used; upstream's.
pub const PROCESSING_ERROR: &str = "ProcessingError";
/// Password of keystores where the annotation names none; upstream's.
pub const DEFAULT_PASSWORD: &str = "changeme";
/// Alias of the key entry of a keystore; upstream's.
pub const KEY_ALIAS: &str = "alias";
/// Aliases of a truststore are this and a number from 0; upstream's.
pub const TRUSTED_ALIAS_PREFIX: &str = "alias";
