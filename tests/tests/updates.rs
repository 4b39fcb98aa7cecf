//! Updates of TD3 and SAC beside the same ones in PyTorch, in double precision: losses, networks, targets.
//!
//! The cases are those of `golden/updates/record.py`, which has the algorithms from the papers' definitions.

use std::ops::Deref;
use std::path::Path;

use rand_distr::{Distribution, StandardNormal};
use rl_algos::agent::{Agent, Resumable, UpdateReport};
use rl_algos::algos::{Sac, Td3};
use rl_algos::config::{
    AlgoConfig, Decay, SacConfig, Td3Config, Temperature, TopologyConfig, TrainConfig,
};
use rl_algos::nets::{Actor, BatchShape, Critics};
use rl_algos::recipes;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::device;
use sparse_core::nn::{SparseMlp, SparseModule, Storage};
use sparse_core::topology::{RigL, RuleConfig};
use sparse_core::trainer::NetworkTrainer;
use tests::Errors;
use tests::isa;
use tests::recording::{Recording, Result};
use tests::updates::{self, distance, most, parts_of, said};

/// Of every parameter, relative to the largest of its layer; of losses and the other numbers of an update.
const TOLERANCE: f64 = 1e-5;
/// Every matrix, and every bias of several units, moves by more than this, so that the tolerance leaves no update unseen.
const LEAST_MOVE: f64 = 100.0 * TOLERANCE;
/// Numbers of an observation and of an action.
const SIZES: [usize; 2] = [5, 2];
const HIDDEN: usize = 16;
/// Seed of the noise.
const SEED: u64 = 7;
const NETWORKS: [&str; 3] = ["actor", "critic_1", "critic_2"];

/// One case of the recording.
struct Case<'a>(updates::Case<'a>);

