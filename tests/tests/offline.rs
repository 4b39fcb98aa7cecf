//! Updates of the offline algorithms beside the same ones in PyTorch, in double precision: losses, networks, what is
//! acted, and the scores that weights are pruned by.
//!
//! The cases are those of `golden/offline/record.py`, which has the algorithms from the papers' definitions. Where an
//! algorithm has targets, later losses show whether they follow.

use std::path::Path;

use offline_prune::algos::{self, NetworkShape, Objective, OfflineAgent};
use offline_prune::config::{AlgoConfig, OfflineConfig};
use offline_prune::criteria::{Criterion, CriterionConfig};
use offline_prune::prune::{Budget, Floor, Group, Loss};
use rand_distr::{Distribution, StandardNormal};
use rl_algos::algos::parts::Rows;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::budget::Allocation;
use sparse_core::device;
use sparse_core::nn::{SparseLinear, SparseMlp, SparseModule, Storage};
use sparse_core::pattern::Pattern;
use tests::recording::{Recording, Result};
use tests::{Array, Errors};

/// Of every parameter, relative to the largest of its layer; of losses, actions and scores.
const TOLERANCE: f64 = 1e-5;
/// Every matrix moves by more than this, so that the tolerance leaves no update unseen.
const LEAST_MOVE: f64 = 100.0 * TOLERANCE;
/// Numbers of an observation and of an action.
const SIZES: [usize; 2] = [5, 2];
const HIDDEN: usize = 12;
/// Seed of the noise.
const SEED: u64 = 7;
/// Each algorithm dense, and two of them sparse.
const CASES: [&str; 7] = [
    "bc",
    "td3-bc",
    "iql",
    "iql sparse",
    "awac",
    "bcq",
    "bcq sparse",
];

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn floats(data: &[f64]) -> Vec<f32> {
    data.iter().map(|x| *x as f32).collect()
}

fn recording() -> Result<Recording> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/offline/offline.npz");
    Recording::read(&file)
}

/// One case of the recording, on a device and with kernels of a kind.
struct Case<'a> {
    name: &'a str,
    recording: &'a Recording,
    rows: Rows,
    storage: Storage,
}

impl<'a> Case<'a> {
    fn new(
        name: &'a str,
        recording: &'a Recording,
        device: &str,
        storage: Storage,
    ) -> Result<Self> {
        let [observation, action] = SIZES;
        let device = device::by_name(device).map_err(said)?;
        Ok(Self {
            name,
            recording,
            rows: Rows {
                observation,
                action,
                device,
            },
            storage,
        })
    }
}

