//! Distinguished names: from a Certificate's `subject` or `literalSubject`, as DER, as text, and back to attributes.

mod literal;
mod rdn;
mod subject;

pub use rdn::Name;
pub use subject::Subject;
