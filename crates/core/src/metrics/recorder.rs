//! The process-wide recorder behind the `metrics` macros, and the text of one scrape.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::collectors::{Collectors, Text};
use super::process;

/// Upstream's quantiles of its summaries.
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];

/// Renders what was counted so far.
#[derive(Debug, Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Metrics could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("install the metrics recorder")]
pub struct MetricsError(#[source] metrics_exporter_prometheus::BuildError);

/// Installs the recorder; a second call returns the first one's. Histograms are summaries with upstream's quantiles.
///
/// # Errors
/// If another library has installed a recorder.
pub fn install() -> Result<Metrics, MetricsError> {
    static INSTALLED: OnceLock<Metrics> = OnceLock::new();
    if let Some(metrics) = INSTALLED.get() {
        return Ok(metrics.clone());
    }
    let builder = PrometheusBuilder::new()
        .set_quantiles(&QUANTILES)
        .map_err(MetricsError)?;
    let handle = builder.install_recorder().map_err(MetricsError)?;
    Ok(INSTALLED.get_or_init(|| Metrics { handle }).clone())
}

impl Metrics {
    /// One scrape: counted series, state series, process series.
    pub fn render(&self, collectors: &Collectors) -> String {
        let mut text = Text::default();
        process::collect(&mut text);
        // The recorder ends each family with an empty line, which the format allows.
        self.handle.render() + &collectors.render() + text.as_str()
    }

    /// Folds histogram samples; to be called every few seconds so that unread samples do not pile up.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}
