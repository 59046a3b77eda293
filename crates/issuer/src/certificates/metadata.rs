//! An order-free digest of a set of entries (label, annotation, data key): equal sets have equal sums.
//!
//! It answers "does the Secret carry exactly what we would write?" from 16 bytes per Secret instead of all its metadata.

use std::collections::BTreeMap;

use openssl::sha::Sha256;

/// Sum of the digests of a set of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum(u128);

/// What kind of entry; the same key in two sections is two entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Section {
    /// A label.
    Label = 1,
    /// An annotation.
    Annotation = 2,
    /// A key of `data`; its value does not count.
    Data = 3,
    /// An owner reference.
    Owner = 4,
}

impl Sum {
    /// Adds one entry. Adding it twice makes another set, so callers deduplicate by key.
    pub fn add(&mut self, section: Section, key: &str, value: &str) {
        let mut hash = Sha256::new();
        hash.update(&[section as u8]);
        hash.update(&(key.len() as u64).to_be_bytes());
        hash.update(key.as_bytes());
        hash.update(value.as_bytes());
        let digest = hash.finish();
        let half = digest
            .iter()
            .take(16)
            .fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
        self.0 = self.0.wrapping_add(half);
    }

    /// Adds a map of labels or annotations.
    pub fn add_all(&mut self, section: Section, entries: &BTreeMap<String, String>) {
        for (key, value) in entries {
            self.add(section, key, value);
        }
    }

    /// The union of two disjoint sets.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(entries: &[(Section, &str, &str)]) -> Sum {
        let mut sum = Sum::default();
        for (section, key, value) in entries {
            sum.add(*section, key, value);
        }
        sum
    }

    #[test]
    fn sets_are_equal_when_their_entries_are_whatever_the_order() {
        use Section::{Annotation, Label};
        let base = sum(&[(Label, "a", "1"), (Annotation, "b", "2")]);
        let table = [
            ("other order", sum(&[(Annotation, "b", "2"), (Label, "a", "1")]), true),
            (
                "union",
                sum(&[(Label, "a", "1")]).plus(sum(&[(Annotation, "b", "2")])),
                true,
            ),
            (
                "other section",
                sum(&[(Annotation, "a", "1"), (Label, "b", "2")]),
                false,
            ),
            ("other value", sum(&[(Label, "a", "1"), (Annotation, "b", "3")]), false),
            ("moved border", sum(&[(Label, "a1", ""), (Annotation, "b", "2")]), false),
            ("one less", sum(&[(Label, "a", "1")]), false),
        ];
        for (case, other, equal) in table {
            assert_eq!(base == other, equal, "{case}");
        }
    }
}
