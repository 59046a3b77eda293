//! What concerns one workload, read into an [`Observed`]. Decides nothing, writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use evercert_core::apply::WriteError;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::contents::{Contents, Version};
use crate::decide::{Observation, Observed};
use crate::envvar;
use crate::references::referenced;
use crate::selection::{Invalid, Marks, Mode, Rules, Wishes};
use crate::source::{Source, SourceKind};
use crate::workloads::View;

/// How many sources of one workload are read at a time.
const READS_AT_ONCE: usize = 8;

/// A source as its metadata watch knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Which state of which object.
    pub version: Version,
    /// What it says about itself.
    pub marks: Marks,
}

/// Where sources are looked up: the metadata stores, or a table in tests.
pub trait Catalogue {
    /// A source that exists.
    fn find(&self, namespace: &str, source: &Source) -> Option<Known>;
    /// Names of all sources of a kind in a namespace.
    fn names(&self, namespace: &str, kind: SourceKind) -> Vec<String>;
    /// Kinds that are watched at all.
    fn kinds(&self) -> Vec<SourceKind>;
}

/// Sources that concern a workload, and what of its annotations cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selected {
    /// By source; `None` where it does not exist (yet).
    pub sources: BTreeMap<Source, Option<Known>>,
    /// Unusable annotations.
    pub invalid: Vec<Invalid>,
}

/// Selects by annotations and pod spec.
pub fn select(workload: &View<'_>, rules: &Rules, catalogue: &impl Catalogue) -> Selected {
    let referenced = referenced(workload.pod);
    let mut selected = Selected::default();
    for kind in catalogue.kinds() {
        let wishes = Wishes::read(rules, workload.annotations(), workload.template_annotations, kind);
        for source in candidates(workload, &wishes, kind, &referenced, catalogue) {
            let known = catalogue.find(workload.namespace(), &source);
            // One that is gone counts as if it were still marked, so that what is remembered of it is kept.
            let marks = known.as_ref().map_or(
                Marks {
                    ignore: false,
                    matches: true,
                },
                |known| known.marks,
            );
            let counts = match wishes.verdict(&source.name, marks) {
                Some(Mode::Named) => true,
                Some(Mode::Automatic) => referenced.contains(&source),
                None => false,
            };
            if counts {
                selected.sources.insert(source, known);
            }
        }
        selected.invalid.extend(wishes.invalid);
    }
    selected.invalid.sort();
    selected.invalid.dedup();
    selected
}

fn candidates(
    workload: &View<'_>,
    wishes: &Wishes,
    kind: SourceKind,
    referenced: &BTreeSet<Source>,
    catalogue: &impl Catalogue,
) -> BTreeSet<Source> {
    let literal = wishes.literal_sources(kind);
    let used = referenced
        .iter()
        .filter(|source| wishes.follows_references() && source.kind == kind)
        .cloned();
    let all = if wishes.named.patterns.is_empty() {
        vec![]
    } else {
        catalogue.names(workload.namespace(), kind)
    };
    let by_pattern = all
        .into_iter()
        .filter(|name| wishes.named.matches(name))
        .map(|name| Source { kind, name });
    literal.chain(used).chain(by_pattern).collect()
}

/// Reads the content of the selected sources and what the workload knows of them.
pub async fn gather(
    workload: &View<'_>,
    selected: Selected,
    contents: &Contents,
    now: Timestamp,
) -> Result<Observed, WriteError> {
    let seen = workload.seen();
    let shared = shared_variables(selected.sources.keys());
    let observations = stream::iter(selected.sources).map(|(source, known)| {
        let variable = envvar::name(&source);
        let in_template = if shared.contains(&variable) {
            BTreeSet::new()
        } else {
            envvar::values(workload.pod, &variable)
        };
        let remembered = seen.get(&source).cloned();
        async move {
            let now = match known {
                Some(known) => contents.get(workload.namespace(), &source, &known.version, now).await?,
                None => None,
            };
            Ok((
                source,
                Observation {
                    now,
                    in_template,
                    remembered,
                },
            ))
        }
    });
    let sources = observations.buffer_unordered(READS_AT_ONCE).try_collect().await?;
    Ok(Observed {
        sources,
        invalid: selected.invalid,
    })
}

