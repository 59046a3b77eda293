//! Name of the variable that the env-vars strategy sets, and what a pod template holds of it.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::PodSpec;

use crate::names::ENV_PREFIX;
use crate::source::Source;

/// `STAKATER_` + name in capitals + `_SECRET` or `_CONFIGMAP`.
///
/// Each run of other characters becomes one `_`; one at the start is dropped, one at the end leaves a `_`. As upstream, so
/// `a.b` and `a-b` share a variable.
pub fn name(source: &Source) -> String {
    let mut name = String::from(ENV_PREFIX);
    let mut open = false;
    for c in source.name.chars().map(|c| c.to_ascii_uppercase()) {
        let keep = c.is_ascii_alphanumeric();
        if keep {
            name.push(c);
        } else if open {
            name.push('_');
        }
        open = keep;
    }
    name.push('_');
    name.push_str(source.kind.upper());
    name
}

/// Values of a variable, in whichever regular containers hold it.
pub fn values(pod: &PodSpec, variable: &str) -> BTreeSet<String> {
    let all = pod
        .containers
        .iter()
        .flat_map(|container| container.env.iter().flatten());
    all.filter(|var| var.name == variable)
        .filter_map(|var| var.value.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::{Container, EnvVar};

    #[test]
    fn names_are_upstreams() {
        let table = [
            (Source::config_map("my-app.conf"), "STAKATER_MY_APP_CONF_CONFIGMAP"),
            (Source::secret("tls"), "STAKATER_TLS_SECRET"),
            (Source::secret("a--b..c"), "STAKATER_A_B_C_SECRET"),
            (Source::secret(".lead"), "STAKATER_LEAD_SECRET"),
            (Source::secret("trail-"), "STAKATER_TRAIL__SECRET"),
            (Source::secret("2048"), "STAKATER_2048_SECRET"),
        ];
        for (source, expected) in table {
            assert_eq!(name(&source), expected, "{source}");
        }
        assert_eq!(
            name(&Source::secret("a.b")),
            name(&Source::secret("a-b")),
            "upstream's collision is kept"
        );
    }

    #[test]
    fn values_are_found_in_any_regular_container() {
        let var = |value: &str| EnvVar {
            name: "V".into(),
            value: Some(value.into()),
            value_from: None,
        };
        let container = |env| Container {
            name: "c".into(),
            env: Some(env),
            ..Container::default()
        };
        let pod = PodSpec {
            containers: vec![container(vec![]), container(vec![var("1")]), container(vec![var("2")])],
            init_containers: Some(vec![container(vec![var("3")])]),
            ..PodSpec::default()
        };
        assert_eq!(values(&pod, "V"), ["1".to_owned(), "2".to_owned()].into());
        assert_eq!(values(&pod, "W"), BTreeSet::new());
    }
}
