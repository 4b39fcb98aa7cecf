//! Evaluation of a policy: deterministic episodes in separate environments.

use envs::VecEnv;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::scale::{ActionRange, to_agent};
use crate::{Error, Result};

/// Returns and lengths of some episodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returns {
    /// Mean return.
    pub mean: f64,
    /// Standard deviation of the returns over the episodes.
    pub std: f64,
    /// Lowest return.
    pub min: f64,
    /// Highest return.
    pub max: f64,
    /// Mean length (environment steps).
    pub length: f64,
    /// Return of each episode.
    pub episodes: Vec<f64>,
}

/// Most steps of an episode of a task without a time limit.
const LONGEST: usize = 100_000;

/// Runs one episode in each of `envs` with the actions of `policy`, each from a state drawn from a seed of
/// `seeds`. The policy sees one observation and writes
/// one action in [-1, 1].
///
/// The environments step together on all threads; each has the bits that it has alone.
///
/// # Errors
/// The environments' own, [`Error::Diverged`](envs::Error::Diverged) when the physics of one does,
/// [`Endless`](envs::Error::Endless) when an episode goes on after the task's limit,
/// [`Unlimited`](envs::Error::Unlimited) when one of a task without a limit does not end in 100,000 steps; [`Error::ActionRange`]; [`Error::Overflow`].
pub fn evaluate(
    envs: &mut VecEnv,
    seeds: &mut ChaCha8Rng,
    policy: impl FnMut(&[f32], &mut [f32]),
) -> Result<Returns> {
    let returns = evaluate_while(envs, seeds, policy, || true)?;
    returns.ok_or_else(|| Error::config("evaluation", "cut off", "whole"))
}

/// As [`evaluate`], as long as `goes_on` says so before a step; `None` when it was cut off.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_while(
    envs: &mut VecEnv,
    seeds: &mut ChaCha8Rng,
    mut policy: impl FnMut(&[f32], &mut [f32]),
    mut goes_on: impl FnMut() -> bool,
) -> Result<Option<Returns>> {
    let range = ActionRange::of(&envs.info().action)?;
    let (width, episodes) = (envs.info().action.len(), envs.len());
    let mut observation = vec![0.0; envs.info().observation.len()];
    let (mut actions, mut action) = (vec![0.0; episodes * width], vec![0.0; width]);
    let (mut returns, mut running) = (vec![0.0; episodes], vec![true; episodes]);
    let (mut steps, mut elapsed) = (0, 0);
    let diverged = envs.diverged();
    envs.reset_with(|_| seeds.random())?;
    while running.contains(&true) {
        if !goes_on() {
            return Ok(None);
        }
        for (i, env_action) in actions.chunks_exact_mut(width).enumerate() {
            // A finished episode waits for the others.
            if running[i] {
                to_agent(envs.observation(i), &mut observation)?;
                policy(&observation, &mut action);
                range.to_task(&action, env_action);
            }
        }
        let (task, limit) = (envs.info().id, envs.info().max_episode_steps);
        if limit == 0 && elapsed == LONGEST {
            let steps = LONGEST;
            return Err(Error::Env(envs::Error::Unlimited { task, steps }));
        }
        if limit > 0 && elapsed == limit {
            return Err(Error::Env(envs::Error::Endless { task, limit }));
        }
        elapsed += 1;
        let made = envs.step_some(&actions, |i| running[i])?;
        for (i, step) in made.iter().enumerate() {
            if running[i] {
                returns[i] += step.reward;
                steps += 1;
                running[i] = !(step.terminated || step.truncated);
            }
        }
        if envs.diverged() > diverged {
            let task = envs.info().id;
            return Err(Error::Env(envs::Error::Diverged {
                task,
                elapsed_steps: elapsed,
            }));
        }
    }
    let count = episodes as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let variance = returns.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / count;
    Ok(Some(Returns {
        mean,
        std: variance.sqrt(),
        min: returns.iter().copied().fold(f64::INFINITY, f64::min),
        max: returns.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        length: steps as f64 / count,
        episodes: returns,
    }))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn returns_are_those_of_the_episodes() {
        let mut envs = VecEnv::new("Hopper-v5", 4).unwrap();
        let mut seeds = ChaCha8Rng::seed_from_u64(5);
        let returns = evaluate(&mut envs, &mut seeds, |_, action| action.fill(0.0)).unwrap();
        assert_eq!(returns.episodes.len(), 4);
        let mean = returns.episodes.iter().sum::<f64>() / 4.0;
        assert!((returns.mean - mean).abs() < 1e-12);
        assert!(returns.min <= mean && mean <= returns.max && returns.std > 0.0);
        assert!(returns.length > 1.0 && returns.length < 1000.0);
    }

    /// One after the other, with the same seeds.
    #[test]
    fn episodes_together_are_those_alone() {
        let mut seeds = ChaCha8Rng::seed_from_u64(8);
        let policy = |seen: &[f32], action: &mut [f32]| {
            action.copy_from_slice(&[seen[0].sin(), -seen[1], 0.3]);
        };
        let mut envs = VecEnv::new("Hopper-v5", 3).unwrap();
        let together = evaluate(&mut envs, &mut seeds.clone(), policy).unwrap();
        let mut one = VecEnv::new("Hopper-v5", 1).unwrap();
        for expected in together.episodes {
            let alone = evaluate(&mut one, &mut seeds, policy).unwrap();
            assert_eq!(alone.episodes, [expected]);
        }
    }
}
