//! How a dataset of a kind is made, and its metadata.

use crate::args::collect::{CollectArgs, Kind};
use anyhow::{Context, Result};
use envs::{Env, TaskInfo, VecEnv};
use offline_prune::Result as Collected;
use offline_prune::collect::{Rollouts, describe, from_replay};
use offline_prune::dataset::Episode;
use offline_prune::dataset::minari::Description;
use rand::RngExt;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rl_algos::config::Spread;
use serde_json::{Value, json};
use sparse_core::math::StandardNormal;

use super::rounded;
use super::source::{Kept, Run, STREAMS, Source, Stored, stream};
use crate::folder::policies::Player;
use crate::settings::label;
use crate::terminal::table::thousands;

/// Default number of transitions, as in D4RL's datasets.
const TRANSITIONS: u64 = 1_000_000;

/// Environments that step together. Another number would make another dataset, so it does not depend on the machine.
const ENVIRONMENTS: usize = 16;

/// Default noise: TD3's exploration noise.
const NOISE: f64 = 0.1;

/// Acts on an observation, in [-1, 1].
type Act = Box<dyn FnMut(&[f32], &mut [f32])>;

/// A dataset to be made.
pub(super) struct Plan {
    pub(super) description: Description,
    pub(super) transitions: usize,
    /// What it is made of, in a sentence.
    pub(super) said: String,
    kind: Kind,
    task: TaskInfo,
    env: Box<dyn Env>,
    parts: Vec<Part>,
}

/// Transitions of one origin.
enum Part {
    Random(usize),
    Policy {
        policy: Player,
        acting: Acting,
        transitions: usize,
    },
    Replay(Stored),
}

/// How a policy acts.
#[derive(Clone, Debug)]
enum Acting {
    /// By its mean, with Gaussian noise of this standard deviation.
    Noise(f64),
    /// By a sample of its own Gaussian.
    Sample(Spread),
}

impl Plan {
    /// Reads all that the dataset needs.
    ///
    /// # Errors
    /// When the run lacks it, or the dataset's name is not valid.
    pub(super) fn new(kind: Kind, args: &CollectArgs, source: &Source) -> Result<Self> {
        let most = args.transitions.map(usize::try_from).transpose()?;
        let count = most.unwrap_or(TRANSITIONS as usize);
        let task = &source.task;
        let builder = PlanBuilder { kind, args, source };
        let (parts, said, origin) = match kind {
            Kind::Random => builder.random(count),
            Kind::Medium => builder.policies(&[(builder.run()?.medium()?, count)])?,
            Kind::Expert => builder.policies(&[(builder.run()?.expert.clone(), count)])?,
            Kind::MediumExpert => {
                let run = builder.run()?;
                let halves = [count.div_ceil(2), count / 2];
                let policies = [run.medium()?, run.expert.clone()];
                let parts: Vec<_> = policies.into_iter().zip(halves).collect();
                builder.policies(&parts)?
            }
            Kind::MediumReplay => builder.replay(most.unwrap_or(usize::MAX))?,
        };
        let description = builder.description(&said, origin);
        description.validate()?;
        Ok(Self {
            transitions: parts.iter().map(Part::transitions).sum(),
            description,
            said,
            kind,
            task: task.clone(),
            env: source.env.clone(),
            parts,
        })
    }

    /// Least bytes that it takes on the disk: observation, action, reward and end of every transition.
    pub(super) fn bytes(&self) -> u64 {
        let numbers = self.task.observation.len() + self.task.action.len() + 1;
        let transition = size_of::<f32>() * numbers + 2;
        (self.transitions as u64).saturating_mul(transition as u64)
    }

