//! Trained policies on disk, whatever they learned from.

use std::fs;
use std::path::{Path, PathBuf};

use crate::disk::seal;
use crate::folder::run_dir::{Checkpoint, RunDir};
use crate::terminal::shell;
use crate::terminal::tell::program;
use anyhow::{Context, Result, anyhow, bail};
use burn::tensor::Device;
use envs::{Settings, TaskInfo};
use offline_prune::config::OfflineConfig;
use rand_chacha::ChaCha8Rng;
use rl_algos::agent::Agent;
use rl_algos::algos::{Policy, is_registered, restored};
use rl_algos::config::{Spread, TrainConfig};
use rl_algos::nets::BatchShape;
use serde::{Deserialize, Serialize};

use crate::folder::kind::Kind;
use crate::folder::names::CONFIG;
use crate::folder::names::{BEST, POLICY};
use crate::folder::places;
use crate::folder::task_files;
use crate::terminal::table::thousands;

/// What is known of a policy beside its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PolicyInfo {
    /// Version that wrote it.
    pub(crate) version: String,
    /// Updates before it.
    pub(crate) update: u64,
    /// Mean return of its evaluation; none where it had none.
    pub(crate) return_mean: Option<f64>,
    /// The range that each number of an action, from -1 to 1, is moved to; older versions kept none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) actions: Vec<[f64; 2]>,
}

/// A policy's file, and what is known of it.
pub(crate) struct Trained {
    pub(crate) env: String,
    /// What is set of the task.
    pub(crate) env_settings: Settings,
    /// What it is called beside others.
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) weights: PathBuf,
    /// The run's settings; `None` of a policy that learned from data.
    config: Option<TrainConfig>,
    /// When it was written, for people.
    pub(crate) when: String,
}

impl Trained {
    /// The policy, to act in its task.
    ///
    /// # Errors
    /// As [`Player::of`].
    pub(crate) fn player(&self, task: &TaskInfo, device: &Device) -> rl_algos::Result<Player> {
        match &self.config {
            Some(config) => Player::of(config, &self.weights, task, device),
            None => Ok(Player::Network(Policy::open(&self.weights, task, device)?)),
        }
    }
}

/// Who acts by a file of weights.
pub(crate) enum Player {
    /// The actor alone, whose outputs go through tanh: of this project's agents.
    Network(Policy),
    /// The agent itself: a registered one may act by anything.
    Agent(Box<dyn Agent>),
}

impl Player {
    /// The agent of a run as these weights have it.
    ///
    /// # Errors
    /// As [`Policy::open`], or [`restored`].
    pub(crate) fn of(
        config: &TrainConfig,
        weights: &Path,
        task: &TaskInfo,
        device: &Device,
    ) -> rl_algos::Result<Self> {
        Ok(match is_registered(config.algo.name()) {
            true => Self::Agent(restored(config, weights, task, device)?),
            false => Self::Network(Policy::open(weights, task, device)?),
        })
    }

    /// Writes the action without noise for one observation.
    pub(crate) fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        match self {
            Self::Network(policy) => policy.act(observation, action),
            Self::Agent(agent) => agent.act(observation, action),
        }
    }

    /// Writes an action drawn from a policy with this spread, as the agent explores.
    pub(crate) fn sample(
        &mut self,
        observation: &[f32],
        spread: Spread,
        rng: &mut ChaCha8Rng,
        action: &mut [f32],
    ) {
        match self {
            Self::Network(policy) => policy.sample(observation, spread, rng, action),
            Self::Agent(agent) => {
                let mut mean = vec![0.0; action.len()];
                agent.explore(observation, rng, &mut mean, action);
            }
        }
    }
}

