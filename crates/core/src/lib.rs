//! The runtime that all Evercert operators share.
