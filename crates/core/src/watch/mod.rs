//! One watch per type and process: a store with indexes, read-your-writes, and an own fan-out.
//!
//! kube's shared streams lose their wake-up after a raced delete and swallow deletes, so they are not used: here a
//! subscriber is a coalescing set of keys that the watch task fills and never waits for. To be deleted when kube's
//! shared streams tell deletes and never go silent.

mod builder;
mod fanout;
mod guard;
mod index;
mod key;
mod store;
mod task;
mod watched;

pub use builder::{Scope, WatchBuilder};
pub use fanout::Subscription;
pub use key::Key;
pub use watched::Watched;
