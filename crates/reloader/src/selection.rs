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
mod tests {
    use super::*;

    const AUTO: &str = "reloader.stakater.com/auto";
    const SECRET_AUTO: &str = "secret.reloader.stakater.com/auto";
    const MAP_AUTO: &str = "configmap.reloader.stakater.com/auto";
    const SECRET: &str = "secret.reloader.stakater.com/reload";
    const MAP: &str = "configmap.reloader.stakater.com/reload";
    const SEARCH: &str = "reloader.stakater.com/search";
    const EXCLUDE: &str = "secrets.exclude.reloader.stakater.com/reload";
    const MAP_EXCLUDE: &str = "configmaps.exclude.reloader.stakater.com/reload";
    const NONE: Marks = Marks {
        ignore: false,
        matches: false,
    };
    const MATCH: Marks = Marks {
        ignore: false,
        matches: true,
    };
    const IGNORE: Marks = Marks {
        ignore: true,
        matches: true,
    };

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    /// Verdict on Secret `tls`.
    fn verdict(own: Pairs, template: Pairs, marks: Marks, all: bool) -> Option<Mode> {
        let map = |pairs: Pairs| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let rules = Rules {
            auto_reload_all: all,
            ..Rules::default()
        };
        Wishes::read(&rules, &map(own), &map(template), SourceKind::Secret).verdict("tls", marks)
    }

    #[test]
    fn workload_is_selected_in_upstreams_order() {
        use Mode::{Automatic, Named};
        let table: &[(&str, Pairs, Pairs, Marks, Option<Mode>)] = &[
            ("nothing", &[], &[], NONE, None),
            ("1 ignore beats a named reload", &[(SECRET, "tls")], &[], IGNORE, None),
            ("1 ignore beats search", &[(SEARCH, "true")], &[], IGNORE, None),
            (
                "2 template if metadata has none of the four",
                &[],
                &[(SECRET, "tls")],
                NONE,
                Some(Named),
            ),
            ("2 auto on the template", &[], &[(AUTO, "true")], NONE, Some(Automatic)),
            (
                "2 search on the template",
                &[],
                &[(SEARCH, "true")],
                MATCH,
                Some(Automatic),
            ),
            (
                "2 presence counts, not the value",
                &[(AUTO, "")],
                &[(SECRET, "tls")],
                NONE,
                None,
            ),
            (
                "2 auto false on metadata blocks the template",
                &[(AUTO, "false")],
                &[(AUTO, "true")],
                NONE,
                None,
            ),
            (
                "2 never merged",
                &[(SECRET, "other")],
                &[(SECRET, "tls"), (AUTO, "true")],
                NONE,
                None,
            ),
            (
                "2 a key of the other kind does not block",
                &[(MAP, "x")],
                &[(SECRET, "tls")],
                NONE,
                Some(Named),
            ),
            (
                "2 typed auto of the other kind does not block",
                &[(MAP_AUTO, "true")],
                &[(SECRET, "tls")],
                NONE,
                Some(Named),
            ),
            (
                "3 exclude beats named",
                &[(SECRET, "tls"), (EXCLUDE, "a, tls")],
                &[],
                NONE,
                None,
            ),
            (
                "3 exclude beats auto",
                &[(AUTO, "true"), (EXCLUDE, "tls")],
                &[],
                NONE,
                None,
            ),
            (
                "3 exclude on metadata holds for the template too",
                &[(EXCLUDE, "tls")],
                &[(AUTO, "true")],
                NONE,
                None,
            ),
            (
                "3 exclude on the template is not read",
                &[],
                &[(AUTO, "true"), (EXCLUDE, "tls")],
                NONE,
                Some(Automatic),
            ),
            (
                "3 exclude knows no patterns",
                &[(AUTO, "true"), (EXCLUDE, "t.*")],
                &[],
                NONE,
                Some(Automatic),
            ),
            (
                "3 exclude of the other kind",
                &[(AUTO, "true"), (MAP_EXCLUDE, "tls")],
                &[],
                NONE,
                Some(Automatic),
            ),
            ("4 named", &[(SECRET, "a,tls")], &[], NONE, Some(Named)),
            ("4 named by pattern", &[(SECRET, "t.s")], &[], NONE, Some(Named)),
            (
                "4 named beats auto",
                &[(SECRET, "tls"), (AUTO, "true")],
                &[],
                NONE,
                Some(Named),
            ),
            (
                "4 named reloads although auto is false",
                &[(SECRET, "tls"), (AUTO, "false")],
                &[],
                NONE,
                Some(Named),
            ),
            (
                "4 no match falls through to auto",
                &[(SECRET, "x"), (AUTO, "true")],
                &[],
                NONE,
                Some(Automatic),
            ),
            ("4 list of the other kind", &[(MAP, "tls")], &[], NONE, None),
            ("5 search and match", &[(SEARCH, "true")], &[], MATCH, Some(Automatic)),
            ("5 search without match", &[(SEARCH, "true")], &[], NONE, None),
            ("5 match without search", &[(SECRET, "x")], &[], MATCH, None),
            ("5 search must be exactly true", &[(SEARCH, "True")], &[], MATCH, None),
            (
                "5 search although auto is false",
                &[(SEARCH, "true"), (AUTO, "false")],
                &[],
                MATCH,
                Some(Automatic),
            ),
            ("6 auto", &[(AUTO, "T")], &[], NONE, Some(Automatic)),
            ("6 typed auto", &[(SECRET_AUTO, "1")], &[], NONE, Some(Automatic)),
            (
                "6 typed auto although auto is false",
                &[(SECRET_AUTO, "true"), (AUTO, "false")],
                &[],
                NONE,
                Some(Automatic),
            ),
            ("6 typed auto of the other kind", &[(MAP_AUTO, "true")], &[], NONE, None),
            ("6 auto that is no boolean", &[(AUTO, "yes")], &[], NONE, None),
        ];
        for (case, own, template, marks, expected) in table {
            assert_eq!(verdict(own, template, *marks, false), *expected, "{case}");
        }
    }

