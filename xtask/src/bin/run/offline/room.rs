//! Whether a run fits into this machine's memory: one that cannot would be ended by the system without a word.

use std::fs;

use anyhow::{Result, bail};
use burn::tensor::Device;
use offline_prune::algos;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use rl_algos::algos::parts::Rows;

/// Refuses a run that takes more memory than there is. Where the system does not say how much there is, all pass.
///
/// # Errors
/// With the bytes of both.
pub(super) fn check(config: &OfflineConfig, dataset: &Dataset) -> Result<()> {
    let rows = Rows {
        observation: dataset.observation_size(),
        action: dataset.action_size(),
        device: Device::default(),
    };
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    match total(&text) {
        Some(there) => fits(algos::bytes(config, &rows), there),
        None => Ok(()),
    }
}

fn fits(bytes: u64, there: u64) -> Result<()> {
    if bytes <= there {
        return Ok(());
    }
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    bail!(
        "the run takes {:.1} GB or more beside its dataset; this machine has {:.1} GB of memory; lower networks.actor, \
         networks.critic, learning.batch_size or prune_batches",
        gigabytes(bytes),
        gigabytes(there)
    )
}

/// The machine's memory, by `/proc/meminfo`.
fn total(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_fit_is_refused_with_its_bytes() {
        let there = total("MemTotal:       24000000 kB\nMemFree:  5 kB\n").unwrap();
        assert_eq!(there, 24_576_000_000);
        assert!(fits(there, there).is_ok());
        let error = fits(100_000_000_000, there).unwrap_err().to_string();
        let said = "takes 100.0 GB or more beside its dataset; this machine has 24.6 GB";
        assert!(error.contains(said), "{error}");
    }
}
