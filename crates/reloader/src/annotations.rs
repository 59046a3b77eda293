//! How annotations are read: which keys, how their booleans and lists are parsed. No decision is taken here.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};

use crate::names::keys;
use crate::source::SourceKind;

/// The keys that flags may rename; the default values are upstream's (reloader.md 1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Reload for every source that the pod spec references.
    pub auto: String,
    /// The same, ConfigMaps only.
    pub configmap_auto: String,
    /// The same, Secrets only.
    pub secret_auto: String,
    /// List of ConfigMap names or patterns.
    pub configmap: String,
    /// List of Secret names or patterns.
    pub secret: String,
    /// Reload for referenced sources that carry `matches`.
    pub search: String,
    /// On a source: it takes part in `search`.
    pub matches: String,
    /// On a source: it never restarts anything.
    pub ignore: String,
}

impl Default for Keys {
    fn default() -> Self {
        let key = |text: &str| text.to_owned();
        Self {
            auto: key("reloader.stakater.com/auto"),
            configmap_auto: key("configmap.reloader.stakater.com/auto"),
            secret_auto: key("secret.reloader.stakater.com/auto"),
            configmap: key("configmap.reloader.stakater.com/reload"),
            secret: key("secret.reloader.stakater.com/reload"),
            search: key("reloader.stakater.com/search"),
            matches: key("reloader.stakater.com/match"),
            ignore: key("reloader.stakater.com/ignore"),
        }
    }
}

impl Keys {
    /// Key of the list of names for this kind of source.
    pub fn named(&self, kind: SourceKind) -> &str {
        match kind {
            SourceKind::ConfigMap => &self.configmap,
            SourceKind::Secret => &self.secret,
        }
    }

    /// Key of the automatic mode limited to this kind of source.
    pub fn typed_auto(&self, kind: SourceKind) -> &str {
        match kind {
            SourceKind::ConfigMap => &self.configmap_auto,
            SourceKind::Secret => &self.secret_auto,
        }
    }

    /// Key of the exclude list for this kind of source.
    pub fn exclude(kind: SourceKind) -> &'static str {
        match kind {
            SourceKind::ConfigMap => keys::CONFIGMAP_EXCLUDE,
            SourceKind::Secret => keys::SECRET_EXCLUDE,
        }
    }
}

/// Go's `strconv.ParseBool`; `None` for anything else.
pub fn parse_go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Value of a key, empty where it is absent: upstream does not tell the two apart except in the choice of the source.
pub fn value<'a>(annotations: &'a BTreeMap<String, String>, key: &str) -> &'a str {
    annotations.get(key).map_or("", String::as_str)
}

/// Whether a name stands, trimmed, in a comma-separated list without patterns.
pub fn lists_exactly(list: &str, name: &str) -> bool {
    list.split(',').any(|piece| piece.trim() == name)
}

/// A list of names and patterns as in `secret.reloader.stakater.com/reload`.
///
/// Split at commas, each piece trimmed and compiled as `^piece$` without grouping, as upstream: `a|b` is `^a|b$`, a `.` in
/// a plain name matches any character, `foo-*` is an expression and no glob. A piece that does not compile is skipped.
#[derive(Debug, Clone, Default)]
pub struct NamedList {
    /// Pieces that can match nothing but themselves.
    pub literals: Vec<String>,
    /// The others.
    pub patterns: Vec<Regex>,
    /// Pieces that are no valid expression, for the user to repair.
    pub invalid: Vec<String>,
}

impl NamedList {
    /// Reads a list; never fails, see `invalid`.
    pub fn parse(list: &str) -> Self {
        let mut parsed = Self::default();
        for piece in list.split(',').map(str::trim).filter(|piece| !piece.is_empty()) {
            if piece
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            {
                parsed.literals.push(piece.to_owned());
            } else if let Some(pattern) = compile(piece) {
                parsed.patterns.push(pattern);
            } else {
                parsed.invalid.push(piece.to_owned());
            }
        }
        parsed
    }

    /// Whether any piece matches this name.
    pub fn matches(&self, name: &str) -> bool {
        self.literals.iter().any(|l| l == name) || self.patterns.iter().any(|p| p.is_match(name.as_bytes()))
    }
}

/// Go's RE2 classes are ASCII (`\d`, `\w`), so Unicode is off; names are ASCII. Only `\p{…}` needs it.
fn compile(piece: &str) -> Option<Regex> {
    const SIZE_LIMIT: usize = 1 << 20;
    let build = |unicode| {
        RegexBuilder::new(&format!("^{piece}$"))
            .unicode(unicode)
            .size_limit(SIZE_LIMIT)
            .build()
    };
    build(false).or_else(|_| build(true)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_gos() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(parse_go_bool(text), Some(true), "{text}");
        }
        for text in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(parse_go_bool(text), Some(false), "{text}");
        }
        for text in ["", "yes", "tRUE", " true", "on", "2"] {
            assert_eq!(parse_go_bool(text), None, "{text}");
        }
    }

    #[test]
    fn named_lists_match_as_upstreams() {
        let table = [
            ("tls", "tls", true),
            ("tls", "tls-2", false),
            (" a , tls ,b", "tls", true),
            ("", "tls", false),
            (",,", "tls", false),
            ("foo-*", "foo-bar", false), // an expression, no glob
            ("foo-*", "foo", true),
            ("foo-.*", "foo-bar", true),
            ("app.conf", "appxconf", true), // the dot of a plain name matches anything
            ("a|b", "ax", true),            // ^a|b$: anchored only partly
            ("a|b", "xb", true),
            ("a|b", "xay", false),
            ("a{1,3}", "aa", false), // the comma cuts the quantifier
            (r"v\d+", "v12", true),
            (r"\p{Ll}+", "abc", true),
            ("(tls", "tls", false), // invalid: skipped
            ("(tls,tls", "tls", true),
            ("(?i)TLS", "tls", true),
        ];
        for (list, name, expected) in table {
            assert_eq!(NamedList::parse(list).matches(name), expected, "{list:?} on {name:?}");
        }
    }

    #[test]
    fn invalid_pieces_are_told_apart_and_do_not_hide_the_others() {
        let list = NamedList::parse("ok, [a-, b.*, (x");
        assert_eq!(list.literals, ["ok"]);
        assert_eq!(list.invalid, ["[a-", "(x"]);
        assert_eq!(list.patterns.len(), 1);
    }

    #[test]
    fn exclude_lists_hold_exact_names() {
        assert!(lists_exactly("a, b ,c", "b"));
        assert!(!lists_exactly("b.*", "b1"));
        assert!(!lists_exactly("", "b"));
    }
}
