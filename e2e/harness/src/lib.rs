//! A real Kubernetes cluster in a sealed sandbox, with DNS, an ACME CA and a router.
