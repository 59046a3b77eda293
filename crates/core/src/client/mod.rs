//! The client: where the API server is, how long a call may take, how calls are counted.

mod build;
mod limit;

pub use build::{ClientError, ClientOptions, KubeService, build, builder, config, from_config};
pub use limit::{CallLimit, CallLimitLayer, LimitedBody};
