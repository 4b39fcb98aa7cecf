//! Episodes of your own policy, from a task or from a replay, to be written as a dataset.
//!
//! ```
//! use envs::{Settings, VecEnv};
//! use offline_prune::collect::{Rollouts, describe};
//! use offline_prune::dataset::{Dataset, minari};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! # let folder = tempfile::tempdir().unwrap();
//! let envs = VecEnv::new("Hopper-v5", 4)?;
//! let description = describe("hopper/still-v0", envs.info(), &Settings::default());
//! let mut seeds = ChaCha8Rng::seed_from_u64(0);
//! let still = |_: &[f32], action: &mut [f32]| action.fill(0.0);
//! let rollouts = Rollouts::new(envs, 1_000, &mut seeds, still)?;
//! let written = minari::try_write(folder.path(), &description, rollouts)?;
//! assert_eq!(written.steps, 1_000);
//! assert_eq!(Dataset::open(&written.folder)?.len(), 1_000);
//! # Ok::<(), offline_prune::Error>(())
//! ```

use std::collections::VecDeque;
use std::ops::Range;

use envs::{Settings, TaskInfo, VecEnv};
use rand::{Rng, RngExt};
use rl_algos::replay::Replay;
use rl_algos::scale::{ActionRange, reward_to_agent, to_agent};
use serde_json::{Map, Value, json};

use crate::dataset::Episode;
use crate::dataset::minari::Description;
use crate::{Error, Result};

/// Episodes of a policy, until a given number of transitions is made.
///
/// Several environments step together. Episodes come in the order in which they begin, so short ones are not
/// preferred: the dataset is that of one long run. What is needed of the last episode is kept, and it counts as
/// truncated there. The order and the numbers are the same for any number of threads; another
/// number of environments is another dataset.
///
/// Actions are rounded to `f32` before the environment sees them, so what is stored is what was done.
pub struct Rollouts<P> {
    envs: VecEnv,
    range: ActionRange,
    policy: P,
    /// Episodes that have begun and were not handed out, in the order in which they began.
    begun: VecDeque<Episode>,
    /// Episodes that were handed out.
    done: usize,
    /// Number of each environment's episode under way, counted from the first ever.
    numbers: Vec<usize>,
    /// Transitions that are still to be handed out.
    left: usize,
    /// Actions in the task's units, `[len, action]`.
    env_actions: Vec<f64>,
}

impl<P: FnMut(&[f32], &mut [f32])> Rollouts<P> {
    /// Resets `envs` from seeds drawn from `seeds`, and acts by `policy`, which sees an observation and writes an
    /// action in [-1, 1]. `transitions` is 1 or more.
    ///
    /// # Errors
    /// When `transitions` is 0, or the environments cannot be reset. An item is an error when an action is not finite
    /// or the physics diverges; it is the last then.
    pub fn new(
        mut envs: VecEnv,
        transitions: usize,
        seeds: &mut impl Rng,
        policy: P,
    ) -> Result<Self> {
        if transitions == 0 {
            return Err(Error::config("transitions", 0, "1 or more"));
        }
        envs.reset_with(|_| seeds.random())?;
        let begun = (0..envs.len()).map(|i| first(envs.observation(i)));
        Ok(Self {
            range: ActionRange::of(&envs.info().action)?,
            policy,
            begun: begun.collect(),
            done: 0,
            numbers: (0..envs.len()).collect(),
            left: transitions,
            env_actions: vec![0.0; envs.len() * envs.info().action.len()],
            envs,
        })
    }

    /// Steps every environment once.
    fn step(&mut self) -> Result<()> {
        let width = self.envs.info().action.len();
        let mut seen = vec![0.0; self.envs.info().observation.len()];
        let mut action = vec![0.0; width];
        for (i, env_action) in self.env_actions.chunks_exact_mut(width).enumerate() {
            to_agent(self.envs.observation(i), &mut seen)?;
            (self.policy)(&seen, &mut action);
            let episode = &mut self.begun[self.numbers[i] - self.done];
            in_task(&self.range, &action, env_action, &mut episode.actions);
        }
        let diverged = self.envs.diverged();
        self.envs.step(&self.env_actions)?;
        if self.envs.diverged() > diverged {
            let lengths = self.begun.iter().map(|episode| episode.rewards.len());
            return Err(Error::from(envs::Error::Diverged {
                task: self.envs.info().id,
                elapsed_steps: lengths.max().unwrap_or(0),
            }));
        }
        for (i, step) in self.envs.steps().iter().enumerate() {
            let episode = &mut self.begun[self.numbers[i] - self.done];
            episode.rewards.push(reward_to_agent(step.reward)?);
            (episode.terminated, episode.truncated) = (step.terminated, step.truncated);
            let next = self.envs.final_observation(i);
            append(
                next.unwrap_or(self.envs.observation(i)),
                &mut episode.observations,
            );
            if next.is_some() {
                self.numbers[i] = self.done + self.begun.len();
                self.begun.push_back(first(self.envs.observation(i)));
            }
        }
        Ok(())
    }

