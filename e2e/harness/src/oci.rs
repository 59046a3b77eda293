//! OCI images without a container engine: layers from files and folders, written as an archive (a tar of an OCI
//! layout). The same input gives the same bytes: times are 0, owners are root, entries are sorted.

mod archive;
mod layer;

pub use archive::{Image, NONROOT};
pub use layer::Layer;
