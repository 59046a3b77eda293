//! Java keystores and truststores. Same input, same bytes: nothing here draws a random number or reads a clock.
//!
//! One module for each format. What belongs into a store, and under which alias, is decided by its caller.

pub mod error;
pub mod jks;

pub use error::Error;
