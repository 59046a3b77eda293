//! State series: functions that write the exposition text from the stores at scrape time.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

type Collector = Box<dyn Fn(&mut Text) + Send>;

/// All collectors of a process; cheap to clone.
#[derive(Clone, Default)]
pub struct Collectors {
    all: Arc<Mutex<Vec<(&'static str, Collector)>>>,
}

impl Collectors {
    /// Adds a collector, replacing one of that name.
    pub fn add(&self, name: &'static str, collect: impl Fn(&mut Text) + Send + 'static) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(known, _)| *known != name);
        all.push((name, Box::new(collect)));
    }

    /// Everything, in the order it was added.
    pub fn render(&self) -> String {
        let mut text = Text::default();
        for (_, collect) in self.all.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            collect(&mut text);
        }
        text.0
    }
}

impl std::fmt::Debug for Collectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collectors").finish_non_exhaustive()
    }
}

/// Exposition text in Prometheus format 0.0.4.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// What was written so far.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Begins a family of gauges; samples follow.
    pub fn gauge(&mut self, name: &str, help: &str) {
        self.family(name, "gauge", help);
    }

    /// Begins a family of counters; samples follow.
    pub fn counter(&mut self, name: &str, help: &str) {
        self.family(name, "counter", help);
    }

    /// One sample; labels in the order given.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (n, (label, value)) in labels.iter().enumerate() {
            let _ = write!(
                self.0,
                "{}{label}=\"{}\"",
                if n == 0 { '{' } else { ',' },
                escaped(value)
            );
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_families_and_escaped_labels_when_asked() {
        let collectors = Collectors::default();
        collectors.add("certs", |_| panic!("replaced"));
        collectors.add("certs", |text| {
            text.gauge("expiry", "When.");
            text.sample(
                "expiry",
                &[("name", "a\"b\\c\nd"), ("namespace", "ns")],
                1_767_225_600.0,
            );
            text.sample("expiry", &[], 0.5);
        });
        let expected = "# HELP expiry When.\n# TYPE expiry gauge\n\
            expiry{name=\"a\\\"b\\\\c\\nd\",namespace=\"ns\"} 1767225600\nexpiry 0.5\n";
        assert_eq!(collectors.render(), expected);
    }
}
