//! Finding a place in a schema by a path such as `spec.acme.solvers[].dns01`; `[]` = items of a list, `*` = values of a map.

use serde_json::Value;

/// The schema inside a CRD: all our kinds have one version.
pub fn schema(crd: &mut Value) -> &mut Value {
    &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
}

/// The schema at `path`.
///
/// # Panics
/// Where there is no such field: the tables of rules and limits would no longer fit the types, which the tests must tell.
#[allow(clippy::panic)] // runs in the generator and in tests, never in an operator
pub fn at<'a>(schema: &'a mut Value, path: &str) -> &'a mut Value {
    let mut node = schema;
    for step in steps(path) {
        let next = match step {
            "[]" => node.get_mut("items"),
            "*" => node.get_mut("additionalProperties"),
            field => node.get_mut("properties").and_then(|fields| fields.get_mut(field)),
        };
        node = next.unwrap_or_else(|| panic!("no {step} of {path} in the schema"));
    }
    node
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').flat_map(|part| {
        let field = part.trim_end_matches("[]");
        let lists = (part.len() - field.len()) / 2;
        std::iter::once(field).chain(std::iter::repeat_n("[]", lists))
    })
}