impl Case<'_> {
    fn get(&self, key: &str) -> Result<&Array> {
        self.recording.get(&format!("{}/{key}", self.name))
    }

    /// The number in a row and a named column of a table.
    fn told(&self, table: &str, row: usize, name: &str) -> Result<f64> {
        let names = format!("{}/{table}/names", self.name);
        let names = self.recording.texts(&names)?;
        let column = names.iter().position(|known| known == name);
        let column = column.ok_or_else(|| format!("{}: no {table} `{name}`", self.name))?;
        Ok(self.get(table)?.row(row)[column])
    }

    fn setting(&self, name: &str) -> Result<f64> {
        self.told("setting", 0, name)
    }

    fn algo(&self) -> Result<AlgoConfig> {
        let name = self.name.split(' ').next().unwrap_or(self.name);
        let mut algo: AlgoConfig = name.parse().map_err(said)?;
        match &mut algo {
            AlgoConfig::Bc => {}
            AlgoConfig::Td3Bc(td3_bc) => {
                td3_bc.alpha = self.setting("alpha")?;
                td3_bc.target_noise = self.setting("target_noise")?;
                td3_bc.target_noise_clip = self.setting("target_noise_clip")?;
                td3_bc.policy_delay = self.setting("policy_delay")? as u64;
            }
            AlgoConfig::Iql(iql) => {
                iql.expectile = self.setting("expectile")?;
                iql.beta = self.setting("beta")?;
                iql.reward_scale = Some(self.setting("reward_scale")?);
                iql.log_std_min = self.setting("log_std_min")?;
                iql.log_std_max = self.setting("log_std_max")?;
            }
            AlgoConfig::Awac(awac) => {
                awac.lambda = self.setting("lambda")?;
                awac.log_std_min = self.setting("log_std_min")?;
                awac.log_std_max = self.setting("log_std_max")?;
            }
            AlgoConfig::Bcq(bcq) => {
                bcq.phi = self.setting("phi")?;
                bcq.lambda = self.setting("lambda")?;
                bcq.samples = self.setting("samples")? as usize;
                bcq.candidates = self.setting("candidates")? as usize;
                bcq.latent_per_action = self.setting("latent_per_action")? as usize;
                bcq.vae_learning_rate = self.setting("vae_learning_rate")?;
                bcq.vae_hidden = vec![HIDDEN; 2];
            }
        }
        Ok(algo)
    }

    fn config(&self) -> Result<OfflineConfig> {
        let mut config = OfflineConfig::new(self.algo()?, "Hopper-v5");
        config.seed = SEED;
        config.networks.actor = vec![HIDDEN; 2];
        config.networks.critic = vec![HIDDEN; 2];
        config.learning.tau = self.setting("tau")?;
        config.learning.actor_learning_rate = self.setting("actor_lr")?;
        config.learning.critic_learning_rate = self.setting("critic_lr")?;
        Ok(config)
    }

    /// The recorded parameters of a network, each matrix and each bias for itself.
    fn parts(&self, moment: &str, shape: &NetworkShape) -> Result<Vec<&[f64]>> {
        let key = format!("{moment}/{}", shape.name);
        let mut rest = self.get(&key)?.data.as_slice();
        let mut parts = Vec::new();
        for pair in shape.sizes.windows(2) {
            for length in [pair[0] * pair[1], pair[1]] {
                let (part, behind) = rest
                    .split_at_checked(length)
                    .ok_or_else(|| format!("{}/{key} is too short", self.name))?;
                parts.push(part);
                rest = behind;
            }
        }
        Ok(parts)
    }

    /// A network before the first update.
    fn network(&self, shape: &NetworkShape) -> Result<SparseMlp> {
        let parts = self.parts("before", shape)?;
        let mask = &self.get(&format!("mask/{}", shape.name))?.data;
        let mask: Vec<bool> = mask.iter().map(|x| *x == 1.0).collect();
        let mut mask = mask.as_slice();
        let mut layers = Vec::new();
        for (pair, parts) in shape.sizes.windows(2).zip(parts.chunks(2)) {
            let (own, behind) = mask.split_at(pair[0] * pair[1]);
            mask = behind;
            let pattern = Pattern::from_mask(pair[1], pair[0], own).map_err(said)?;
            let values = pattern.positions().map(|at| parts[0][at as usize] as f32);
            let (values, bias) = (values.collect(), floats(parts[1]));
            let layer =
                SparseLinear::from_parts(pattern, values, bias, self.storage, &self.rows.device);
            layers.push(layer.map_err(said)?);
        }
        SparseMlp::from_layers(layers).map_err(said)
    }

    /// The agent before the first update.
    fn agent(&self) -> Result<Box<dyn OfflineAgent>> {
        let config = self.config()?;
        let shapes = algos::shapes(&config, &self.rows);
        let networks = shapes.iter().map(|shape| self.network(shape));
        let networks: Vec<SparseMlp> = networks.collect::<Result<_>>()?;
        algos::build(&config, self.rows.clone(), networks).map_err(said)
    }

    /// The batch of one update.
    fn batch(&self, update: usize) -> Result<Batch> {
        let row = |key: &str| -> Result<Vec<f32>> {
            Ok(floats(self.get(&format!("batch/{key}"))?.row(update)))
        };
        Ok(Batch {
            size: self.setting("rows")? as usize,
            observation: row("observation")?,
            action: row("action")?,
            return_n: row("return_n")?,
            discount: row("discount")?,
            next_observation: row("next")?,
            ..Batch::default()
        })
    }
}

