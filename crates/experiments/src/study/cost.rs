//! What a study will take, before it begins: time of cores, and disk.

use std::collections::HashMap;

use anyhow::Result;
use offline_prune::config::OfflineConfig;
use rl_algos::config::{Need, TrainConfig};

use crate::roster::manifest::{Planned, Source};
use crate::roster::status::{State, Status};

/// Time of an update that does not depend on its networks (s), one core with AVX-512; of an environment step about a
/// tenth.
const UPDATE: f64 = 0.35e-3;

/// Multiplications and additions per second of an update's networks, the same.
const RATE: f64 = 100e9;

/// Time of a step of an evaluation (s), and steps of an episode.
const EVALUATION: [f64; 2] = [25e-6, 1000.0];

/// Files of a run beside its replay and its weights: tables, settings, TensorBoard.
const FILES: u64 = 500_000;

/// Copies of a run's weights on disk: three checkpoints, and those with both of Adam's moments that it goes on from, each
/// value with its place.
const COPIES: u64 = 24;

/// What runs take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    /// Time of a core (s).
    pub(super) seconds: f64,
    /// Bytes that stay when it is whole.
    pub(super) stays: u64,
    /// Bytes that it goes on from, until it is whole.
    pub(super) resume: u64,
}

/// The cost of each run. Where runs of a method in a task are whole, the time that they took counts.
///
/// # Errors
/// When a configuration cannot be read.
pub(super) fn of(runs: &[Planned], status: &Status) -> Result<Vec<Cost>> {
    let mut took: HashMap<Kind<'_>, (f64, f64)> = HashMap::new();
    for (run, state) in runs.iter().zip(&status.states) {
        if let State::Done(done) = state {
            let sums = took.entry(kind(run)).or_default();
            sums.0 += done.seconds;
            sums.1 += done.length as f64;
        }
    }
    // Runs that differ by their seed alone cost the same.
    let mut known: HashMap<Kind<'_>, Cost> = HashMap::new();
    let mut costs = Vec::with_capacity(runs.len());
    for run in runs {
        let key = kind(run);
        let cost = match known.get(&key) {
            Some(cost) => *cost,
            None => {
                let mut cost = one(run)?;
                if let Some((seconds, length)) = took.get(&key) {
                    cost.seconds = seconds / length * run.length as f64;
                }
                known.insert(key, cost);
                cost
            }
        };
        costs.push(cost);
    }
    Ok(costs)
}

/// What runs have in common that differ by their seed alone: task, method and dataset.
pub(super) type Kind<'a> = (&'a str, &'a str, Option<&'a str>);

pub(super) fn kind(run: &Planned) -> Kind<'_> {
    (&run.task, &run.method, run.dataset.as_deref())
}

/// The memory that a run takes at the least, setting by setting.
///
/// # Errors
/// When its configuration cannot be read.
pub(super) fn memory(run: &Planned) -> Result<Vec<Need>> {
    if run.source == Source::Offline {
        return Ok(Vec::new());
    }
    let config = TrainConfig::from_toml(&run.config)?;
    let env = config.make_env()?;
    Ok(config.needs(env.info().observation.len(), env.info().action.len()))
}

fn one(run: &Planned) -> Result<Cost> {
    match run.source {
        Source::Online => online(&TrainConfig::from_toml(&run.config)?),
        Source::Offline => Ok(offline(&OfflineConfig::from_toml(&run.config)?)),
    }
}

fn online(config: &TrainConfig) -> Result<Cost> {
    let env = config.make_env()?;
    let [seen, done] = [env.info().observation.len(), env.info().action.len()];
    let shape = config.algo.shape();
    let [actor, critic] = config.initial_sparsity().map(|absent| 1.0 - absent);
    let actor = actor
        * weights(
            seen,
            &config.networks.actor,
            config.algo.actor_outputs(done),
        );
    let critic = critic * weights(seen + done, &config.networks.critic, 1);
    let critics = shape.critics as f64;
    // Critics: three passes of their own and one of the targets; the actor: one of its target, and of each of its updates
    // three of its own and two through a critic.
    let work = 4.0 * critics * critic
        + actor
        + (3.0 * actor + 2.0 * critic) / shape.policy_delay.max(1) as f64;
    let update = UPDATE + config.learning.batch_size as f64 * work / RATE;
    let evaluations = config.steps.div_ceil(config.evaluation.every) as f64;
    let stored = config.steps.min(config.replay.capacity as u64);
    let transition = 4 * (seen as u64 + 2 * done as u64 + 1) + 1;
    let saved = COPIES / 2 * (actor + critics * critic) as u64;
    let policies = match config.evaluation.keep_policies {
        true => evaluations as u64 * 8 * actor as u64,
        false => 0,
    };
    Ok(Cost {
        seconds: config.updates() as f64 * update
            + config.steps as f64 * 0.1 * UPDATE
            + evaluations * config.evaluation.episodes as f64 * EVALUATION[0] * EVALUATION[1],
        stays: FILES + saved + policies,
        resume: stored * transition + 2 * saved,
    })
}