    #[test]
    fn auto_reload_all_reloads_whoever_did_not_opt_out() {
        use Mode::{Automatic, Named};
        let table: &[(&str, Pairs, Pairs, Marks, Option<Mode>)] = &[
            ("no annotation", &[], &[], NONE, Some(Automatic)),
            ("auto false opts out", &[(AUTO, "false")], &[], NONE, None),
            (
                "auto false on the template opts out",
                &[],
                &[(AUTO, "false")],
                NONE,
                None,
            ),
            ("auto that is no boolean opts out", &[(AUTO, "yes")], &[], NONE, None),
            ("typed false opts out", &[(SECRET_AUTO, "false")], &[], NONE, None),
            (
                "typed false of the other kind does not",
                &[(MAP_AUTO, "false")],
                &[],
                NONE,
                Some(Automatic),
            ),
            ("empty auto does not", &[(AUTO, "")], &[], NONE, Some(Automatic)),
            ("search does not", &[(SEARCH, "true")], &[], NONE, Some(Automatic)),
            (
                "a list that does not match does not",
                &[(SECRET, "x")],
                &[],
                NONE,
                Some(Automatic),
            ),
            ("named stays named", &[(SECRET, "tls")], &[], NONE, Some(Named)),
            ("ignore", &[], &[], IGNORE, None),
            ("exclude", &[(EXCLUDE, "tls")], &[], NONE, None),
        ];
        for (case, own, template, marks, expected) in table {
            assert_eq!(verdict(own, template, *marks, true), *expected, "{case}");
        }
    }

    #[test]
    fn unusable_annotations_are_named() {
        let own = [(SECRET, "ok,(x"), (AUTO, "yes"), (SECRET_AUTO, "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let wishes = Wishes::read(&Rules::default(), &own.into(), &BTreeMap::new(), SourceKind::Secret);
        assert_eq!(
            wishes.invalid,
            [Invalid::pattern(SECRET, "(x"), Invalid::boolean(AUTO, "yes")]
        );
    }
}
