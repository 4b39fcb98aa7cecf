//! Updates of the offline algorithms beside the same ones in PyTorch, in double precision: losses, networks, what is
//! acted, and the scores that weights are pruned by.
//!
//! The cases are those of `golden/offline/record.py`, which has the algorithms from the papers' definitions. Where an
//! algorithm has targets, later losses show whether they follow.

use std::ops::Deref;
use std::path::Path;

use offline_prune::agent::{NetworkShape, Objective, OfflineAgent};
use offline_prune::config::{
    AlgoConfig, AwacConfig, BcqConfig, IqlConfig, OfflineConfig, Td3BcConfig,
};
use offline_prune::criteria::{Criterion, CriterionConfig};
use offline_prune::prune::{Budget, Group, Loss, MinConnectivity};
use rand_distr::{Distribution, StandardNormal};
use rl_algos::agent::{Agent, Network};
use rl_algos::nets::BatchShape;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::budget::Allocation;
use sparse_core::device;
use sparse_core::nn::{SparseMlp, Storage};
use tests::Errors;
use tests::recording::{Recording, Result};
use tests::updates::{self, distance, most, parts_of, said};

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

fn recording() -> Result<Recording> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/offline/offline.npz");
    Recording::read(&file)
}

/// One case of the recording, on a device and with kernels of a kind.
struct Case<'a> {
    recorded: updates::Case<'a>,
    rows: BatchShape,
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
            recorded: updates::Case { name, recording },
            rows: BatchShape {
                obs_dim: observation,
                act_dim: action,
                device,
            },
            storage,
        })
    }
}

impl<'a> Deref for Case<'a> {
    type Target = updates::Case<'a>;

    fn deref(&self) -> &Self::Target {
        &self.recorded
    }
}

impl Case<'_> {
    fn algo(&self) -> Result<AlgoConfig> {
        let name = self.name.split(' ').next().unwrap_or(self.name);
        let mut algo: AlgoConfig = name.parse().map_err(said)?;
        if let Some(td3_bc) = algo.get_mut::<Td3BcConfig>() {
            td3_bc.alpha = self.setting("alpha")?;
            td3_bc.target_noise = self.setting("target_noise")?;
            td3_bc.target_noise_clip = self.setting("target_noise_clip")?;
            td3_bc.policy_delay = self.setting("policy_delay")? as u64;
        }
        if let Some(iql) = algo.get_mut::<IqlConfig>() {
            iql.expectile = self.setting("expectile")?;
            iql.beta = self.setting("beta")?;
            iql.reward_scale = Some(self.setting("reward_scale")?);
            iql.log_std_min = self.setting("log_std_min")?;
            iql.log_std_max = self.setting("log_std_max")?;
        }
        if let Some(awac) = algo.get_mut::<AwacConfig>() {
            awac.lambda = self.setting("lambda")?;
            awac.log_std_min = self.setting("log_std_min")?;
            awac.log_std_max = self.setting("log_std_max")?;
        }
        if let Some(bcq) = algo.get_mut::<BcqConfig>() {
            bcq.phi = self.setting("phi")?;
            bcq.lambda = self.setting("lambda")?;
            bcq.samples = self.setting("samples")? as usize;
            bcq.candidates = self.setting("candidates")? as usize;
            bcq.latent_per_action = self.setting("latent_per_action")? as usize;
            bcq.vae_learning_rate = self.setting("vae_learning_rate")?;
            bcq.vae_hidden = vec![HIDDEN; 2];
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

    /// A network before the first update.
    fn network(&self, shape: &NetworkShape) -> Result<SparseMlp> {
        let keys = ["before", "mask"].map(|moment| format!("{moment}/{}", shape.name));
        let keys = keys.each_ref().map(String::as_str);
        let device = &self.rows.device;
        self.recorded
            .network(keys, &shape.sizes, self.storage, device)
    }

    /// The agent before the first update.
    fn agent(&self) -> Result<Box<dyn OfflineAgent>> {
        let config = self.config()?;
        let shapes = config.shapes(&self.rows);
        let networks = shapes.iter().map(|shape| self.network(shape));
        let networks: Vec<SparseMlp> = networks.collect::<Result<_>>()?;
        config.build(self.rows.clone(), networks).map_err(said)
    }

    /// The batch of one update.
    fn batch(&self, update: usize) -> Result<Batch> {
        Ok(Batch {
            size: self.setting("rows")? as usize,
            observation: self.recorded.batch("observation", update)?,
            action: self.recorded.batch("action", update)?,
            return_n: self.recorded.batch("return_n", update)?,
            discount: self.recorded.batch("discount", update)?,
            next_observation: self.recorded.batch("next", update)?,
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
    /// The numbers of an update: each one that is recorded, and no other.
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
        let parts = |moment| case.parts(&format!("{moment}/{}", shape.name), &shape.sizes);
        let [before, expected] = ["before", "after"].map(parts);
        let (before, expected) = (before?, expected?);
        assert_eq!(parts_of(net).len(), expected.len(), "{}", shape.name);
        for (index, (found, reference)) in parts_of(net).iter().zip(&expected).enumerate() {
            let place = format!("{} {} part {index}", case.name, shape.name);
            let layer = &expected[index / 2 * 2..index / 2 * 2 + 2];
            let scale = most(layer.iter().copied().flatten().copied());
            if distance(reference, before[index]) < LEAST_MOVE * scale {
                return Err(format!("{place} hardly moves"));
            }
            self.networks
                .add_error(place, distance(reference, found) / scale);
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

/// Updates the agent of a case through all its batches.
fn go(case: &Case<'_>, found: &mut Found) -> Result<()> {
    let mut agent = case.agent()?;
    let mut streams = Streams::new(SEED);
    for update in 0..case.setting("updates")? as usize {
        let updated: &mut dyn Agent = &mut *agent;
        let told = updated.update(&case.batch(update)?, &mut streams);
        let told = told.map_err(|error| format!("{} {update}: {error}", case.name))?;
        let names: Vec<&str> = told.metrics.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, agent.metrics(), "{}", case.name);
        found.report(case, update, &told.metrics)?;
    }
    let shapes = case.config()?.shapes(&case.rows);
    for (shape, network) in shapes.iter().zip(agent.networks()) {
        assert_eq!(shape.name, network.name);
        found.network(case, shape, network.mlp().ok_or("a module of its own")?)?;
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
fn scores(networks: &[Network<'_>], objective: Objective) -> Result<Vec<f64>> {
    let pick = |places: &[usize]| -> Vec<&SparseMlp> {
        places
            .iter()
            .filter_map(|place| networks[*place].mlp())
            .collect()
    };
    let (own, fixed) = (pick(&objective.networks), pick(&objective.fixed));
    let losses = [objective.loss as Box<Loss>];
    let group = Group::new(&own, &losses).map_err(said)?.with_fixed(&fixed);
    let budget = Budget {
        sparsity: 0.5,
        allocation: Allocation::Global,
        floor: MinConnectivity::NONE,
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
            let names: Vec<&str> = objective
                .networks
                .iter()
                .map(|n| networks[*n].name)
                .collect();
            let key = format!("scores/{}", names.join("+"));
            let expected = &case.get(&key)?.data;
            let found = scores(&networks, objective)?;
            let most = most(expected.iter().copied());
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