/// The policy of a run, its last or its best.
///
/// # Errors
/// When the folder holds no run, or one without that policy, or its files cannot be read.
pub(crate) fn of_run(run: &Path, best: bool) -> Result<Trained> {
    places::run(run)?;
    let config = fs::read_to_string(run.join(CONFIG)).unwrap_or_default();
    let kind = Kind::of(&config);
    if kind == Some(Kind::Offline) || (kind.is_none() && run.join(POLICY[0]).exists()) {
        return of_offline(run, best);
    }
    let (dir, config) = RunDir::open(run)?;
    task_files::tell_change(run, &config.env, &config.env_settings)?;
    let which = match best {
        true => Checkpoint::Best,
        false => Checkpoint::Latest,
    };
    let info = dir.info(which)?;
    Ok(Trained {
        name: format!("{} seed {}", config.recipe, config.seed),
        env: config.env.clone(),
        env_settings: config.env_settings.clone(),
        seed: config.seed,
        weights: dir.weights_path(which),
        config: Some(config),
        when: format!(
            "checkpoint of step {} (return {} then)",
            thousands(info.step as f64),
            thousands(info.return_mean)
        ),
    })
}

/// The policy of a run on a dataset.
fn of_offline(run: &Path, best: bool) -> Result<Trained> {
    let file = run.join(CONFIG);
    let place = || file.display().to_string();
    let text = fs::read_to_string(&file).with_context(place)?;
    let config = OfflineConfig::from_toml(&text).with_context(place)?;
    seal::check(&text).map_err(|what| anyhow!("{}: {what}", place()))?;
    let folder = run.display();
    if config.task().is_none() {
        bail!("{folder} learned from data of no task; there is none to act in");
    }
    task_files::tell_change(run, &config.env, &config.env_settings)?;
    if !acts_by_one(&config)? {
        let algo = config.algo.name();
        bail!(
            "{folder} learned by {algo}, whose policy is several networks together, so there is no file of it to play; \
             {folder}/metrics.csv has its evaluations"
        );
    }
    let [weights, info] = if best { BEST } else { POLICY }.map(|name| run.join(name));
    if !weights.exists() {
        // Earlier versions kept the last alone.
        let last = best && run.join(POLICY[0]).exists() && !run.join(POLICY[1]).exists();
        match last {
            true => bail!("{folder} kept no best policy, only its last; leave out --best"),
            false => bail!(
                "{folder} has no {} policy yet: its first evaluation comes after {} updates; {} offline \
                 --resume {} goes on",
                if best { "best" } else { "last" },
                thousands(config.evaluation.every.min(config.updates) as f64),
                program(),
                shell::word(run)
            ),
        }
    }
    let pruned = config.pruning.as_ref().filter(|p| p.sparsity > 0.0);
    let kept = pruned.map_or_else(
        || "dense".to_owned(),
        |pruning| format!("{} {}", pruning.criterion.name(), pruning.sparsity),
    );
    Ok(Trained {
        name: format!("{} {kept} seed {}", config.algo.name(), config.seed),
        env: config.env,
        env_settings: config.env_settings,
        seed: config.seed,
        weights,
        config: None,
        when: when(&info)?,
    })
}

/// Whether the policy of such runs is one network, which a file can hold.
fn acts_by_one(config: &OfflineConfig) -> Result<bool> {
    let env = config.make_env()?;
    let env = env.context("a policy of no task")?;
    let rows = BatchShape {
        obs_dim: env.info().observation.len(),
        act_dim: env.info().action.len(),
        device: Device::default(),
    };
    let shapes = config.shapes(&rows);
    Ok(shapes.iter().any(|shape| shape.name == "actor"))
}

/// When a policy of a run on a dataset was written.
fn when(info: &Path) -> Result<String> {
    if !info.exists() {
        return Ok("policy of its last update".to_owned());
    }
    let place = || info.display().to_string();
    let text = fs::read_to_string(info).with_context(place)?;
    let text = seal::unsealed_json(&text).map_err(|what| anyhow!("{}: {what}", place()))?;
    let info: PolicyInfo = serde_json::from_str(&text).with_context(place)?;
    let update = thousands(info.update as f64);
    Ok(match info.return_mean {
        Some(mean) => format!(
            "policy of update {update} (return {} then)",
            thousands(mean)
        ),
        None => format!("policy of update {update}"),
    })
}
