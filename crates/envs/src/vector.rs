//! Many environments side by side, stepped together.

#[cfg(feature = "parallel")]
use rayon::prelude::*;

use crate::env::{Env, EnvState, Info, Step, TaskInfo};
use crate::{Error, Result, make};

/// Copies of one task that step together, each beginning its next episode by itself.
///
/// Observations and actions are rows of one contiguous array, `[len, ·]`. An environment whose episode ends is reset at
/// once, with the generator where its last reset left it: its row of [`observations`](Self::observations) is the first
/// of the next episode, and the last one of the episode that ended is its
/// [`final_observation`](Self::final_observation). Gymnasium's vector environments do that with
/// `AutoresetMode.SAME_STEP`. Each environment has the bits that it has alone, for any number of others and of threads.
///
/// With the feature `parallel` the environments step on rayon's threads: those of the pool in which
/// [`step`](Self::step) is called, by default as many as the machine has cores.
///
/// ```
/// use envs::VecEnv;
///
/// let mut envs = VecEnv::new("Hopper-v5", 3)?;
/// envs.reset(42)?;
/// let actions = [0.5; 3 * 3];
/// while !envs.step(&actions)?.iter().any(|step| step.terminated) {}
/// let fallen = (0..3).find(|i| envs.final_observation(*i).is_some()).unwrap();
/// // Fallen over, and upright again.
/// assert!(envs.final_observation(fallen).unwrap()[1].abs() > 0.1);
/// assert!(envs.observation(fallen)[1].abs() < 0.1);
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone)]
pub struct VecEnv {
    envs: Vec<Slot>,
    steps: Vec<Step>,
    /// `[len, observation]`.
    observations: Vec<f64>,
    final_observations: Vec<f64>,
    observation_len: usize,
    action_len: usize,
}

/// One environment.
#[derive(Clone)]
struct Slot {
    env: Box<dyn Env>,
    /// Episodes that ended because the physics diverged.
    diverged: u64,
}

impl VecEnv {
    /// `count` environments of the task `id`, with its published settings; see [`make`].
    ///
    /// # Errors
    /// As [`make`], and [`Error::NoEnvironments`] when there are none.
    pub fn new(id: &str, count: usize) -> Result<Self> {
        let env = make(id)?;
        Self::from_envs((0..count).map(|_| env.clone()).collect())
    }

    /// These environments, whose observations and actions must have the same lengths.
    ///
    /// # Errors
    /// [`Error::NoEnvironments`] when there are none; [`Error::EmptySpace`] when an observation or action has no
    /// numbers; [`Error::Length`] when it has another length than the first environment's.
    pub fn from_envs(envs: Vec<Box<dyn Env>>) -> Result<Self> {
        let first = envs.first().ok_or(Error::NoEnvironments)?.info();
        let (observation_len, action_len) = (first.observation.len(), first.action.len());
        for env in &envs {
            let info = env.info();
            for (what, got, expected) in [
                ("observation", info.observation.len(), observation_len),
                ("action", info.action.len(), action_len),
            ] {
                if got != expected {
                    return Err(Error::Length {
                        what,
                        got,
                        expected,
                    });
                }
                if got == 0 {
                    return Err(Error::EmptySpace {
                        task: info.id,
                        what,
                    });
                }
            }
        }
        let idle = Step {
            reward: 0.0,
            terminated: false,
            truncated: false,
            info: Info::default(),
        };
        Ok(Self {
            steps: vec![idle; envs.len()],
            observations: vec![0.0; envs.len() * observation_len],
            final_observations: vec![0.0; envs.len() * observation_len],
            envs: envs
                .into_iter()
                .map(|env| Slot { env, diverged: 0 })
                .collect(),
            observation_len,
            action_len,
        })
    }

