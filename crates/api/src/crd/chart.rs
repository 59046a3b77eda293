//! CRDs as templates of the chart: installed with `crds.enabled`, kept on uninstall with `crds.keep`.

use serde_json::Value;

use super::yaml;

/// First lines of each file, so that nobody edits it by hand.
const HEADER: &str = "# Made from the Rust types by `make generate`: do not edit.\n";

/// File name of a CRD, such as `cert-manager.io_certificates.yaml`.
pub fn file_name(crd: &Value) -> String {
    let text = |path: &str| crd.pointer(path).and_then(Value::as_str).unwrap_or_default();
    format!("{}_{}.yaml", text("/spec/group"), text("/spec/names/plural"))
}

/// The CRD as a chart template.
pub fn template(crd: &Value) -> String {
    let name = crd
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let spec = yaml::to_string(&serde_json::json!({ "spec": crd["spec"] }));
    format!(
        "{HEADER}{{{{- if .Values.crds.enabled }}}}\n\
         apiVersion: apiextensions.k8s.io/v1\n\
         kind: CustomResourceDefinition\n\
         metadata:\n  name: {name}\n  labels:\n    {{{{- include \"evercert-issuer.labels\" . | nindent 4 }}}}\n\
         {{{{- if .Values.crds.keep }}}}\n  annotations:\n    helm.sh/resource-policy: keep\n{{{{- end }}}}\n\
         {spec}{{{{- end }}}}\n"
    )
}