/// What was compared.
#[derive(Default)]
struct Found {
    told: Errors,
    networks: Errors,
    acts: Errors,
}

impl Found {
    /// What an update tells: each number that is recorded, and no other.
    fn report(&mut self, case: &Case<'_>, update: usize, told: &[(&str, f32)]) -> Result<()> {
        let names = case.recording.texts(&format!("{}/told/names", case.name))?;
        if let Some((name, _)) = told
            .iter()
            .find(|(name, _)| !names.iter().any(|n| n == name))
        {
            return Err(format!(
                "{} tells `{name}`, which is not recorded",
                case.name
            ));
        }
        for name in names {
            let expected = case.told("told", update, name)?;
            let place = format!("{} update {update} {name}", case.name);
            match told.iter().find(|(known, _)| known == name) {
                // What this update does not compute.
                Some((_, found)) if found.is_nan() && expected.is_nan() => {}
                Some((_, found)) => self.told.add(place, &[(*found).into()], &[expected]),
                None => return Err(format!("{place}: nothing, expected {expected}")),
            }
        }
        Ok(())
    }

    /// A network after all updates.
    fn network(&mut self, case: &Case<'_>, shape: &NetworkShape, net: &SparseMlp) -> Result<()> {
        let [before, expected] = ["before", "after"].map(|moment| case.parts(moment, shape));
        let (before, expected) = (before?, expected?);
        let numbers = net
            .sparse_layers()
            .into_iter()
            .flat_map(|layer| [layer.to_dense().into_data(), layer.bias().into_data()]);
        let numbers = numbers.map(|data| data.iter::<f64>().collect::<Vec<f64>>());
        for (index, (found, reference)) in numbers.zip(&expected).enumerate() {
            let place = format!("{} {} part {index}", case.name, shape.name);
            let layer = &expected[index / 2 * 2..index / 2 * 2 + 2];
            let scale = layer
                .iter()
                .copied()
                .flatten()
                .fold(0.0, |m: f64, x| m.max(x.abs()));
            if distance(reference, before[index]) < LEAST_MOVE * scale {
                return Err(format!("{place} hardly moves"));
            }
            self.networks
                .add_error(place, distance(reference, &found) / scale);
        }
        Ok(())
    }

    /// What is acted after all updates, where the first batch was.
    fn acts(&mut self, case: &Case<'_>, agent: &mut dyn OfflineAgent) -> Result<()> {
        let (batch, expected) = (case.batch(0)?, case.get("acts")?);
        for (row, observation) in batch.observation.chunks(SIZES[0]).enumerate() {
            let mut action = [0.0; SIZES[1]];
            agent.act(observation, &mut action);
            let place = format!("{} act {row}", case.name);
            self.acts
                .add(place, &action.map(f64::from), expected.row(row));
        }
        Ok(())
    }
}

/// The largest difference of numbers from as many others; infinite where one is no number.
fn distance(reference: &[f64], found: &[f64]) -> f64 {
    if reference.len() != found.len() {
        return f64::INFINITY;
    }
    let differences = reference.iter().zip(found).map(|(r, x)| (r - x).abs());
    differences.fold(0.0, |most, x| {
        if x <= most {
            most
        } else if x.is_nan() {
            f64::INFINITY
        } else {
            x
        }
    })
}

/// Updates the agent of a case through all its batches.
fn go(case: &Case<'_>, found: &mut Found) -> Result<()> {
    let mut agent = case.agent()?;
    let mut streams = Streams::new(SEED);
    for update in 0..case.setting("updates")? as usize {
        let told = agent.update(&case.batch(update)?, &mut streams);
        let told = told.map_err(|error| format!("{} {update}: {error}", case.name))?;
        found.report(case, update, &told)?;
    }
    let shapes = algos::shapes(&case.config()?, &case.rows);
    for (shape, (name, net)) in shapes.iter().zip(agent.networks()) {
        assert_eq!(shape.name, name);
        found.network(case, shape, net)?;
    }
    found.acts(case, &mut *agent)
}

