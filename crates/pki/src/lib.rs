//! Keys, names, certificate requests, certificates and chains: bytes in, bytes out.
