//! Metrics: counters and histograms through the `metrics` crate, state series rendered from the stores when asked for.
//!
//! State series are not kept: a deleted object is gone from the next scrape.

mod collectors;
pub mod names;
mod process;
mod recorder;

pub use collectors::{Collectors, Text};
pub use recorder::{Metrics, MetricsError, install, install_with};
