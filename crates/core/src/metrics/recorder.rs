//! The process-wide recorder behind the `metrics` macros, and the text of one scrape.

use std::sync::{Mutex, OnceLock, PoisonError};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

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
    install_with(&[])
}

/// As [`install`], with the metrics that are histograms and the upper bounds of their buckets. To be called in main,
/// before anything else installs the recorder.
///
/// # Errors
/// If another library has installed a recorder, or a list of bounds is empty.
pub fn install_with(histograms: &[(&str, &[f64])]) -> Result<Metrics, MetricsError> {
    static INSTALLED: OnceLock<Metrics> = OnceLock::new();
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(metrics) = INSTALLED.get() {
        return Ok(metrics.clone());
    }
    let handle = recorder(histograms)?.install_recorder().map_err(MetricsError)?;
    Ok(INSTALLED.get_or_init(|| Metrics { handle }).clone())
}

fn recorder(histograms: &[(&str, &[f64])]) -> Result<PrometheusBuilder, MetricsError> {
    let builder = PrometheusBuilder::new()
        .set_quantiles(&QUANTILES)
        .map_err(MetricsError)?;
    histograms.iter().try_fold(builder, |builder, (name, bounds)| {
        builder
            .set_buckets_for_metric(Matcher::Full((*name).to_owned()), bounds)
            .map_err(MetricsError)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_exactly_as_given_and_types_are_upstreams() {
        let recorder = recorder(&[("reload_seconds", &[0.1, 1.0])]).unwrap().build_recorder();
        let metrics = Metrics {
            handle: recorder.handle(),
        };
        ::metrics::with_local_recorder(&recorder, || {
            ::metrics::counter!("certmanager_controller_sync_call_count", "controller" => "c").increment(2);
            ::metrics::histogram!("reload_seconds").record(0.5);
            ::metrics::histogram!("request_seconds").record(0.5);
        });
        let text = metrics.render(&Collectors::default());
        for line in [
            "# TYPE certmanager_controller_sync_call_count counter",
            "certmanager_controller_sync_call_count{controller=\"c\"} 2",
            "# TYPE reload_seconds histogram",
            "reload_seconds_bucket{le=\"0.1\"} 0",
            "reload_seconds_bucket{le=\"1\"} 1",
            "# TYPE request_seconds summary",
            "request_seconds_count 1",
            "# TYPE process_resident_memory_bytes gauge",
            "# TYPE process_cpu_seconds_total counter",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} is missing in\n{text}");
        }
    }
}
