//! The runs that one command asks for.

use anyhow::Result;
use offline_prune::config::OfflineConfig;
use offline_prune::prune::PruneConfig;

use crate::args::offline::OfflineArgs;
use crate::settings::offline as settings;

/// The name of the dense run among criteria.
pub(super) const DENSE: &str = "dense";

/// One run.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Its folder's name.
    pub(super) name: String,
    pub(super) criterion: String,
    pub(super) sparsity: f64,
    pub(super) config: OfflineConfig,
}

/// The runs of the options; a dense one once for each seed.
///
/// # Errors
/// When a setting is outside its range.
pub(super) fn jobs(args: &OfflineArgs, base: &OfflineConfig) -> Result<Vec<Job>> {
    let seeds = match &args.seeds {
        Some(seeds) => seeds.0.clone(),
        None => vec![base.seed],
    };
    let sparsities: Vec<Option<f64>> = match args.sweep.as_slice() {
        [] => vec![args.sparsity],
        sweep => sweep.iter().copied().map(Some).collect(),
    };
    let criteria: Vec<Option<&String>> = match args.criterion.as_slice() {
        [] => vec![None],
        criteria => criteria.iter().map(Some).collect(),
    };
    let mut jobs: Vec<Job> = Vec::new();
    for &seed in &seeds {
        for &sparsity in &sparsities {
            for &criterion in &criteria {
                let pruning = settings::pruned(base, criterion, sparsity)?;
                let job = job(base, seed, pruning);
                job.config.validate()?;
                if jobs.iter().all(|other| other.name != job.name) {
                    jobs.push(job);
                }
            }
        }
    }
    Ok(jobs)
}

pub(super) fn job(base: &OfflineConfig, seed: u64, mut pruning: PruneConfig) -> Job {
    let sparsity = pruning.sparsity;
    if sparsity == 0.0 {
        // Nothing is pruned, whatever would choose.
        pruning = PruneConfig {
            sparsity,
            ..PruneConfig::default()
        };
    }
    let config = OfflineConfig {
        seed,
        pruning: Some(pruning),
        ..base.clone()
    };
    let (criterion, sparsity) = pruned(&config);
    Job {
        name: match sparsity {
            0.0 => format!("{DENSE}-s{seed}"),
            _ => format!("{criterion}-{sparsity}-s{seed}"),
        },
        criterion,
        sparsity,
        config,
    }
}

/// The criterion's name, and the sparsity.
pub(super) fn pruned(config: &OfflineConfig) -> (String, f64) {
    let pruning = config.pruning.as_ref().filter(|p| p.sparsity > 0.0);
    pruning.map_or_else(
        || (DENSE.to_owned(), 0.0),
        |pruning| (pruning.criterion.name().to_owned(), pruning.sparsity),
    )
}
