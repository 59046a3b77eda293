//! Which sources a pod spec references, and in which container (reloader.md 2.4, in its order).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, PodSpec, Volume};

use crate::source::{Source, SourceKind};

/// The regular container that uses a source, by index; `None` where nothing references it.
///
/// The first volume of it and the first regular container that mounts that volume; else regular containers' `env` and
/// `envFrom`. Use by an init container alone counts for the first regular container. A volume that nobody mounts is no reference.
pub fn container_using(pod: &PodSpec, source: &Source) -> Option<usize> {
    let inits = pod.init_containers.as_deref().unwrap_or_default();
    let mounts = pod
        .volumes
        .iter()
        .flatten()
        .find(|volume| volume_holds(volume, source))
        .and_then(|volume| {
            let mounting = |c: &Container| mounts_volume(c, &volume.name);
            pod.containers
                .iter()
                .position(mounting)
                .or_else(|| inits.iter().any(mounting).then_some(0))
        });
    let in_env = || {
        let reading = |c: &Container| env_sources(c).any(|s| s == (source.kind, source.name.as_str()));
        pod.containers
            .iter()
            .position(reading)
            .or_else(|| inits.iter().any(reading).then_some(0))
    };
    mounts.or_else(in_env)
}

/// Every source that `container_using` finds.
pub fn referenced(pod: &PodSpec) -> BTreeSet<Source> {
    let in_volumes = pod.volumes.iter().flatten().flat_map(volume_sources);
    let inits = pod.init_containers.iter().flatten();
    let in_env = pod.containers.iter().chain(inits).flat_map(env_sources);
    let mentioned = in_volumes.chain(in_env).map(|(kind, name)| Source {
        kind,
        name: name.to_owned(),
    });
    mentioned
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|source| container_using(pod, source).is_some())
        .collect()
}

fn volume_holds(volume: &Volume, source: &Source) -> bool {
    volume_sources(volume).any(|held| held == (source.kind, source.name.as_str()))
}

fn volume_sources(volume: &Volume) -> impl Iterator<Item = (SourceKind, &str)> {
    let map = volume
        .config_map
        .as_ref()
        .map(|map| (SourceKind::ConfigMap, map.name.as_str()));
    let secret = volume
        .secret
        .as_ref()
        .and_then(|s| Some((SourceKind::Secret, s.secret_name.as_deref()?)));
    let projected = volume
        .projected
        .iter()
        .flat_map(|p| p.sources.iter().flatten())
        .flat_map(|part| {
            let map = part
                .config_map
                .as_ref()
                .map(|map| (SourceKind::ConfigMap, map.name.as_str()));
            let secret = part
                .secret
                .as_ref()
                .map(|secret| (SourceKind::Secret, secret.name.as_str()));
            map.into_iter().chain(secret)
        });
    map.into_iter().chain(secret).chain(projected)
}

fn mounts_volume(container: &Container, volume: &str) -> bool {
    container
        .volume_mounts
        .iter()
        .flatten()
        .any(|mount| mount.name == volume)
}

