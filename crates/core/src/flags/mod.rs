//! Flags as Go programs take them: `--flag`, `--flag=false`, durations like `2160h0m0s`, addresses like `:8080`.
//!
//! A boolean flag of an operator:
//! ```
//! #[derive(clap::Args)]
//! struct MyArgs {
//!     /// Whether to.
//!     #[arg(long, env = "EVERCERT_MY_FLAG", num_args = 0..=1, require_equals = true,
//!           default_missing_value = "true", default_value = "false",
//!           value_parser = evercert_core::flags::parse_bool, action = clap::ArgAction::Set)]
//!     my_flag: bool,
//! }
//! ```
//! Every flag of [`CommonArgs`] is also an environment variable: `EVERCERT_` and the flag's name, upper case, `-` as `_`.

mod common;
mod values;

pub use common::CommonArgs;
pub use values::{Listen, parse_address, parse_bool, parse_duration};
