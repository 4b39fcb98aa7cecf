//! Whether a run fits into this machine's memory: one that cannot would be ended by the system without a word.

use anyhow::{Result, bail};
use burn::tensor::Device;
use offline_prune::algos;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use rl_algos::algos::parts::Rows;

use crate::room::{machine, said};

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
    match machine() {
        Some(there) => fits(algos::bytes(config, &rows), there),
        None => Ok(()),
    }
}

fn fits(bytes: u64, there: u64) -> Result<()> {
    if bytes <= there {
        return Ok(());
    }
    bail!(
        "the run takes {} or more beside its dataset; this machine has {} of memory; lower networks.actor, \
         networks.critic, learning.batch_size or prune_batches",
        said(bytes),
        said(there)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_fit_is_refused_with_its_bytes() {
        let there = 24_576_000_000;
        assert!(fits(there, there).is_ok());
        let error = fits(100_000_000_000, there).unwrap_err().to_string();
        let said = "takes 100 GB or more beside its dataset; this machine has 25 GB";
        assert!(error.contains(said), "{error}");
    }
}