fn offline(config: &OfflineConfig) -> Cost {
    let hidden = |sizes: &[usize]| {
        sizes
            .windows(2)
            .map(|pair| (pair[0] * pair[1]) as f64)
            .sum::<f64>()
    };
    let kept = config
        .pruning
        .as_ref()
        .map_or(1.0, |pruning| 1.0 - pruning.sparsity);
    let all = hidden(&config.networks.actor) + 2.0 * hidden(&config.networks.critic);
    let update = UPDATE + config.learning.batch_size as f64 * 4.0 * kept * all / RATE;
    let evaluations = config.updates.div_ceil(config.evaluation.every) as f64;
    let saved = COPIES * (kept * all) as u64;
    Cost {
        seconds: config.updates as f64 * update
            + evaluations * config.evaluation.episodes as f64 * EVALUATION[0] * EVALUATION[1],
        stays: FILES + saved,
        resume: saved,
    }
}

/// Weights of a dense network.
fn weights(first: usize, hidden: &[usize], last: usize) -> f64 {
    let sizes = [&[first], hidden, &[last]].concat();
    sizes
        .windows(2)
        .map(|pair| (pair[0] * pair[1]) as f64)
        .sum()
}

/// The time of cores of all runs that are not whole (s), and the bytes that they add to the disk: of all what stays, and of
/// those that go at once, or of all that keep it, what they go on from.
pub(super) fn sum(costs: &[Cost], status: &Status, jobs: usize, keep_resume: bool) -> (f64, u64) {
    let open = costs.iter().zip(&status.states);
    let open = open.filter(|(_, state)| !matches!(state, State::Done(_)));
    let open: Vec<&Cost> = open.map(|(cost, _)| cost).collect();
    let seconds = open.iter().map(|cost| cost.seconds).sum();
    let stays: u64 = open.iter().map(|cost| cost.stays).sum();
    let mut resume: Vec<u64> = open.iter().map(|cost| cost.resume).collect();
    resume.sort_unstable_by(|a, b| b.cmp(a));
    let at_once = if keep_resume { resume.len() } else { jobs };
    (seconds, stays + resume.iter().take(at_once).sum::<u64>())
}

#[cfg(test)]
mod tests {
    use rl_algos::recipes;

    use super::*;

    fn cost(recipe: &str, env: &str, steps: u64) -> Cost {
        let mut config = recipes::named(recipe, env).unwrap();
        config.steps = steps;
        online(&config).unwrap()
    }

    #[test]
    fn a_run_of_a_million_steps_takes_what_such_runs_took() {
        // Minutes on one core with AVX-512, as measured; a guess may be off by half.
        for (recipe, env, minutes) in [
            ("rlx2-td3", "HalfCheetah-v5", 13.0),
            ("rlx2-td3", "Hopper-v5", 8.0),
            ("dense-td3", "HalfCheetah-v5", 40.0),
            ("dense-sac", "HalfCheetah-v5", 60.0),
        ] {
            let guess = cost(recipe, env, 1_000_000).seconds / 60.0;
            assert!(
                (0.5..2.0).contains(&(guess / minutes)),
                "{recipe} {env}: {guess:.0} min"
            );
        }
        // 121 bytes a transition.
        let resume = cost("rlx2-td3", "HalfCheetah-v5", 1_000_000).resume;
        assert!((121_000_000..130_000_000).contains(&resume), "{resume}");
    }

    #[test]
    fn whole_runs_cost_nothing_more_and_tell_what_others_will() {
        use crate::roster::manifest::tests::planned;
        use crate::roster::status::Done;
        let run = |seed| Planned {
            config: recipes::named("rlx2", "Hopper-v5")
                .unwrap()
                .to_toml()
                .unwrap(),
            length: 1000,
            ..planned(&format!("r{seed}"), seed)
        };
        let runs = [run(0), run(1), run(2)];
        let done = Done {
            length: 1000,
            seconds: 50.0,
        };
        let status = Status {
            states: vec![State::Done(done), State::Missing, State::CutOff(5)],
            ..Status::default()
        };
        let costs = of(&runs, &status).unwrap();
        let (seconds, one) = sum(&costs, &status, 1, false);
        assert!((seconds - 100.0).abs() < 1e-9);
        let (_, all) = sum(&costs, &status, 1, true);
        assert_eq!(all - one, costs[0].resume);
    }
}