    /// The episode that began first, if it is over or as long as it may be.
    fn take(&mut self) -> Option<Episode> {
        let episode = self.begun.front()?;
        let steps = episode.rewards.len();
        let over = episode.terminated || episode.truncated;
        if !over && steps < self.left {
            return None;
        }
        let mut episode = self.begun.pop_front()?;
        self.done += 1;
        if steps > self.left || !over {
            let info = self.envs.info();
            let (seen, width) = (info.observation.len(), info.action.len());
            episode.observations.truncate((self.left + 1) * seen);
            episode.actions.truncate(self.left * width);
            episode.rewards.truncate(self.left);
            (episode.terminated, episode.truncated) = (false, true);
        }
        self.left -= episode.rewards.len();
        Some(episode)
    }
}

impl<P: FnMut(&[f32], &mut [f32])> Iterator for Rollouts<P> {
    type Item = Result<Episode>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            if let Some(episode) = self.take() {
                return Some(Ok(episode));
            }
            if let Err(error) = self.step() {
                self.left = 0;
                return Some(Err(error));
            }
        }
        None
    }
}

/// The episodes of some of a replay's transitions, counted from the oldest; `task` gives the range of its actions.
/// An episode that `rows` cut off at their end, or that is still under way, counts as truncated.
///
/// # Errors
/// When an action has no finite range.
pub fn from_replay(
    replay: &Replay,
    task: &TaskInfo,
    rows: Range<usize>,
) -> Result<impl Iterator<Item = Episode>> {
    let range = ActionRange::of(&task.action)?;
    let mut env_action = vec![0.0; task.action.len()];
    let mut transitions = replay.transitions().skip(rows.start).take(rows.len());
    Ok(std::iter::from_fn(move || {
        let mut episode = Episode::default();
        while !(episode.terminated || episode.truncated) {
            let Some(transition) = transitions.next() else {
                episode.truncated = true;
                break;
            };
            if episode.rewards.is_empty() {
                episode
                    .observations
                    .extend_from_slice(transition.observation);
            }
            in_task(
                &range,
                transition.action,
                &mut env_action,
                &mut episode.actions,
            );
            episode.rewards.push(transition.reward);
            episode
                .observations
                .extend_from_slice(transition.next_observation);
            (episode.terminated, episode.truncated) = (transition.terminated, transition.truncated);
        }
        (!episode.rewards.is_empty()).then_some(episode)
    }))
}

/// A description of data of `task` with these settings: its sizes, its range of actions, and the `env_spec` from which
/// Minari's `recover_environment` makes Gymnasium's environment.
#[must_use]
pub fn describe(id: &str, task: &TaskInfo, settings: &Settings) -> Description {
    let mut entries = Map::new();
    let spec = env_spec(task, settings);
    entries.insert("env_spec".to_owned(), Value::String(spec));
    Description {
        id: id.to_owned(),
        observation_size: task.observation.len(),
        action_bounds: task.action.iter().map(|q| [q.low, q.high]).collect(),
        reference: None,
        replace: false,
        entries,
    }
}

/// What Gymnasium's `EnvSpec.to_json` gives for a task of its MuJoCo family, but for the reward threshold.
fn env_spec(task: &TaskInfo, settings: &Settings) -> String {
    let (name, version) = task.id.rsplit_once("-v").unwrap_or((task.id, "5"));
    let mut module = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !module.is_empty() {
            module.push('_');
        }
        module.push(letter.to_ascii_lowercase());
    }
    let steps = match task.max_episode_steps {
        0 => Value::Null,
        steps => json!(steps),
    };
    let spec = json!({
        "id": task.id,
        "entry_point": format!("gymnasium.envs.mujoco.{module}_v{version}:{name}Env"),
        "reward_threshold": null,
        "nondeterministic": false,
        "max_episode_steps": steps,
        "order_enforce": true,
        "disable_env_checker": false,
        "kwargs": json!(settings),
        "additional_wrappers": [],
        "vector_entry_point": null,
    });
    spec.to_string()
}

