//! The router: HAProxy from Routes.

use std::path::Path;

use crate::error::Result;

/// Runs until it is killed; the helper of that name.
pub fn main(_dir: &Path) -> Result<()> {
    Ok(())
}