    /// Its episodes, made as they are asked for.
    ///
    /// # Errors
    /// When the environments cannot be made or reset.
    pub(super) fn episodes(
        self,
        args: &CollectArgs,
    ) -> Result<impl Iterator<Item = Collected<Episode>>> {
        let mut whole: Vec<Box<dyn Iterator<Item = Collected<Episode>>>> = Vec::new();
        for (number, part) in (0..).zip(self.parts) {
            // Every part of every kind has its own starting states and its own noise.
            let first = STREAMS + 4 * self.kind as u64 + 2 * number;
            let [mut seeds, rng] = [first, first + 1].map(|k| stream(args.seed, k));
            let (act, transitions): (Act, usize) = match part {
                Part::Replay(stored) => {
                    let episodes = replayed(stored, &self.task)?;
                    whole.push(Box::new(episodes.into_iter().map(Ok)));
                    continue;
                }
                Part::Random(transitions) => (random(rng), transitions),
                Part::Policy {
                    policy,
                    acting,
                    transitions,
                } => (acting.act(policy, rng), transitions),
            };
            if transitions > 0 {
                let envs = VecEnv::from_envs(vec![self.env.clone(); ENVIRONMENTS])?;
                let rollouts = Rollouts::new(envs, transitions, &mut seeds, act)?;
                whole.push(Box::new(rollouts));
            }
        }
        Ok(whole.into_iter().flatten())
    }
}

impl Part {
    fn transitions(&self) -> usize {
        match self {
            Self::Random(transitions) | Self::Policy { transitions, .. } => *transitions,
            Self::Replay(stored) => stored.rows.len(),
        }
    }
}

impl Acting {
    /// What metadata say of it.
    fn said(&self) -> String {
        match self {
            Self::Sample(_) => "a sample of the policy's Gaussian".to_owned(),
            Self::Noise(std) if *std == 0.0 => "the policy's mean action".to_owned(),
            Self::Noise(std) => format!(
                "the policy's mean action and Gaussian noise of standard deviation {std}, clipped to [-1, 1]"
            ),
        }
    }

    fn act(self, mut policy: Player, mut rng: ChaCha8Rng) -> Act {
        Box::new(move |seen, action| match &self {
            Self::Sample(spread) => policy.sample(seen, *spread, &mut rng, action),
            Self::Noise(std) => {
                policy.act(seen, action);
                for action in action {
                    let unit: f32 = StandardNormal.sample(&mut rng);
                    *action = (*action + *std as f32 * unit).clamp(-1.0, 1.0);
                }
            }
        })
    }
}

fn random(mut rng: ChaCha8Rng) -> Act {
    Box::new(move |_, action| action.fill_with(|| rng.random_range(-1.0..=1.0)))
}

/// A replay's episodes; they lie in memory, as the replay does.
fn replayed(stored: Stored, task: &TaskInfo) -> Collected<Vec<Episode>> {
    from_replay(&stored.replay, task, stored.rows).map(Iterator::collect)
}

/// The parts of a dataset, what they are in a sentence, and as metadata.
type Made = (Vec<Part>, String, Value);

/// What a plan is made from.
struct PlanBuilder<'a> {
    kind: Kind,
    args: &'a CollectArgs,
    source: &'a Source,
}

