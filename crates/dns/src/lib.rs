//! DNS-01: RFC 2136 updates, TSIG, and the propagation check.
