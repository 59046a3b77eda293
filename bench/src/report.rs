//! The figures: what was measured, its budget, the table and the JSON. Pure but for writing the file.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

/// What a figure must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// Informative only.
    None,
    AtLeast(f64),
    AtMost(f64),
}

/// One measured figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub budget: Budget,
}

/// All figures of a run, in the order they were measured, by section (`issuer`, `cert_utils`, `reloader`).
#[derive(Debug, Default)]
pub struct Report {
    sections: Vec<(String, Vec<Figure>)>,
}

impl Report {
    /// Adds a figure to a section; a later one of the same name replaces it.
    pub fn add(&mut self, section: &str, name: &str, value: f64, budget: Budget) {
        let figure = Figure {
            name: name.to_owned(),
            value,
            budget,
        };
        eprintln!("    {}", line(&figure));
        if !self.sections.iter().any(|(known, _)| known == section) {
            self.sections.push((section.to_owned(), Vec::new()));
        }
        if let Some((_, figures)) = self.sections.iter_mut().find(|(known, _)| known == section) {
            figures.retain(|known| known.name != figure.name);
            figures.push(figure);
        }
    }

    /// The value of a figure measured before.
    pub fn get(&self, section: &str, name: &str) -> Option<f64> {
        let (_, figures) = self.sections.iter().find(|(known, _)| known == section)?;
        figures
            .iter()
            .find(|figure| figure.name == name)
            .map(|figure| figure.value)
    }

    /// The table that a person reads.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for (section, figures) in &self.sections {
            let _ = writeln!(text, "\n{section}");
            for figure in figures {
                let _ = writeln!(text, "  {}", line(figure));
            }
        }
        text
    }

    /// `{"issuer": {"certs_per_s": …}, …}`.
    pub fn json(&self) -> Value {
        let section = |figures: &[Figure]| {
            Value::Object(
                figures
                    .iter()
                    .map(|f| (f.name.clone(), Value::from(rounded(f.value))))
                    .collect(),
            )
        };
        Value::Object(
            self.sections
                .iter()
                .map(|(name, figures)| (name.clone(), section(figures)))
                .collect::<Map<_, _>>(),
        )
    }

    /// Writes the JSON, making its folder.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        }
        let text = serde_json::to_string_pretty(&self.json())?;
        std::fs::write(path, text + "\n").with_context(|| format!("write {}", path.display()))
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn line(figure: &Figure) -> String {
    let value = rounded(figure.value);
    let (wanted, met) = match figure.budget {
        Budget::None => return format!("{:<34}{value:>10}", figure.name),
        Budget::AtLeast(min) => (format!("≥ {min}"), value >= min),
        Budget::AtMost(max) => (format!("≤ {max}"), value <= max),
    };
    format!(
        "{:<34}{value:>10}   {wanted:<10} {}",
        figure.name,
        if met { "met" } else { "MISSED" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_which_budget_was_missed() {
        let mut report = Report::default();
        report.add("issuer", "certs_per_s", 80.123, Budget::AtLeast(75.0));
        report.add("issuer", "writes_per_issuance", 4.5, Budget::AtMost(4.0));
        assert_eq!(
            report.json(),
            serde_json::json!({"issuer": {"certs_per_s": 80.12, "writes_per_issuance": 4.5}})
        );
        let table = report.table();
        assert!(table.contains("met") && table.contains("MISSED"), "{table}");
    }
}
