//! A trained policy, for evaluation and deployment.

use std::path::Path;

use burn::tensor::Device;
use envs::TaskInfo;
use rand::Rng;
use rand::distr::Distribution;
use sparse_core::math::{StandardNormal, tanh};
use sparse_core::nn::{Inference, SparseModule};
use sparse_core::record::Record;

use super::gaussian::SquashedGaussian;
use crate::config::Spread;
use crate::nets::check_action;
use crate::{Error, Result};

/// The actions of a trained actor, one observation at a time, without tensors: the first outputs of its network through
/// tanh, as TD3, SAC, REDQ and policies learned from data act. An agent of your own acts itself: [`restored`](super::restored).
///
/// ```no_run
/// use rl_algos::algos::Policy;
/// use sparse_core::device;
///
/// let mut env = envs::make("HalfCheetah-v5")?;
/// let weights = "runs/mine/checkpoints/best.safetensors";
/// let mut policy = Policy::open(weights.as_ref(), env.info(), &device::by_name("flex")?)?;
/// let mut observation = vec![0.0; env.info().observation.len()];
/// env.reset(0, &mut observation)?;
/// let seen: Vec<f32> = observation.iter().map(|x| *x as f32).collect();
/// let mut action = vec![0.0; env.info().action.len()];
/// policy.act(&seen, &mut action); // each number in [-1, 1], to be moved to the actuators' range
/// # Ok::<(), rl_algos::Error>(())
/// ```
#[derive(Debug)]
pub struct Policy {
    actor: Inference,
    action: usize,
}

impl Policy {
    /// Reads the actor of a checkpoint's weights, which must fit the task. A Gaussian policy's network has as many
    /// outputs again as actions have numbers: its spread.
    ///
    /// # Errors
    /// [`Error::Sparse`] when the file cannot be read or holds no actor; [`Error::File`] when its actor does not fit.
    pub fn open(path: &Path, task: &TaskInfo, device: &Device) -> Result<Self> {
        let actor = Record::open(path)?.network("actor", device)?;
        let layers = actor.sparse_layers();
        let inputs = layers.first().map_or(0, |layer| layer.pattern().inputs());
        let outputs = layers.last().map_or(0, |layer| layer.pattern().outputs());
        let (seen, action) = (task.observation.len(), task.action.len());
        if inputs != seen || ![action, 2 * action].contains(&outputs) {
            let message = format!(
                "the actor takes {inputs} numbers and gives {outputs}; {} has {seen} and {action}",
                task.id
            );
            return Err(Error::File {
                path: path.to_owned(),
                message,
            });
        }
        Ok(Self {
            actor: Inference::of(&actor),
            action,
        })
    }

    /// Writes the action `[action]`, in [-1, 1], for one observation `[observation]`: of a Gaussian policy its mean.
    ///
    /// # Panics
    /// When the observation or the action has another size.
    pub fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        let size = self.action;
        check_action(action, size);
        tanh(&self.output(observation)[..size], action);
    }

    /// Writes an action drawn from a Gaussian policy with this spread, as SAC explores. A network without outputs for a
    /// spread has one action only, that of [`act`](Self::act).
    ///
    /// # Panics
    /// When the observation or the action has another size.
    pub fn sample(
        &mut self,
        observation: &[f32],
        spread: Spread,
        rng: &mut impl Rng,
        action: &mut [f32],
    ) {
        check_action(action, self.action);
        if self.output(observation).len() == self.action {
            return self.act(observation, action);
        }
        let noise: Vec<f32> = (0..self.action)
            .map(|_| StandardNormal.sample(rng))
            .collect();
        let drawn = SquashedGaussian::of(spread).draw(self.output(observation), &noise);
        action.copy_from_slice(&drawn.actions);
    }

    fn output(&mut self, observation: &[f32]) -> &[f32] {
        let output = self.actor.forward(observation);
        output.unwrap_or_else(|error| panic!("observation: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::config::{SacConfig, TrainConfig};
    use crate::rng::Streams;
    use crate::{algos, recipes};

    /// The agent's own exploration is the reference.
    fn explored(config: &TrainConfig, seen: &[f32]) -> [Vec<f32>; 2] {
        let task = envs::make(&config.env).unwrap().info().clone();
        let device = Device::flex();
        let sizes = [task.observation.len(), task.action.len()];
        let mut streams = Streams::new(3);
        let mut agent = algos::build(config, sizes[0], sizes[1], &device, &mut streams).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("actor.safetensors");
        std::fs::write(&path, agent.policy_bytes().unwrap()).unwrap();
        let mut policy = Policy::open(&path, &task, &device).unwrap();
        let (mut mean, mut expected) = (vec![0.0; sizes[1]], vec![0.0; sizes[1]]);
        let rng = ChaCha8Rng::seed_from_u64(4);
        agent.explore(seen, &mut rng.clone(), &mut mean, &mut expected);
        let mut found = vec![0.0; sizes[1]];
        let spread = config.algo.spread();
        let any = SacConfig::default().gaussian();
        policy.sample(seen, spread.unwrap_or(any), &mut rng.clone(), &mut found);
        if spread.is_none() {
            // Noise is the agent's, not the policy's.
            expected.clone_from(&mean);
        }
        assert_eq!(mean == found, config.algo.name() == "td3");
        [expected, found]
    }

    #[test]
    fn sizes_that_do_not_fit_are_named() {
        let config = recipes::named("rlx2-sac", "Hopper-v5").unwrap();
        let mut streams = Streams::new(3);
        let mut agent = algos::build(&config, 11, 3, &Device::flex(), &mut streams).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("actor.safetensors");
        std::fs::write(&path, agent.policy_bytes().unwrap()).unwrap();
        let task = envs::make(&config.env).unwrap().info().clone();
        let mut policy = Policy::open(&path, &task, &Device::flex()).unwrap();
        for (seen, done, expected) in [
            (10, 3, "observation: input: got 10, must be 11"),
            (11, 6, "action: got 6, must be 3"),
        ] {
            let (seen, mut action) = (vec![0.0; seen], vec![0.0; done]);
            type Act<'a> = &'a mut dyn FnMut(&mut [f32]);
            let by_policy: Act<'_> = &mut |action| policy.act(&seen, action);
            let by_agent: Act<'_> = &mut |action| agent.act(&seen, action);
            let acts = [by_policy, by_agent];
            for act in acts {
                let caught =
                    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(&mut action)));
                let said = caught.unwrap_err();
                let said = said.downcast_ref::<String>().unwrap();
                assert!(said.contains(expected), "{said}");
            }
        }
    }

    #[test]
    fn samples_are_those_of_the_agent_in_training() {
        let seen: Vec<f32> = (0..11).map(|i| (i as f32).sin()).collect();
        for recipe in ["rlx2-sac", "rlx2-td3"] {
            let mut config = recipes::named(recipe, "Hopper-v5").unwrap();
            if let Some(sac) = config.algo.get_mut::<SacConfig>() {
                sac.sample_actions = true;
            }
            let [expected, found] = explored(&config, &seen);
            for (expected, found) in expected.iter().zip(&found) {
                assert!((expected - found).abs() < 1e-5, "{expected} {found}");
            }
        }
    }
}