/// An episode that begins with this observation.
fn first(observation: &[f64]) -> Episode {
    let mut episode = Episode::default();
    append(observation, &mut episode.observations);
    episode
}

fn append(observation: &[f64], rows: &mut Vec<f32>) {
    rows.extend(observation.iter().map(|number| *number as f32));
}

/// Appends an agent's action in the task's units, and writes the same numbers to `env_action`.
fn in_task(range: &ActionRange, action: &[f32], env_action: &mut [f64], actions: &mut Vec<f32>) {
    range.to_task(action, env_action);
    for number in env_action {
        let rounded = *number as f32;
        *number = f64::from(rounded);
        actions.push(rounded);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rl_algos::replay::Transition;

    use super::*;

    /// Falls now and then, and differs from observation to observation.
    fn policy(seen: &[f32], action: &mut [f32]) {
        for (i, action) in action.iter_mut().enumerate() {
            *action = (7.0 * seen[i] + 3.0 * seen[i + 4]).sin();
        }
    }

    fn collected(task: &str, count: usize, transitions: usize, seed: u64) -> Vec<Episode> {
        let envs = VecEnv::new(task, count).unwrap();
        let mut seeds = ChaCha8Rng::seed_from_u64(seed);
        let rollouts = Rollouts::new(envs, transitions, &mut seeds, policy).unwrap();
        rollouts.collect::<Result<_>>().unwrap()
    }

    /// One environment alone, by its own interface: its episodes, each with the step at which it began.
    fn by_hand(task: &str, seed: u64, steps: usize) -> Vec<(usize, Episode)> {
        let mut env = envs::make(task).unwrap();
        let info = env.info().clone();
        let mut now = vec![0.0; info.observation.len()];
        env.reset(seed, &mut now).unwrap();
        let single = |now: &[f64]| -> Vec<f32> { now.iter().map(|x| *x as f32).collect() };
        let start = |now: &[f64]| Episode {
            observations: single(now),
            ..Episode::default()
        };
        let mut episodes = vec![(0, start(&now))];
        for t in 0..steps {
            let mut action = vec![0.0; info.action.len()];
            policy(&single(&now), &mut action);
            let scaled = action.iter().zip(&info.action);
            let env_action: Vec<f32> = scaled
                .map(|(a, q)| {
                    ((q.low + q.high) / 2.0 + (q.high - q.low) / 2.0 * f64::from(*a)) as f32
                })
                .collect();
            let exact: Vec<f64> = env_action.iter().map(|x| f64::from(*x)).collect();
            let step = env.step(&exact, &mut now).unwrap();
            let (_, episode) = episodes.last_mut().unwrap();
            episode.actions.extend(env_action);
            episode.rewards.push(step.reward as f32);
            episode.observations.extend(single(&now));
            (episode.terminated, episode.truncated) = (step.terminated, step.truncated);
            if step.terminated || step.truncated {
                env.reset_next(&mut now).unwrap();
                episodes.push((t + 1, start(&now)));
            }
        }
        episodes
    }

    /// All environments' episodes in the order in which they begin, the last one cut.
    fn expected(task: &str, count: usize, transitions: usize, seed: u64) -> Vec<Episode> {
        let mut seeds = ChaCha8Rng::seed_from_u64(seed);
        let mut all = Vec::new();
        for i in 0..count {
            let episodes = by_hand(task, seeds.random(), transitions);
            all.extend(episodes.into_iter().map(|(begun, e)| (begun, i, e)));
        }
        // Of episodes that begin after the same step, the first environment's is the first.
        all.sort_by_key(|(begun, i, _)| (*begun, *i));
        let (mut left, mut expected) = (transitions, Vec::new());
        for (_, _, mut episode) in all {
            let steps = episode.rewards.len();
            let over = episode.terminated || episode.truncated;
            let width = episode.actions.len() / steps.max(1);
            let seen = episode.observations.len() / (steps + 1);
            if steps > left || !over {
                assert!(steps >= left, "played by hand for long enough");
                episode.observations.truncate((left + 1) * seen);
                episode.actions.truncate(left * width);
                episode.rewards.truncate(left);
                (episode.terminated, episode.truncated) = (false, true);
            }
            left -= episode.rewards.len();
            expected.push(episode);
            if left == 0 {
                break;
            }
        }
        expected
    }

    #[test]
    fn episodes_are_those_of_environments_stepped_by_hand() {
        let mut cut = 0;
        // Falling ends a Hopper's episode, the time limit that of a HalfCheetah, and a Humanoid acts in ±0.4.
        for (task, count, transitions) in [
            ("Hopper-v5", 1, 500),
            ("Hopper-v5", 3, 701),
            ("HalfCheetah-v5", 2, 2_300),
            ("Humanoid-v5", 2, 130),
        ] {
            let found = collected(task, count, transitions, 6);
            assert!(
                found == expected(task, count, transitions, 6),
                "{task} {count}"
            );
            let steps: usize = found.iter().map(|e| e.rewards.len()).sum();
            assert_eq!(steps, transitions);
            let terminated = found.iter().filter(|e| e.terminated).count();
            let truncated = found.len() - terminated;
            match task {
                "HalfCheetah-v5" => assert_eq!((terminated, truncated), (0, 3)),
                _ => assert!(terminated > 1 && truncated <= 1, "{task} {count}"),
            }
            cut += usize::from(found.last().is_some_and(|e| e.truncated && !e.terminated));
        }
        assert!(cut > 1, "most last episodes are cut: {cut}");
    }

    #[test]
    fn the_seed_decides_and_the_threads_do_not() {
        let once = collected("Hopper-v5", 4, 400, 1);
        assert_ne!(once, collected("Hopper-v5", 4, 400, 2));
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let again = || collected("Hopper-v5", 4, 400, 1);
            assert_eq!(pool.build().unwrap().install(again), once);
        }
    }

    #[test]
    fn what_cannot_be_collected_is_said() {
        let rollouts = |transitions, action: f32| {
            let envs = VecEnv::new("Hopper-v5", 2).unwrap();
            let policy = move |_: &[f32], out: &mut [f32]| out.fill(action);
            Rollouts::new(envs, transitions, &mut ChaCha8Rng::seed_from_u64(0), policy)
        };
        let error = rollouts(0, 0.0).err().unwrap().to_string();
        assert_eq!(error, "transitions = 0: must be 1 or more");
        let mut nan = rollouts(10, f32::NAN).unwrap();
        let error = nan.next().unwrap().unwrap_err().to_string();
        assert_eq!(error, "actions[0] is NaN; it must be finite");
        assert!(nan.next().is_none());
    }

    /// Episodes of 3, 2 and 4 steps, the last under way; observations count on.
    fn replay() -> Replay {
        let mut replay = Replay::new(11, 3, 100);
        let mut number = 0.0;
        for (steps, terminated, truncated) in
            [(3, true, false), (2, false, true), (4, false, false)]
        {
            for t in 0..steps {
                let last = t + 1 == steps;
                replay.push(&Transition {
                    observation: &[number; 11],
                    action: &[0.5; 3],
                    mean_action: &[0.25; 3],
                    reward: number,
                    next_observation: &[number + 1.0; 11],
                    terminated: last && terminated,
                    truncated: last && truncated,
                });
                number += 1.0;
            }
            number += 1.0;
        }
        replay
    }

    #[test]
    fn a_replay_gives_its_episodes() {
        let task = envs::make("Hopper-v5").unwrap().info().clone();
        let summary = |rows| -> Vec<(Vec<f32>, f32, [bool; 2])> {
            let replay = replay();
            let episodes = from_replay(&replay, &task, rows).unwrap().map(|episode| {
                assert_eq!(episode.observations.len(), 11 * (episode.rewards.len() + 1));
                assert_eq!(episode.actions, vec![0.5; 3 * episode.rewards.len()]);
                let last = episode.observations[episode.observations.len() - 1];
                let ends = [episode.terminated, episode.truncated];
                (episode.rewards, last, ends)
            });
            episodes.collect()
        };
        let whole = [
            (vec![0.0, 1.0, 2.0], 3.0, [true, false]),
            (vec![4.0, 5.0], 6.0, [false, true]),
            (vec![7.0, 8.0, 9.0, 10.0], 11.0, [false, true]),
        ];
        assert_eq!(summary(0..9), whole);
        let part = [
            (vec![2.0], 3.0, [true, false]),
            whole[1].clone(),
            (vec![7.0], 8.0, [false, true]),
        ];
        assert_eq!(summary(2..6), part);
        assert_eq!(summary(3..5), whole[1..2]);
        assert_eq!(summary(4..4), []);
    }
}
