use super::*;

#[test]
fn yaml_reads_back_as_what_was_written() {
    for crd in all() {
        let text = yaml::to_string(&crd);
        let back: Value = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(back, crd);
    }
}

fn names(kind: &str) -> Value {
    let crd = all()
        .into_iter()
        .find(|crd| crd["spec"]["names"]["kind"] == kind)
        .unwrap();
    let version = &crd["spec"]["versions"][0];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let columns = list(&version["additionalPrinterColumns"]);
    let columns: Vec<String> = columns
        .iter()
        .map(|column| {
            format!(
                "{}{}",
                column["name"].as_str().unwrap(),
                column["priority"].as_i64().map(|p| format!("/{p}")).unwrap_or_default()
            )
        })
        .collect();
    serde_json::json!({
        "scope": crd["spec"]["scope"], "short": list(&crd["spec"]["names"]["shortNames"]), "categories": crd["spec"]["names"]["categories"],
        "columns": columns.join(" "), "selectable": list(&version["selectableFields"]).len(), "status": version["subresources"]["status"].is_object(),
    })
}

#[test]
fn names_columns_and_selectable_fields_are_upstreams() {
    // (kind, scope, short names, extra category, columns with priority, selectable fields)
    let table = [
        (
            "Certificate",
            "Namespaced",
            vec!["cert", "certs"],
            None,
            "Ready Secret Issuer/1 Status/1 Expiration/1 Age",
            3,
        ),
        (
            "CertificateRequest",
            "Namespaced",
            vec!["cr", "crs"],
            None,
            "Approved Denied Ready Issuer Requester Status/1 Age",
            3,
        ),
        ("Issuer", "Namespaced", vec!["iss"], None, "Ready Status/1 Age", 0),
        ("ClusterIssuer", "Cluster", vec!["ciss"], None, "Ready Status/1 Age", 0),
        (
            "Order",
            "Namespaced",
            vec![],
            Some("cert-manager-acme"),
            "State Issuer/1 Reason/1 Age",
            3,
        ),
        (
            "Challenge",
            "Namespaced",
            vec![],
            Some("cert-manager-acme"),
            "State Domain Reason/1 Age",
            3,
        ),
    ];
    for (kind, scope, short, extra, columns, selectable) in table {
        let categories: Vec<&str> = std::iter::once("cert-manager").chain(extra).collect();
        let expected = serde_json::json!({
            "scope": scope, "short": short, "categories": categories, "columns": columns, "selectable": selectable, "status": true,
        });
        assert_eq!(names(kind), expected, "{kind}");
    }
}

/// Calls `see` with each node of a schema and its path.
fn walk(node: &Value, path: &str, see: &mut impl FnMut(&str, &Value)) {
    see(path, node);
    for (name, field) in node["properties"].as_object().into_iter().flatten() {
        walk(field, &format!("{path}.{name}"), see);
    }
    for (word, step) in [("items", "[]"), ("additionalProperties", ".*")] {
        if let Some(below) = node.get(word) {
            walk(below, &format!("{path}{step}"), see);
        }
    }
}

#[test]
fn defaults_are_upstreams_and_every_list_says_how_it_is_merged() {
    let allowed = [
        "renewalInformationSource",
        "parentRefs[].group",
        "parentRefs[].kind",
        "imagePullSecrets[].name",
    ];
    for crd in all() {
        walk(
            &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"],
            "",
            &mut |path, node| {
                assert!(
                    node.get("default").is_none() || allowed.iter().any(|end| path.ends_with(end)),
                    "{path} has a default"
                );
                assert!(node.get("nullable").is_none(), "{path} is nullable");
                if node["type"] == "array" {
                    let keyed = path.ends_with(".conditions") || path.ends_with(".imagePullSecrets");
                    assert_eq!(
                        node["x-kubernetes-list-type"],
                        if keyed { "map" } else { "atomic" },
                        "{path}"
                    );
                }
            },
        );
    }
}
