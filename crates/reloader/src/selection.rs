//! Whether a change of one source concerns one workload: upstream's decision order (reloader.md 1.2) as a pure function.
//!
//! Rows 0 (ignored workload types) and the pod spec test of `Mode::Automatic` belong to the caller: this module knows
//! annotations only.

use std::collections::BTreeMap;

use crate::annotations::{Keys, NamedList, lists_exactly, parse_go_bool, value};
use crate::source::{Source, SourceKind};

/// What flags say about the selection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Annotation keys.
    pub keys: Keys,
    /// `--auto-reload-all`: workloads without an own word take part automatically.
    pub auto_reload_all: bool,
}

/// What a source says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// Its `ignore` annotation is `true`.
    pub ignore: bool,
    /// Its `match` annotation is `true`.
    pub matches: bool,
}

impl Marks {
    /// Reads the annotations of a source; only the exact text `true` counts.
    pub fn read(keys: &Keys, annotations: &BTreeMap<String, String>) -> Self {
        Self {
            ignore: value(annotations, &keys.ignore) == "true",
            matches: value(annotations, &keys.matches) == "true",
        }
    }
}

/// How a source was selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By name or pattern: counts even if the pod spec does not reference it.
    Named,
    /// By auto or search: counts only if the pod spec references it.
    Automatic,
}

/// Everything that a workload's annotations wish for one kind of source, read once for all sources of that kind.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// The named list.
    pub named: NamedList,
    /// Key and text of annotations that cannot be used, for the user to repair.
    pub invalid: Vec<Invalid>,
    exclude: String,
    search: bool,
    automatic: bool,
}

/// Part of an annotation that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Invalid {
    /// The annotation's key.
    pub key: String,
    /// The piece of its value.
    pub piece: String,
    /// What is wrong with it, and what was done instead.
    pub problem: &'static str,
}

impl Wishes {
    /// Reads the annotations of a workload's metadata and of its pod template.
    ///
    /// If the metadata has none of the four keys of this kind, all four are read from the template; never a mixture. The
    /// exclude list is read from the metadata only.
    pub fn read(
        rules: &Rules,
        own: &BTreeMap<String, String>,
        template: &BTreeMap<String, String>,
        kind: SourceKind,
    ) -> Self {
        let keys = &rules.keys;
        let four = [keys.named(kind), &keys.auto, keys.typed_auto(kind), &keys.search];
        let source = if four.iter().any(|key| own.contains_key(*key)) {
            own
        } else {
            template
        };
        let named = NamedList::parse(value(source, keys.named(kind)));
        let auto = value(source, &keys.auto);
        let typed = value(source, keys.typed_auto(kind));
        let wanted = |text: &str| parse_go_bool(text) == Some(true);
        let unspoken = auto.is_empty() && typed.is_empty();
        let invalid_patterns = named
            .invalid
            .iter()
            .map(|piece| Invalid::pattern(keys.named(kind), piece));
        let bools = [(keys.auto.as_str(), auto), (keys.typed_auto(kind), typed)];
        let bad_bools = bools
            .into_iter()
            .filter(|(_, text)| !text.is_empty() && parse_go_bool(text).is_none());
        Self {
            invalid: invalid_patterns
                .chain(bad_bools.map(|(key, text)| Invalid::boolean(key, text)))
                .collect(),
            exclude: value(own, Keys::exclude(kind)).to_owned(),
            search: value(source, &keys.search) == "true",
            automatic: wanted(auto) || wanted(typed) || (unspoken && rules.auto_reload_all),
            named,
        }
    }

    /// Whether a change of this source concerns the workload. The first row of the order that gives a result ends it.
    pub fn verdict(&self, name: &str, marks: Marks) -> Option<Mode> {
        if marks.ignore || lists_exactly(&self.exclude, name) {
            None
        } else if self.named.matches(name) {
            Some(Mode::Named)
        } else if (self.search && marks.matches) || self.automatic {
            Some(Mode::Automatic)
        } else {
            None
        }
    }

    /// Whether references of the pod spec may count.
    pub fn follows_references(&self) -> bool {
        self.search || self.automatic
    }

    /// Names that the list holds literally, as sources.
    pub fn literal_sources(&self, kind: SourceKind) -> impl Iterator<Item = Source> {
        self.named.literals.iter().map(move |name| Source {
            kind,
            name: name.clone(),
        })
    }
}

impl Invalid {
    fn pattern(key: &str, piece: &str) -> Self {
        let problem = "is not a valid regular expression and is skipped";
        Self {
            key: key.to_owned(),
            piece: piece.to_owned(),
            problem,
        }
    }

    fn boolean(key: &str, piece: &str) -> Self {
        let problem = "is not a boolean (use true or false) and does not count as true";
        Self {
            key: key.to_owned(),
            piece: piece.to_owned(),
            problem,
        }
    }
}

#[cfg(test)]
#[path = "selection_tests.rs"]
mod tests;
