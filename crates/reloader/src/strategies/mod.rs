//! How a pod template is changed so that its pods are replaced. One file a strategy.

mod env_vars;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::source::Source;
use crate::workloads::View;

/// `--reload-strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// A variable for each source, with its hash as value.
    #[default]
    EnvVars,
}

impl Strategy {
    /// Strategic merge patch of the pod template that replaces the pods once, for all changed sources together.
    pub fn template_patch(self, workload: &View<'_>, changed: &BTreeMap<Source, String>) -> Value {
        match self {
            Self::EnvVars => env_vars::template_patch(workload, changed),
        }
    }
}
