//! How good a policy is: deterministic episodes on an environment of their own.

use envs::Env;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::scale::{ActionRange, to_agent};
use crate::{Error, Result};

/// Returns and lengths of some episodes.
#[derive(Clone, Debug, PartialEq)]
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

/// Runs `episodes` episodes of `env` with the actions of `policy` (observation to action in [-1, 1]), one
/// after the other, each from a state drawn from a seed of `seeds`.
///
/// # Errors
/// The environment's own, or [`Error::Config`] when there are no episodes.
pub fn evaluate(
    env: &mut dyn Env,
    episodes: usize,
    seeds: &mut ChaCha8Rng,
    mut policy: impl FnMut(&[f32]) -> Vec<f32>,
) -> Result<Returns> {
    if episodes == 0 {
        return Err(Error::config("episodes", 0, "1 or more"));
    }
    let info = env.info();
    let range = ActionRange::of(info.action);
    let mut observation = vec![0.0; info.observation.len()];
    let mut seen = vec![0.0; observation.len()];
    let mut action = vec![0.0; info.action.len()];
    let (mut returns, mut steps) = (Vec::with_capacity(episodes), 0);
    for _ in 0..episodes {
        env.reset(seeds.random(), &mut observation)?;
        let mut sum = 0.0;
        loop {
            to_agent(&observation, &mut seen);
            range.to_task(&policy(&seen), &mut action);
            let step = env.step(&action, &mut observation)?;
            sum += step.reward;
            steps += 1;
            if step.terminated || step.truncated {
                break;
            }
        }
        returns.push(sum);
    }
    let count = episodes as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let variance = returns.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / count;
    Ok(Returns {
        mean,
        std: variance.sqrt(),
        min: returns.iter().copied().fold(f64::INFINITY, f64::min),
        max: returns.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        length: steps as f64 / count,
        episodes: returns,
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn returns_are_those_of_the_episodes() {
        let mut env = envs::make("Hopper-v5").unwrap();
        let mut seeds = ChaCha8Rng::seed_from_u64(5);
        let returns = evaluate(&mut *env, 4, &mut seeds, |_| vec![0.0; 3]).unwrap();
        assert_eq!(returns.episodes.len(), 4);
        let mean = returns.episodes.iter().sum::<f64>() / 4.0;
        assert!((returns.mean - mean).abs() < 1e-12);
        assert!(returns.min <= mean && mean <= returns.max && returns.std > 0.0);
        assert!(returns.length > 1.0 && returns.length < 1000.0);
        assert!(evaluate(&mut *env, 0, &mut seeds, |_| vec![]).is_err());
    }
}