#[test]
fn updates_are_those_of_the_definitions_in_pytorch() -> Result<()> {
    let recording = &recording()?;
    let devices = device::available().into_iter();
    for device in devices.filter(|device| !["wgpu", "cuda"].contains(device)) {
        for storage in [Storage::Csr, Storage::Masked] {
            let mut found = Found::default();
            for name in CASES {
                go(&Case::new(name, recording, device, storage)?, &mut found)?;
            }
            let what = |part: &str| format!("offline {device} {storage:?} {part}");
            found.told.check(&what("losses"), TOLERANCE)?;
            found.networks.check(&what("networks"), TOLERANCE)?;
            found.acts.check(&what("actions"), TOLERANCE)?;
        }
    }
    Ok(())
}

/// SNIP's scores of the networks of one objective.
fn scores(networks: &[(&str, &SparseMlp)], objective: Objective) -> Result<Vec<f64>> {
    let pick = |places: &[usize]| -> Vec<&SparseMlp> {
        places.iter().map(|place| networks[*place].1).collect()
    };
    let (own, fixed) = (pick(&objective.networks), pick(&objective.fixed));
    let losses = [objective.loss as Box<Loss>];
    let group = Group::new(&own, &losses).map_err(said)?.with_fixed(&fixed);
    let budget = Budget {
        sparsity: 0.5,
        allocation: Allocation::Global,
        floor: Floor::NONE,
    };
    let rng = &mut Streams::new(0).exploration;
    let scores = CriterionConfig::Snip.scores(&group, &budget, rng);
    Ok(scores.map_err(said)?.iter().collect())
}

/// `|θ ∂L/∂θ|` over its sum, by each network's own loss.
#[test]
fn scores_are_those_of_the_definitions_in_pytorch() -> Result<()> {
    let recording = &recording()?;
    for name in CASES.into_iter().filter(|name| !name.contains(' ')) {
        let case = Case::new(name, recording, "flex", Storage::Csr)?;
        let agent = case.agent()?;
        let objectives = agent.objectives(&case.batch(0)?, &mut Streams::new(SEED));
        let networks = agent.networks();
        let mut seen = vec![0; networks.len()];
        let mut errors = Errors::default();
        for objective in objectives.map_err(said)? {
            objective
                .networks
                .iter()
                .for_each(|place| seen[*place] += 1);
            let names: Vec<&str> = objective.networks.iter().map(|n| networks[*n].0).collect();
            let key = format!("scores/{}", names.join("+"));
            let expected = &case.get(&key)?.data;
            let found = scores(&networks, objective)?;
            let most = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            errors.add_error(format!("{name} {key}"), distance(expected, &found) / most);
        }
        if seen.iter().any(|times| *times != 1) {
            return Err(format!(
                "{name}: in so many objectives are networks: {seen:?}"
            ));
        }
        errors.check(&format!("{name} scores"), TOLERANCE)?;
    }
    Ok(())
}

/// Else the cases would fail for no fault of the algorithms.
#[test]
fn the_recorded_noise_is_that_of_the_streams() -> Result<()> {
    let (recording, streams) = (recording()?, Streams::new(SEED));
    let drawn = [
        ("noise", streams.target_noise),
        ("latents", streams.exploration),
    ];
    for (key, mut stream) in drawn {
        for (at, recorded) in recording.get(key)?.data.iter().enumerate() {
            let unit: f32 = StandardNormal.sample(&mut stream);
            if f64::from(unit) != *recorded {
                let remedy = "run the example `noise` and golden/offline/record.py anew";
                return Err(format!(
                    "{key} {at} is {unit}, recorded {recorded}: {remedy}"
                ));
            }
        }
    }
    Ok(())
}
