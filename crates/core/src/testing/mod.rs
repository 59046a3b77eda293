//! Test support: faults in front of the real API server, an operator as a killable process, the kill-at-every-write
//! driver, builders. Feature `testing`; never in a shipped binary.
//!
//! It does not know how the API server is started: tests pass a kubeconfig, usually that of `evercert_harness::Plane`.

pub mod builders;
pub mod driver;
pub mod faults;
pub mod plane;
mod process;
pub mod wait;

pub use process::Process;

/// Errors of test code, whatever they are.
pub type TestError = Box<dyn std::error::Error + Send + Sync>;
/// Result of test code.
pub type TestResult<T = ()> = Result<T, TestError>;