impl<'a> Deref for Case<'a> {
    type Target = updates::Case<'a>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Case<'_> {
    fn whole(&self, name: &str) -> Result<u64> {
        Ok(self.setting(name)? as u64)
    }

    fn is_sac(&self) -> Result<bool> {
        Ok(self.setting("sac")? == 1.0)
    }

    fn algo(&self) -> Result<AlgoConfig> {
        let policy_delay = self.whole("policy_delay")?;
        if !self.is_sac()? {
            return Ok(AlgoConfig::new(Td3Config {
                target_noise: self.setting("target_noise")?,
                target_noise_clip: self.setting("target_noise_clip")?,
                policy_delay,
                exploration_noise: 0.1,
            }));
        }
        let (initial, learning_rate) = (self.setting("alpha")?, self.setting("alpha_lr")?);
        Ok(AlgoConfig::new(SacConfig {
            log_std_min: self.setting("log_std_min")?,
            log_std_max: self.setting("log_std_max")?,
            policy_delay,
            sample_actions: true,
            temperature: if learning_rate == 0.0 {
                Temperature::Fixed(initial)
            } else {
                Temperature::Auto {
                    initial,
                    learning_rate,
                    entropy_per_action: self.setting("entropy_per_action")?,
                }
            },
            ..SacConfig::default()
        }))
    }

    fn config(&self) -> Result<TrainConfig> {
        let mut config = recipes::named("dense-td3", "Hopper-v5").map_err(said)?;
        config.algo = self.algo()?;
        (config.steps, config.exploration.random_steps) = (self.whole("end")?, 0);
        config.networks.actor = vec![HIDDEN; 2];
        config.networks.critic = vec![HIDDEN; 2];
        config.learning.tau = self.setting("tau")?;
        config.learning.target_every = self.whole("target_every")?;
        config.learning.actor_learning_rate = self.setting("actor_lr")?;
        config.learning.critic_learning_rate = self.setting("critic_lr")?;
        config.learning.weight_decay = self.setting("weight_decay")?;
        let every = self.whole("rewire_every")?;
        if every > 0 {
            config.topology = Some(TopologyConfig {
                rule: RuleConfig::new(RigL::default()),
                actor_rule: None,
                every,
                actor_every: Some(self.whole("actor_rewire_every")?),
                drop_fraction: self.setting("drop_fraction")?,
                decay: Decay::Cosine,
                until: 1.0,
            });
        }
        Ok(config)
    }

    /// A network's sizes, layer after layer.
    fn sizes(&self, network: &str) -> Result<[usize; 4]> {
        let [seen, done] = SIZES;
        let outputs = if self.is_sac()? { 2 * done } else { done };
        Ok(match network {
            "actor" => [seen, HIDDEN, HIDDEN, outputs],
            _ => [seen + done, HIDDEN, HIDDEN, 1],
        })
    }

    /// A network before the first update.
    fn network(&self, network: &str, device: &str, storage: Storage) -> Result<SparseMlp> {
        let device = device::by_name(device).map_err(said)?;
        let keys = [
            format!("before/{network}"),
            format!("before/{network}/mask"),
        ];
        let keys = keys.each_ref().map(String::as_str);
        self.0
            .network(keys, &self.sizes(network)?, storage, &device)
    }

    /// The agent before the first update.
    fn agent(&self, device: &str, storage: Storage) -> Result<Box<dyn Agent>> {
        let (config, place) = (self.config()?, device::by_name(device).map_err(said)?);
        let [seen, done] = SIZES;
        let rows = BatchShape {
            obs_dim: seen,
            act_dim: done,
            device: place,
        };
        let actor = self.network(NETWORKS[0], device, storage)?;
        let actor = Actor::from_network(actor, config.actor_learner()).map_err(said)?;
        let critics = NETWORKS[1..].iter();
        let critics = critics.map(|name| self.network(name, device, storage));
        let critics: Vec<_> = critics.collect::<Result<_>>()?;
        let critics = Critics::from_networks(critics, &config.critic_learner()).map_err(said)?;
        Ok(if self.is_sac()? {
            Box::new(Sac::from_networks(&config, rows, actor, critics).map_err(said)?)
        } else {
            Box::new(Td3::from_networks(&config, rows, actor, critics).map_err(said)?)
        })
    }

    /// The batch of one update.
    fn batch(&self, update: usize) -> Result<Batch> {
        let passed = &self.get("batch/passed")?.data;
        let first = passed[..update].iter().sum::<f64>() as usize;
        let passed = first..first + passed[update] as usize;
        let between = |key: &str| -> Result<Vec<f32>> {
            let all = self.get(&format!("batch/{key}"))?;
            let rows = passed.clone().flat_map(|at| all.row(at));
            Ok(rows.map(|x| *x as f32).collect())
        };
        Ok(Batch {
            size: self.whole("rows")? as usize,
            observation: self.0.batch("observation", update)?,
            action: self.0.batch("action", update)?,
            return_n: self.0.batch("return_n", update)?,
            discount: self.0.batch("discount", update)?,
            skip_intermediate: false,
            next_observation: self.0.batch("next", update)?,
            intermediate_observation: between("between")?,
            intermediate_row: between("between_row")?.iter().map(|x| *x as u32).collect(),
            intermediate_discount: between("between_discount")?,
        })
    }
}

/// What was compared.
#[derive(Default)]
struct Found {
    told: Errors,
    networks: Errors,
    targets: Errors,
}

impl Found {
    /// The numbers of an update.
    fn report(&mut self, case: &Case<'_>, update: usize, report: &UpdateReport) -> Result<()> {
        for (name, found) in [
            ("target_mean", report.get("target_mean")),
            ("value_mean", report.get("value_mean")),
            ("critic_loss", report.get("critic_loss")),
            ("actor_loss", report.get("actor_loss")),
            ("entropy", report.get("entropy")),
            ("moved", Some(report.moves.grown as f32)),
        ] {
            let expected = case.told("told", update, name)?;
            let place = format!("{} update {update} {name}", case.name);
            match found {
                Some(found) => self.told.add(place, &[found.into()], &[expected]),
                None if expected.is_nan() => {}
                None => return Err(format!("{place}: nothing, expected {expected}")),
            }
        }
        Ok(())
    }

