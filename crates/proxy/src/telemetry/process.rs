//! The process as its kernel sees it, under the names every Prometheus client uses.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::time::{SystemTime, UNIX_EPOCH};

/// Registered beside ours, and so with our prefix.
#[derive(Debug)]
struct Process {
    /// Seconds since 1970.
    started: i64,
}

pub(super) fn register(registry: &mut Registry) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let started = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    registry.register_collector(Box::new(Process { started }));
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let values = [
            (
                "process_start_time_seconds",
                "When this proxy started",
                Some(self.started),
            ),
            (
                "process_resident_memory_bytes",
                "Memory in use",
                resident_bytes(),
            ),
            ("process_open_fds", "File descriptors in use", open_files()),
        ];
        for (name, help, value) in values {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

/// Where there is no `/proc`, the value is left out.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

fn open_files() -> Option<i64> {
    i64::try_from(std::fs::read_dir("/proc/self/fd").ok()?.count()).ok()
}
