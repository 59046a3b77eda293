//! Kubernetes API types: cert-manager.io, acme.cert-manager.io and OpenShift Route.
