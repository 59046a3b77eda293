//! Leader election on a `coordination.k8s.io` Lease, compatible with client-go: a Go controller and an Evercert operator
//! on the same Lease exclude each other.
//!
//! Every write carries the `resourceVersion` that was read, so two candidates can never both win. Whether a holder is
//! alive is judged by how long *we* have seen its record unchanged, never by comparing clocks. Followers also watch the
//! Lease, so a release is taken over at once.

mod elector;
mod record;

pub use elector::{ElectionError, Leadership, acquire};
pub use record::ElectionConfig;