fn env_sources(container: &Container) -> impl Iterator<Item = (SourceKind, &str)> {
    let single = container
        .env
        .iter()
        .flatten()
        .filter_map(|var| var.value_from.as_ref())
        .flat_map(|from| {
            let map = from
                .config_map_key_ref
                .as_ref()
                .map(|map| (SourceKind::ConfigMap, map.name.as_str()));
            let secret = from
                .secret_key_ref
                .as_ref()
                .map(|secret| (SourceKind::Secret, secret.name.as_str()));
            map.into_iter().chain(secret)
        });
    let whole = container.env_from.iter().flatten().flat_map(|from| {
        let map = from
            .config_map_ref
            .as_ref()
            .map(|map| (SourceKind::ConfigMap, map.name.as_str()));
        let secret = from
            .secret_ref
            .as_ref()
            .map(|secret| (SourceKind::Secret, secret.name.as_str()));
        map.into_iter().chain(secret)
    });
    single.chain(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(spec: Value) -> PodSpec {
        serde_json::from_value(spec).unwrap()
    }

    fn mounting(name: &str, volume: &str) -> Value {
        json!({"name": name, "volumeMounts": [{"name": volume, "mountPath": "/x"}]})
    }

    fn reading(name: &str, secret: &str) -> Value {
        json!({"name": name, "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": secret, "key": "p"}}}]})
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table")]
    fn container_is_chosen_in_upstreams_order() {
        let secret_volume = json!({"name": "v", "secret": {"secretName": "tls"}});
        let idle = json!({"name": "idle"});
        let projected = json!({"name": "v", "projected": {"sources": [{"secret": {"name": "other"}}, {"secret": {"name": "tls"}}]}});
        let second = json!({"name": "w", "secret": {"secretName": "tls"}});
        let env_from = json!({"name": "c", "envFrom": [{"secretRef": {"name": "tls"}}]});
        let table = [
            (
                "first container that mounts it",
                json!({"volumes": [secret_volume], "containers": [idle, mounting("c", "v"), mounting("d", "v")]}),
                Some(1),
            ),
            (
                "projected volume",
                json!({"volumes": [projected], "containers": [idle, mounting("c", "v")]}),
                Some(1),
            ),
            (
                "mounted by an init container only",
                json!({"volumes": [secret_volume], "containers": [idle, idle], "initContainers": [mounting("i", "v")]}),
                Some(0),
            ),
            (
                "mounted by nobody",
                json!({"volumes": [secret_volume], "containers": [idle]}),
                None,
            ),
            (
                "mounted by nobody, but in the environment",
                json!({"volumes": [secret_volume], "containers": [idle, reading("c", "tls")]}),
                Some(1),
            ),
            (
                "only the first volume of it counts",
                json!({"volumes": [secret_volume, second], "containers": [idle, mounting("c", "w")]}),
                None,
            ),
            (
                "a mount wins over an earlier environment",
                json!({"volumes": [secret_volume], "containers": [reading("c", "tls"), mounting("d", "v")]}),
                Some(1),
            ),
            (
                "a mount by an init container wins over an environment",
                json!({"volumes": [secret_volume], "containers": [idle, reading("c", "tls")], "initContainers": [mounting("i", "v")]}),
                Some(0),
            ),
            ("valueFrom", json!({"containers": [idle, reading("c", "tls")]}), Some(1)),
            ("envFrom", json!({"containers": [idle, env_from]}), Some(1)),
            (
                "environment of an init container",
                json!({"containers": [idle, idle], "initContainers": [reading("i", "tls")]}),
                Some(0),
            ),
            ("another name", json!({"containers": [reading("c", "tls-2")]}), None),
            (
                "another kind",
                json!({"volumes": [{"name": "v", "configMap": {"name": "tls"}}], "containers": [mounting("c", "v")]}),
                None,
            ),
        ];
        for (case, spec, expected) in table {
            assert_eq!(container_using(&pod(spec), &Source::secret("tls")), expected, "{case}");
        }
    }

    #[test]
    fn referenced_lists_what_is_used_and_nothing_else() {
        let spec = pod(json!({
            "volumes": [
                {"name": "a", "secret": {"secretName": "mounted"}},
                {"name": "b", "configMap": {"name": "unmounted"}},
                {"name": "c", "projected": {"sources": [{"configMap": {"name": "projected"}}, {"serviceAccountToken": {"path": "t"}}]}},
            ],
            "containers": [
                {"name": "m", "volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "c", "mountPath": "/c"}],
                 "env": [{"name": "K", "valueFrom": {"configMapKeyRef": {"name": "key", "key": "k"}}}]},
            ],
            "initContainers": [{"name": "i", "envFrom": [{"configMapRef": {"name": "whole"}}]}],
            "imagePullSecrets": [{"name": "registry"}],
        }));
        let expected = [
            Source::config_map("key"),
            Source::config_map("projected"),
            Source::config_map("whole"),
            Source::secret("mounted"),
        ];
        assert_eq!(referenced(&spec), expected.into());
    }
}