    /// A network or a target after all updates.
    fn network(
        &mut self,
        case: &Case<'_>,
        name: &str,
        learner: &NetworkTrainer<SparseMlp>,
    ) -> Result<()> {
        let (sizes, mask) = (case.sizes(name)?, case.mask(&format!("after/{name}/mask"))?);
        let before = case.parts(&format!("before/{name}"), &sizes)?;
        let targets = (name != "actor" || !case.is_sac()?).then(|| learner.target());
        let online = (format!("after/{name}"), Some(learner.net()));
        let target = (format!("after/target/{name}"), targets);
        for (key, network) in [online, target] {
            let Some(network) = network else { continue };
            let layers = network.sparse_layers();
            let patterns = layers.iter().flat_map(|layer| layer.pattern().to_mask());
            if !patterns.eq(mask.iter().copied()) {
                return Err(format!("{}/{key} has other connections", case.name));
            }
            let expected = case.parts(&key, &sizes)?;
            assert_eq!(parts_of(network).len(), expected.len(), "{key}");
            for (index, (found, reference)) in parts_of(network).iter().zip(&expected).enumerate() {
                let place = format!("{}/{key} part {index}", case.name);
                let layer = &expected[index / 2 * 2..index / 2 * 2 + 2];
                let scale = most(layer.iter().copied().flatten().copied());
                let moved = distance(reference, before[index]) / scale;
                let errors = if key.contains("target") {
                    &mut self.targets
                } else if reference.len() == 1 || moved > LEAST_MOVE {
                    &mut self.networks
                } else {
                    return Err(format!("{place} hardly moves"));
                };
                errors.add_error(place, distance(reference, found) / scale);
            }
        }
        Ok(())
    }
}

/// Updates an agent through a whole case.
fn go(case: &Case<'_>, device: &str, storage: Storage, found: &mut Found) -> Result<()> {
    let mut agent = case.agent(device, storage)?;
    let mut streams = Streams::new(SEED);
    for update in 0..case.whole("updates")? as usize {
        let log_alpha = agent.parts().numbers.first().map(|x| **x);
        let report = agent.update(&case.batch(update)?, &mut streams);
        let report = report.map_err(|error| format!("{} {update}: {error}", case.name))?;
        found.report(case, update, &report)?;
        if let Some(before) = log_alpha {
            let alpha = f64::from(report.get("temperature").unwrap_or(f32::NAN));
            let place = format!("{} update {update} temperature", case.name);
            found.told.add(place, &[alpha], &[before.exp()]);
            let after = agent.parts().numbers.first().map_or(f64::NAN, |x| **x);
            let expected = case.told("told", update, "log_alpha")?;
            let place = format!("{} update {update} log_alpha", case.name);
            found.told.add(place, &[after], &[expected]);
        }
    }
    for network in agent.networks() {
        let learner = network.learner().ok_or("a network without a learner")?;
        found.network(case, network.name, learner)?;
    }
    Ok(())
}

fn recording() -> Result<Recording> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/updates/updates.npz");
    Recording::read(&file)
}

/// All cases of an algorithm, on every CPU backend and with every kind of kernels.
fn compare(prefix: &str, cases: usize) -> Result<()> {
    isa::settle();
    let recording = recording()?;
    let names = recording.keys().filter_map(|key| key.strip_suffix("/told"));
    let names: Vec<&str> = names.filter(|name| name.starts_with(prefix)).collect();
    if names.len() != cases {
        return Err(format!("{} cases of {prefix}: {names:?}", names.len()));
    }
    let devices = device::available().into_iter();
    for device in devices.filter(|device| !["wgpu", "cuda"].contains(device)) {
        for storage in [Storage::Csr, Storage::Masked, Storage::Auto] {
            let mut found = Found::default();
            for name in &names {
                let recording = &recording;
                go(
                    &Case(updates::Case { name, recording }),
                    device,
                    storage,
                    &mut found,
                )?;
            }
            let what = |part: &str| format!("{prefix} {device} {storage:?} {part}");
            found.told.check(&what("losses"), TOLERANCE)?;
            found.networks.check(&what("networks"), TOLERANCE)?;
            found.targets.check(&what("targets"), TOLERANCE)?;
        }
    }
    Ok(())
}

#[test]
fn td3_updates_as_its_definition_in_pytorch() -> Result<()> {
    compare("td3", 3)
}

#[test]
fn sac_updates_as_its_definition_in_pytorch() -> Result<()> {
    compare("sac", 4)
}

/// Else the cases would fail for no fault of the algorithms.
#[test]
fn the_recorded_noise_is_that_of_the_stream() -> Result<()> {
    let mut stream = Streams::new(SEED).target_noise;
    for (at, recorded) in recording()?.get("noise")?.data.iter().enumerate() {
        let unit: f32 = StandardNormal.sample(&mut stream);
        if f64::from(unit) != *recorded {
            let remedy = "run the example `noise` and golden/updates/record.py anew";
            return Err(format!(
                "number {at} is {unit}, recorded {recorded}: {remedy}"
            ));
        }
    }
    Ok(())
}
