//! Keys: algorithms and sizes, generation, PEM in all the forms that are met in Secrets, and public halves.

mod algorithm;
mod parse;
mod private;
mod public;

pub use algorithm::{Curve, KeyAlgorithm};
pub use private::{KeyEncoding, PrivateKey};
pub use public::PublicKey;
