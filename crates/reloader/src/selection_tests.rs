//! The decision order of reloader.md 1.2, row by row.

#![allow(clippy::too_many_lines, reason = "tables")]

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