impl<'a> PlanBuilder<'a> {
    fn run(&self) -> Result<&'a Run> {
        let kind = self.kind.name();
        self.source.run().with_context(|| {
            format!("--kind {kind} needs RUN, the folder of a run; --env alone gives random")
        })
    }

    fn random(&self, transitions: usize) -> Made {
        let said = "uniformly random actions".to_owned();
        let origin = json!({ "acting": said });
        (vec![Part::Random(transitions)], said, origin)
    }

    fn policies(&self, policies: &[(Kept, usize)]) -> Result<Made> {
        let run = self.run()?;
        let acting = match (run.config.algo.spread(), self.args.noise) {
            (Some(spread), None) => Acting::Sample(spread),
            (_, noise) => Acting::Noise(noise.unwrap_or(NOISE)),
        };
        let device = sparse_core::device::by_name(self.args.device.unwrap_or_default().name())?;
        let (mut parts, mut said, mut origins) = (Vec::new(), Vec::new(), Vec::new());
        for (kept, transitions) in policies {
            parts.push(Part::Policy {
                policy: Player::of(&run.config, &kept.file, &self.source.task, &device)?,
                acting: acting.clone(),
                transitions: *transitions,
            });
            said.push(format!(
                "{} by the policy of step {} (return {})",
                thousands(*transitions as f64),
                thousands(kept.step as f64),
                rounded(kept.mean)
            ));
            origins.push(json!({
                "step": kept.step,
                "evaluation_return": kept.mean,
                "transitions": transitions,
            }));
        }
        let said = format!("{}; acts by {}", said.join(", "), acting.said());
        let origin = json!({ "acting": acting.said(), "policies": origins });
        Ok((parts, said, origin))
    }

    fn replay(&self, most: usize) -> Result<Made> {
        let run = self.run()?;
        let medium = run.medium()?;
        let stored = run.replay(medium.step, most)?;
        let [first, last] = stored.steps;
        let mut said = format!(
            "the run's replay from step {} to {}, where the medium policy is (return {})",
            thousands(first as f64),
            thousands(last as f64),
            rounded(medium.mean)
        );
        if stored.oldest > 1 {
            let oldest = thousands(stored.oldest as f64);
            said += &format!("; the steps before {oldest} are forgotten");
        }
        let origin = json!({
            "acting": "as the run explored",
            "replay_steps": [first, last],
            "forgotten_steps": stored.oldest - 1,
            "medium_step": medium.step,
            "medium_evaluation_return": medium.mean,
        });
        Ok((vec![Part::Replay(stored)], said, origin))
    }

    fn description(&self, said: &str, mut origin: Value) -> Description {
        let task = &self.source.task;
        let kind = self.kind.name();
        let id = format!("{}/{kind}-v0", namespace(&label(task.id)));
        let id = self.args.name.as_ref().unwrap_or(&id);
        let mut description = describe(id, task, &self.source.env_settings);
        let mut algorithm = "random".to_owned();
        origin["collect_seed"] = json!(self.args.seed);
        if let (Some(run), true) = (self.source.run(), self.kind != Kind::Random) {
            let (algo, recipe) = (run.config.algo.name().to_uppercase(), &run.config.recipe);
            algorithm = format!("{algo} ({recipe})");
            origin["run"] = json!(run.name());
            origin["recipe"] = json!(recipe);
            origin["train_seed"] = json!(run.config.seed);
            origin["train_steps"] = json!(run.config.steps);
            origin["random_return"] = json!(run.random);
            origin["best_return"] = json!(run.expert.mean);
        }
        let about = format!("{} {kind}: {said}.", task.id);
        let mut set = |key: &str, value| description.entries.insert(key.to_owned(), value);
        set("algorithm_name", json!(algorithm));
        set("description", json!(about));
        set("source", origin);
        if let Some((reference, from)) = self.source.reference() {
            set("reference_scores", json!(from));
            description.reference = Some(reference);
        }
        description
    }
}

/// A task's name without its version, as Minari's names have it: of small letters, digits, `-` and `_`.
fn namespace(task: &str) -> String {
    let unversioned = task
        .rsplit_once("-v")
        .filter(|(_, version)| !version.is_empty() && version.bytes().all(|c| c.is_ascii_digit()));
    let name = unversioned.map_or(task, |(name, _)| name);
    let word = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || c == '_' => c,
        _ => '-',
    };
    name.chars().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_a_name_among_datasets() {
        for (task, name) in [
            ("HalfCheetah-v5", "halfcheetah"),
            ("dmc-walker-run", "dmc-walker-run"),
            ("my-vehicle", "my-vehicle"),
            ("robot.v1", "robot-v1"),
            ("Läufer_2-v12", "l-ufer_2"),
        ] {
            assert_eq!(namespace(task), name);
        }
    }
}
