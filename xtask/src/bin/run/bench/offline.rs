//! Updates per second of learning from a dataset: dense and pruned agents, in turns, sampling included; on request
//! beside TD3+BC's own code.

use std::path::Path;

use anyhow::{Context, Result};
use burn::tensor::Device;
use offline_prune::agent::OfflineAgent;
use offline_prune::config::{OfflineConfig, agent_kinds};
use offline_prune::dataset::{Dataset, Episode};
use offline_prune::prune::PruneConfig;
use offline_prune::train::{batches, start};
use rand::RngExt;
use rl_algos::agent::Agent;
use rl_algos::replay::{Batch, Batches};
use rl_algos::rng::Streams;
use serde::{Deserialize, Serialize};

use super::clock::{Times, in_turns, ratio};
use super::peer::Peer;
use super::processor;
use experiments::terminal::table::{Cell, Table};

const SCRIPT: &str = include_str!("../../../../peers/td3_bc.py");
const TASKS: [&str; 2] = ["Hopper-v5", "HalfCheetah-v5"];
const SPARSITY: f64 = 0.95;
const EPISODES: usize = 100;
const STEPS: usize = 200;
/// Updates before the clock starts.
const WARM_UP: usize = 50;
const REPEATS: usize = 7;
/// Length of a repeat (s).
const REPEAT: f64 = 0.5;

/// What the script says first.
#[derive(Deserialize)]
struct Versions {
    torch: String,
}

#[derive(Serialize)]
struct Request {
    observation: usize,
    action: usize,
    batch: usize,
    seconds: f64,
}

#[derive(Deserialize)]
struct Answer {
    seconds: f64,
}

/// Measures every algorithm on the shapes of both tasks.
pub(super) fn bench(
    device: &str,
    threads: usize,
    python: Option<&Path>,
) -> Result<(String, Table)> {
    let mut table = Table::new(&[
        "task",
        "algo",
        "sparsity",
        "updates_per_s",
        "slowest",
        "fastest",
        "times_dense",
        "times_TD3_BC",
    ]);
    let backend = sparse_core::device::by_name(device)?;
    let threads_word = threads.to_string();
    let mut peer = python
        .map(|python| Peer::start(python, SCRIPT, &[&threads_word]))
        .transpose()?;
    let torch = match &mut peer {
        Some(peer) => {
            let said: Versions = peer.hear().context(
                "TD3+BC's side said nothing; it needs: pip install torch, and PYTHONPATH=TD3_BC, a clone of \
                 github.com/sfujim/TD3_BC",
            )?;
            format!(" TD3_BC is the authors' code on PyTorch {}.", said.torch)
        }
        None => String::new(),
    };
    for task in TASKS {
        for kind in agent_kinds() {
            rows(task, kind.name, &backend, &mut peer, &mut table)?;
        }
    }
    let title = format!(
        "Updates per second from a dataset: published batches (256; BCQ 100), device {device}, {threads} threads, {}.\n\
         Median, slowest and fastest of {REPEATS} turns, sampling included; ratios are medians of the turns'.{torch}",
        processor()
    );
    Ok((title, table))
}

