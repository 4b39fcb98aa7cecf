//! Environments that never end, or give what no agent can read: the error names what it is, and the step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use envs::{Env, Info, SpaceDim, Step, TaskInfo};
use rl_algos::Result;
use rl_algos::observe::{Evaluation, Observer};
use rl_algos::train::{LoopConfig, Trainer};

use super::Chance;

/// An environment that never ends, and does one more thing wrong in its step of this number.
#[derive(Clone)]
struct Endless {
    info: TaskInfo,
    steps: u64,
    wrong: (u64, Wrong),
}

#[derive(Clone, Copy)]
enum Wrong {
    Nothing,
    Observes(f64),
    Pays(f64),
    Fails,
}

impl Endless {
    fn new(max_episode_steps: usize, wrong: (u64, Wrong)) -> Self {
        let info = TaskInfo {
            id: "Endless-v0",
            observation: vec![SpaceDim::unbounded("x", "m"), SpaceDim::unbounded("y", "m")],
            action: vec![SpaceDim::bounded("v", "m/s", 1.0)],
            max_episode_steps,
            ..TaskInfo::default()
        };
        Self {
            info,
            steps: 0,
            wrong,
        }
    }
}

impl Env for Endless {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn reset(&mut self, _: u64, observation: &mut [f64]) -> envs::Result<()> {
        self.reset_next(observation)
    }

    fn reset_next(&mut self, observation: &mut [f64]) -> envs::Result<()> {
        observation.fill(0.0);
        Ok(())
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> envs::Result<Step> {
        self.info.check_step(action, observation)?;
        self.steps += 1;
        let mut step = Step {
            reward: 0.0,
            terminated: false,
            truncated: false,
            info: Info::default(),
        };
        match self.wrong {
            (at, _) if at != self.steps => {}
            (_, Wrong::Observes(number)) => observation[1] = number,
            (_, Wrong::Pays(number)) => step.reward = number,
            (_, Wrong::Fails) => {
                return Err(envs::Error::Custom {
                    task: self.info.id,
                    error: "the motor is hot".into(),
                });
            }
            (_, Wrong::Nothing) => {}
        }
        Ok(step)
    }
}

fn trained_in(env: Endless) -> String {
    let agent = Chance {
        range: 0.5,
        steps: 0,
    };
    let mut config = LoopConfig {
        steps: 10,
        random_steps: 5,
        ..LoopConfig::default()
    };
    config.evaluation.episodes = 1;
    let trainer = Trainer::new(agent, env).config(config);
    trainer.run().unwrap_err().to_string()
}

#[test]
fn what_is_wrong_with_an_environment_is_said_with_the_step() {
    for (env, said) in [
        (
            Endless::new(20, (0, Wrong::Nothing)),
            "Endless-v0 went on after 20 steps",
        ),
        (
            Endless::new(0, (0, Wrong::Nothing)),
            "Endless-v0 has no time limit, and an episode did not end in 100000 steps",
        ),
        (
            Endless::new(20, (7, Wrong::Observes(1e300))),
            "diverged at step 7: observation[1] = 1e300: must be within",
        ),
        (
            Endless::new(20, (3, Wrong::Pays(-1e39))),
            "diverged at step 3: reward = -1e39: must be within",
        ),
        (
            Endless::new(20, (8, Wrong::Fails)),
            "step 8: Endless-v0: the motor is hot",
        ),
    ] {
        let error = trained_in(env);
        assert!(error.starts_with(said), "{error}");
    }
}

/// An evaluation that may never end is cut off where an observer wants the end, and nothing is told of it as made.
#[test]
fn an_evaluation_without_a_limit_ends_when_it_is_asked_to() {
    struct Wants(u64, Arc<AtomicU64>);
    impl Observer for Wants {
        fn wants_end(&self) -> bool {
            self.1.fetch_add(1, Ordering::Relaxed) + 1 > self.0
        }

        fn on_evaluation(&mut self, _: &Evaluation) -> Result<()> {
            panic!("it was cut off")
        }
    }
    let asked = Arc::new(AtomicU64::new(0));
    let agent = Chance {
        range: 0.5,
        steps: 0,
    };
    let config = LoopConfig {
        steps: 10,
        random_steps: 5,
        ..LoopConfig::default()
    };
    let trainer = Trainer::new(agent, Endless::new(0, (0, Wrong::Nothing)));
    let trained = trainer
        .config(config)
        .observe(Wants(50, asked.clone()))
        .run()
        .unwrap();
    assert!(trained.stopped && trained.returns.is_empty());
    assert_eq!((trained.steps, asked.load(Ordering::Relaxed)), (10, 51));
}
