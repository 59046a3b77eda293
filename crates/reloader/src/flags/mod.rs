//! Flags: upstream's spellings and defaults, and the [`Settings`] that everything else sees.

mod args;
mod settings;

pub use args::Args;
pub use settings::{FlagError, Settings};
