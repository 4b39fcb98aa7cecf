//! Trained policies on disk, whatever they learned from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use offline_prune::config::OfflineConfig;
use rl_algos::run_dir::{Checkpoint, RunDir};

use crate::offline::folder::{CONFIG, POLICY};
use crate::places;
use crate::table::thousands;

/// A policy's file, and what is known of it.
pub(crate) struct Trained {
    pub(crate) env: String,
    /// What it is called beside others.
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) weights: PathBuf,
    /// When it was written, for people.
    pub(crate) when: String,
}

/// The policy of a run in a task, its last or its best, or of a run on a dataset, which has one.
///
/// # Errors
/// When the folder holds neither, or its files cannot be read.
pub(crate) fn of_run(run: &Path, best: bool) -> Result<Trained> {
    places::run(run)?;
    let weights = run.join(POLICY);
    if weights.exists() {
        let file = run.join(CONFIG);
        let place = || file.display().to_string();
        let text = fs::read_to_string(&file).with_context(place)?;
        let config = OfflineConfig::from_toml(&text).with_context(place)?;
        if config.task().is_none() {
            bail!(
                "{} learned from data of no task; there is none to act in",
                run.display()
            );
        }
        let pruned = config.pruning.as_ref().filter(|p| p.sparsity > 0.0);
        let kept = pruned.map_or_else(
            || "dense".to_owned(),
            |pruning| format!("{} {}", pruning.criterion.name(), pruning.sparsity),
        );
        return Ok(Trained {
            name: format!("{} {kept} seed {}", config.algo.name(), config.seed),
            env: config.env,
            seed: config.seed,
            weights,
            when: "policy of its last update".to_owned(),
        });
    }
    let (dir, config) = RunDir::open(run)?;
    let which = match best {
        true => Checkpoint::Best,
        false => Checkpoint::Latest,
    };
    let info = dir.info(which)?;
    Ok(Trained {
        name: format!("{} seed {}", config.recipe, config.seed),
        env: config.env,
        seed: config.seed,
        weights: dir.weights_path(which),
        when: format!(
            "checkpoint of step {} (return {} then)",
            thousands(info.step as f64),
            thousands(info.return_mean)
        ),
    })
}