/// Variables that more than one source would set; they say nothing about any of them.
fn shared_variables<'a>(sources: impl Iterator<Item = &'a Source>) -> BTreeSet<String> {
    let mut met = BTreeSet::new();
    sources
        .map(envvar::name)
        .filter(|name| !met.insert(name.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::Workload;
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::json;

    /// Secrets of the namespace, by name.
    struct Table(&'static [(&'static str, Marks)]);

    const PLAIN: Marks = Marks {
        ignore: false,
        matches: false,
    };
    const MATCH: Marks = Marks {
        ignore: false,
        matches: true,
    };
    const IGNORE: Marks = Marks {
        ignore: true,
        matches: false,
    };

    impl Catalogue for Table {
        fn find(&self, _: &str, source: &Source) -> Option<Known> {
            let (name, marks) = self.0.iter().find(|(name, _)| *name == source.name)?;
            Some(Known {
                version: Version {
                    uid: (*name).into(),
                    resource_version: "1".into(),
                },
                marks: *marks,
            })
        }
        fn names(&self, _: &str, _: SourceKind) -> Vec<String> {
            self.0.iter().map(|(name, _)| (*name).to_owned()).collect()
        }
        fn kinds(&self) -> Vec<SourceKind> {
            vec![SourceKind::Secret]
        }
    }

    #[test]
    fn selection_joins_annotations_pod_spec_and_what_exists() {
        const SECRETS: Table = Table(&[
            ("used", PLAIN),
            ("marked", MATCH),
            ("shy", IGNORE),
            ("app-1", PLAIN),
            ("app-2", PLAIN),
        ]);
        type Row = (&'static str, serde_json::Value, &'static [(&'static str, bool)]);
        let table: &[Row] = &[
            ("no annotation", json!({}), &[]),
            (
                "auto follows references, existing or not",
                json!({"reloader.stakater.com/auto": "true"}),
                &[("gone", false), ("marked", true), ("used", true)],
            ),
            (
                "search wants the mark, or absence",
                json!({"reloader.stakater.com/search": "true"}),
                &[("gone", false), ("marked", true)],
            ),
            (
                "named needs no reference",
                json!({"secret.reloader.stakater.com/reload": "app-1,later"}),
                &[("app-1", true), ("later", false)],
            ),
            (
                "pattern finds what exists",
                json!({"secret.reloader.stakater.com/reload": "app-.*"}),
                &[("app-1", true), ("app-2", true)],
            ),
            (
                "ignored source",
                json!({"secret.reloader.stakater.com/reload": "shy,used"}),
                &[("used", true)],
            ),
            (
                "the other kind",
                json!({"configmap.reloader.stakater.com/auto": "true"}),
                &[],
            ),
        ];
        for (case, annotations, expected) in table {
            let reading = |name| json!({"secretRef": {"name": name}});
            let env = ["used", "marked", "shy", "gone"].map(reading);
            let app: Deployment = serde_json::from_value(json!({
                "metadata": {"name": "app", "namespace": "ns", "annotations": annotations},
                "spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "c", "envFrom": env}]}}},
            }))
            .unwrap();
            let selected = select(&app.view().unwrap(), &Rules::default(), &SECRETS);
            let found: Vec<_> = selected
                .sources
                .iter()
                .map(|(source, known)| (source.name.as_str(), known.is_some()))
                .collect();
            assert_eq!(found, *expected, "{case}");
        }
    }

    #[test]
    fn variables_of_two_sources_are_told() {
        let sources = [
            Source::secret("a.b"),
            Source::secret("a-b"),
            Source::config_map("a-b"),
            Source::secret("c"),
        ];
        assert_eq!(
            shared_variables(sources.iter()),
            ["STAKATER_A_B_SECRET".to_owned()].into()
        );
    }
}