/// A dense agent, a pruned one and, for TD3+BC, the rival.
fn rows(
    task: &str,
    algo: &str,
    device: &Device,
    peer: &mut Option<Peer>,
    table: &mut Table,
) -> Result<()> {
    let mut dense = Learning::new(task, algo, None, device)?;
    let mut pruned = Learning::new(task, algo, Some(SPARSITY), device)?;
    let request = Request {
        observation: dense.dataset.observation_size(),
        action: dense.dataset.action_size(),
        batch: dense.config.learning.batch_size,
        seconds: REPEAT,
    };
    let (mut dense, mut pruned) = (dense.begin(), pruned.begin());
    for _ in 0..WARM_UP {
        dense.update();
        pruned.update();
    }
    let mut peer = peer.as_mut().filter(|_| algo == "td3-bc");
    if let Some(peer) = &mut peer {
        // Makes the rival's agent.
        peer.ask::<Answer>(&request)?;
    }
    let (mut times, mut rival) = ([Times::new(), Times::new()], Times::new());
    for _ in 0..REPEATS {
        let turn = in_turns(1, REPEAT, [&mut || dense.update(), &mut || pruned.update()]);
        for (times, turn) in times.iter_mut().zip(turn) {
            times.push(turn.median());
        }
        if let Some(peer) = &mut peer {
            rival.push(peer.ask::<Answer>(&request)?.seconds);
        }
    }
    let [dense_times, pruned_times] = &times;
    for (learning, sparsity, own) in [
        (&dense, 0.0, dense_times),
        (&pruned, SPARSITY, pruned_times),
    ] {
        let (fastest, slowest) = own.extremes();
        let times_rival = match peer {
            Some(_) => ratio(&rival, own),
            None => f64::NAN,
        };
        learning.check()?;
        table.push(vec![
            Cell::text(task),
            Cell::text(algo),
            Cell::Number(sparsity, 2),
            Cell::Number(1.0 / own.median(), 0),
            Cell::Number(1.0 / slowest, 0),
            Cell::Number(1.0 / fastest, 0),
            Cell::Number(ratio(dense_times, own), 2),
            Cell::Number(times_rival, 2),
        ]);
    }
    Ok(())
}

/// An agent and a dataset.
struct Learning {
    config: OfflineConfig,
    dataset: Dataset,
    agent: Box<dyn OfflineAgent>,
    streams: Streams,
}

/// The same, learning.
struct Running<'a> {
    agent: &'a mut dyn Agent,
    batches: Batches<'a>,
    batch: Batch,
    streams: &'a mut Streams,
    /// What the first update that failed said; the clock cannot stop for it.
    failed: Option<String>,
}

impl Learning {
    fn new(task: &str, algo: &str, sparsity: Option<f64>, device: &Device) -> Result<Self> {
        let mut config = OfflineConfig::new(algo.parse()?, task);
        config.pruning = sparsity.map(|sparsity| PruneConfig {
            sparsity,
            ..PruneConfig::default()
        });
        let mut dataset = dataset(task, &mut Streams::new(0))?;
        if config.normalise_observations {
            dataset.normalise();
        }
        let start = start(&config, &dataset, device)?;
        Ok(Self {
            config,
            dataset,
            agent: start.agent,
            streams: start.streams,
        })
    }

    fn begin(&mut self) -> Running<'_> {
        Running {
            batches: batches(&self.config, &self.dataset, self.streams.replay.clone()),
            batch: Batch::default(),
            agent: &mut *self.agent,
            streams: &mut self.streams,
            failed: None,
        }
    }
}

impl Running<'_> {
    /// One update as the loop makes it.
    fn update(&mut self) {
        let Self {
            batches,
            batch,
            streams,
            ..
        } = self;
        if let Err(error) = self.agent.learn_from(batches, batch, streams) {
            self.failed.get_or_insert_with(|| error.to_string());
        }
    }

    /// Whether all updates went well.
    fn check(&self) -> Result<()> {
        match &self.failed {
            Some(error) => anyhow::bail!("an update failed: {error}"),
            None => Ok(()),
        }
    }
}

/// Random transitions of the task's sizes.
fn dataset(task: &str, streams: &mut Streams) -> Result<Dataset> {
    let env = ::envs::make(task)?;
    let (seen, done) = (env.info().observation.len(), env.info().action.len());
    let rng = &mut streams.environment;
    let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-1.0..1.0)).collect() };
    let episode = |_| Episode {
        observations: draw((STEPS + 1) * seen),
        actions: draw(STEPS * done),
        rewards: draw(STEPS),
        terminated: false,
        truncated: true,
    };
    let episodes: Vec<Episode> = (0..EPISODES).map(episode).collect();
    Ok(Dataset::from_episodes(
        seen,
        &vec![[-1.0, 1.0]; done],
        episodes,
    )?)
}