    /// Number of environments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.envs.len()
    }

    /// Never: there is at least one environment.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.envs.is_empty()
    }

    /// The task of the first environment.
    #[must_use]
    pub fn info(&self) -> &TaskInfo {
        self.envs[0].env.info()
    }

    /// Begins an episode in each environment, the i-th from seed `seed + i`, and gives the observations
    /// `[len, observation]`.
    ///
    /// # Errors
    /// Those of [`Env::reset`], and [`Error::Gave`] of an observation that is not finite.
    pub fn reset(&mut self, seed: u64) -> Result<&[f64]> {
        self.reset_with(|i| seed.wrapping_add(i as u64))
    }

    /// Begins an episode in each environment, the i-th from the seed that `seed_of(i)` gives.
    ///
    /// # Errors
    /// As [`reset`](Self::reset).
    pub fn reset_with(&mut self, mut seed_of: impl FnMut(usize) -> u64) -> Result<&[f64]> {
        let rows = self.observations.chunks_exact_mut(self.observation_len);
        for (i, (slot, row)) in self.envs.iter_mut().zip(rows).enumerate() {
            slot.env.reset(seed_of(i), row)?;
            slot.check_observation(row)?;
            self.steps[i] = Step {
                terminated: false,
                truncated: false,
                ..self.steps[i]
            };
        }
        Ok(&self.observations)
    }

    /// Steps every environment with its row of `actions` `[len, action]`, and begins the next episode where one
    /// ended. An episode in which the physics diverges counts as truncated, with a reward of 0 and the last
    /// observation that was finite as its final one; see [`diverged`](Self::diverged).
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::NotFinite`]; no environment has then stepped. [`Error::NotReset`] before the
    /// first [`reset`](Self::reset). [`Error::Gave`] of a reward or an observation that is not finite; other
    /// environments may have stepped then.
    pub fn step(&mut self, actions: &[f64]) -> Result<&[Step]> {
        self.step_some(actions, |_| true)
    }

    /// As [`step`](Self::step) for the environments that `which` selects by their number; the others keep their state
    /// and the result of their last step.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn step_some(
        &mut self,
        actions: &[f64],
        which: impl Fn(usize) -> bool + Sync,
    ) -> Result<&[Step]> {
        let expected = self.len() * self.action_len;
        crate::error::check("actions", actions, expected)?;
        let (obs_dim, act_dim) = (self.observation_len, self.action_len);
        #[cfg(feature = "parallel")]
        {
            self.envs
                .par_iter_mut()
                .zip(actions.par_chunks_exact(act_dim))
                .zip(self.observations.par_chunks_exact_mut(obs_dim))
                .zip(self.final_observations.par_chunks_exact_mut(obs_dim))
                .zip(&mut self.steps)
                .enumerate()
                .filter(|(i, _)| which(*i))
                .try_for_each(|(_, ((((slot, action), now), last), step))| {
                    *step = slot.step(action, now, last)?;
                    Ok(())
                })?;
        }
        #[cfg(not(feature = "parallel"))]
        {
            let rows = self.observations.chunks_exact_mut(obs_dim);
            let lasts = self.final_observations.chunks_exact_mut(obs_dim);
            let slots = self.envs.iter_mut().zip(actions.chunks_exact(act_dim));
            let all = slots.zip(rows.zip(lasts)).zip(&mut self.steps);
            for (_, (((slot, action), (now, last)), step)) in
                all.enumerate().filter(|(i, _)| which(*i))
            {
                *step = slot.step(action, now, last)?;
            }
        }
        Ok(&self.steps)
    }

    /// What the last step brought, by environment.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The current observations, row-major `[len, observation]`.
    #[must_use]
    pub fn observations(&self) -> &[f64] {
        &self.observations
    }

    /// The current observation of an environment.
    ///
    /// # Panics
    /// Unless `env` is less than [`len`](Self::len).
    #[must_use]
    pub fn observation(&self, env: usize) -> &[f64] {
        &self.observations[env * self.observation_len..][..self.observation_len]
    }

    /// The last observation of the episode that the last step ended in an environment, if it did.
    ///
    /// # Panics
    /// Unless `env` is less than [`len`](Self::len).
    #[must_use]
    pub fn final_observation(&self, env: usize) -> Option<&[f64]> {
        let step = &self.steps[env];
        let row = &self.final_observations[env * self.observation_len..][..self.observation_len];
        (step.terminated || step.truncated).then_some(row)
    }

    /// One of the environments.
    ///
    /// # Panics
    /// Unless `env` is less than [`len`](Self::len).
    #[must_use]
    pub fn env(&self, env: usize) -> &dyn Env {
        &*self.envs[env].env
    }

    /// Continues one environment from `state`, as [`Env::set_state`] does.
    ///
    /// # Errors
    /// Those of [`Env::set_state`].
    ///
    /// # Panics
    /// Unless `env` is less than [`len`](Self::len).
    pub fn set_state(&mut self, env: usize, state: &EnvState) -> Result<()> {
        let row = &mut self.observations[env * self.observation_len..][..self.observation_len];
        self.envs[env].env.set_state(state, row)?;
        self.steps[env].terminated = false;
        self.steps[env].truncated = false;
        Ok(())
    }

    /// Number of episodes, in all environments, that ended because the physics diverged.
    #[must_use]
    pub fn diverged(&self) -> u64 {
        self.envs.iter().map(|slot| slot.diverged).sum()
    }
}

impl Slot {
    /// Steps; `now` holds the observation before and after, `last` that at the end of an episode.
    fn step(&mut self, action: &[f64], now: &mut [f64], last: &mut [f64]) -> Result<Step> {
        last.copy_from_slice(now);
        let step = match self.env.step(action, now) {
            Ok(step) => {
                if !step.reward.is_finite() {
                    return Err(self.gave("reward".to_owned(), step.reward));
                }
                self.check_observation(now)?;
                last.copy_from_slice(now);
                step
            }
            Err(Error::Diverged { .. }) => {
                self.diverged += 1;
                Step {
                    reward: 0.0,
                    terminated: false,
                    truncated: true,
                    info: Info::default(),
                }
            }
            Err(error) => return Err(error),
        };
        if step.terminated || step.truncated {
            self.env.reset_next(now)?;
            self.check_observation(now)?;
        }
        Ok(step)
    }

    /// Refuses an observation that the environment gave and that is not finite.
    fn check_observation(&self, observation: &[f64]) -> Result<()> {
        let index = observation.iter().position(|number| !number.is_finite());
        index.map_or(Ok(()), |index| {
            Err(self.gave(format!("observation[{index}]"), observation[index]))
        })
    }

    fn gave(&self, what: String, value: f64) -> Error {
        let task = self.env.info().id;
        Error::Gave { task, what, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_asked_stays_as_it_was() {
        let mut envs = VecEnv::new("Hopper-v5", 3).unwrap();
        envs.reset(4).unwrap();
        let actions = [0.3; 9];
        envs.step(&actions).unwrap();
        let state = |envs: &VecEnv, i: usize| (envs.observation(i).to_vec(), envs.steps()[i]);
        let before = [0, 1, 2].map(|i| state(&envs, i));
        envs.step_some(&actions, |i| i == 1).unwrap();
        let after = [0, 1, 2].map(|i| state(&envs, i));
        assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
        assert_ne!(after[1], before[1]);
        // And goes on from there.
        let mut alone = VecEnv::new("Hopper-v5", 3).unwrap();
        alone.reset(4).unwrap();
        for _ in 0..2 {
            alone.step(&actions).unwrap();
        }
        envs.step_some(&actions, |i| i != 1).unwrap();
        assert_eq!(
            [0, 1, 2].map(|i| state(&envs, i)),
            [0, 1, 2].map(|i| state(&alone, i))
        );
    }

    /// Every environment alone, by the interface of one.
    fn alone(id: &str, seed: u64, actions: &[Vec<f64>], row: usize) -> Vec<(Step, Vec<f64>)> {
        let mut env = make(id).unwrap();
        let mut now = vec![0.0; env.info().observation.len()];
        let width = env.info().action.len();
        env.reset(seed, &mut now).unwrap();
        let steps = actions.iter().map(|actions| {
            let step = env
                .step(&actions[row * width..][..width], &mut now)
                .unwrap();
            let seen = now.clone();
            if step.terminated || step.truncated {
                env.reset_next(&mut now).unwrap();
            }
            (step, seen)
        });
        steps.collect()
    }

    #[test]
    fn together_is_the_same_as_alone() {
        for id in ["Hopper-v5", "HalfCheetah-v5"] {
            let mut envs = VecEnv::new(id, 5).unwrap();
            let width = envs.info().action.len();
            let action = |step: usize, i: usize| ((step * 7 + i * 3) as f64 * 0.37).sin();
            let actions: Vec<Vec<f64>> = (0..1100)
                .map(|step| (0..5 * width).map(|i| action(step, i)).collect())
                .collect();
            let expected: Vec<_> = (0..5)
                .map(|i| alone(id, 9 + i as u64, &actions, i))
                .collect();
            envs.reset(9).unwrap();
            let mut ended = 0;
            for (t, actions) in actions.iter().enumerate() {
                envs.step(actions).unwrap();
                for (i, expected) in expected.iter().enumerate() {
                    let (step, seen) = &expected[t];
                    assert_eq!(envs.steps()[i], *step);
                    let found = envs.final_observation(i);
                    ended += usize::from(found.is_some());
                    assert_eq!(found.unwrap_or(envs.observation(i)), seen);
                }
            }
            assert!(ended >= 5);
            assert_eq!(envs.diverged(), 0);
        }
    }

    #[test]
    fn wrong_actions_step_nothing() {
        let mut envs = VecEnv::new("Hopper-v5", 2).unwrap();
        envs.reset(0).unwrap();
        let before = envs.observations().to_vec();
        let error = envs.step(&[0.0; 5]).unwrap_err().to_string();
        assert_eq!(error, "actions has 5 entries, expected 6");
        let error = envs.step(&[0.0, 0.0, 0.0, 0.0, f64::NAN, 0.0]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "actions[4] is NaN; it must be finite"
        );
        envs.step(&[0.0; 6]).unwrap();
        let mut again = VecEnv::new("Hopper-v5", 2).unwrap();
        assert_eq!(again.reset(0).unwrap(), before);
        again.step(&[0.0; 6]).unwrap();
        assert_eq!(again.observations(), envs.observations());
    }

    #[test]
    fn none_is_an_error() {
        let error = VecEnv::new("Hopper-v5", 0).err().unwrap().to_string();
        assert_eq!(error, "no environments; give at least one");
    }

    /// Sees and does so much.
    #[derive(Clone)]
    struct Sized(TaskInfo);

    impl Sized {
        fn boxed([obs_dim, act_dim]: [usize; 2]) -> Box<dyn Env> {
            let mut info = make("Hopper-v5").unwrap().info().clone();
            info.id = "Sized-v0";
            info.observation.truncate(obs_dim);
            info.action.truncate(act_dim);
            Box::new(Self(info))
        }
    }

    impl Env for Sized {
        fn info(&self) -> &TaskInfo {
            &self.0
        }

        fn reset(&mut self, _: u64, _: &mut [f64]) -> Result<()> {
            Ok(())
        }

        fn reset_next(&mut self, _: &mut [f64]) -> Result<()> {
            Ok(())
        }

        fn step(&mut self, _: &[f64], _: &mut [f64]) -> Result<Step> {
            unreachable!("no test steps it")
        }
    }

    #[test]
    fn an_empty_space_is_an_error() {
        for (sizes, what) in [([0, 2], "observation"), ([3, 0], "action")] {
            let error = VecEnv::from_envs(vec![Sized::boxed(sizes); 2])
                .err()
                .unwrap();
            let told = format!(
                "Sized-v0: its {what} is empty; environments side by side need one number or more in it"
            );
            assert_eq!(error.to_string(), told);
        }
        assert!(VecEnv::from_envs(vec![Sized::boxed([1, 1])]).is_ok());
    }

    /// Gives this reward and this second number of an observation.
    #[derive(Clone)]
    struct Gives(TaskInfo, [f64; 2]);

    impl Env for Gives {
        fn info(&self) -> &TaskInfo {
            &self.0
        }

        fn reset(&mut self, _: u64, observation: &mut [f64]) -> Result<()> {
            self.reset_next(observation)
        }

        fn reset_next(&mut self, observation: &mut [f64]) -> Result<()> {
            observation.fill(0.0);
            Ok(())
        }

        fn step(&mut self, _: &[f64], observation: &mut [f64]) -> Result<Step> {
            let [reward, seen] = self.1;
            observation[1] = seen;
            Ok(Step {
                reward,
                terminated: false,
                truncated: false,
                info: Info::default(),
            })
        }
    }

    #[test]
    fn numbers_that_are_not_finite_are_named_with_their_task() {
        for (given, said) in [
            ([f64::NAN, 0.0], "Gives-v0 gave reward = NaN"),
            ([0.0, f64::INFINITY], "Gives-v0 gave observation[1] = inf"),
        ] {
            let mut info = make("Reacher-v5").unwrap().info().clone();
            info.id = "Gives-v0";
            let mut envs = VecEnv::from_envs(vec![Gives(info, given).into()]).unwrap();
            envs.reset(0).unwrap();
            let error = envs.step(&[0.0; 2]).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn all_must_be_of_a_size() {
        let envs = ["Hopper-v5", "HalfCheetah-v5"].map(|id| make(id).unwrap());
        let error = VecEnv::from_envs(envs.into()).err().unwrap().to_string();
        assert_eq!(error, "observation has 17 entries, expected 11");
    }
}
