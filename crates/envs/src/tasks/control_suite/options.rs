//! Options of the suite's constructors, as settings by name: its `task_kwargs`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::suite::{Suite, SuiteTask};
use crate::tasks::TaskSpec;
use crate::wrappers::{Constructor, Settings, bad};
use crate::{Env, Result};

/// Options of any task, and those of this one.
#[derive(Clone, Serialize, Deserialize)]
struct Options<O> {
    /// Seconds after which an episode is truncated; infinite: never; 0: the suite's.
    time_limit: f64,
    #[serde(flatten)]
    own: O,
}

#[derive(Clone, Serialize, Deserialize)]
struct Nothing {}

/// Of the manipulator's and the stacker's tasks.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Sight {
    /// Whether the hand, what is handled and the target are observed.
    pub fully_observable: bool,
}

/// Of the cartpole with three poles.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Poles {
    /// How many there are.
    pub num_poles: usize,
}

/// What [`make`](crate::make) knows of a task without options of its own.
pub(super) fn entry(task: impl SuiteTask) -> (TaskSpec, Constructor) {
    entry_with(task, Nothing {}, |task, _| Ok(task.clone()))
}

/// What it knows of a task with options: these, unless they are set.
pub(super) fn entry_with<T: SuiteTask, O>(
    task: T,
    own: O,
    set: impl Fn(&T, &O) -> Result<T> + Send + Sync + 'static,
) -> (TaskSpec, Constructor)
where
    O: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let spec = task.spec();
    let published = Options {
        time_limit: 0.0,
        own,
    };
    let make = move |settings: &Settings| -> Result<Box<dyn Env>> {
        let options = settings.applied(&published, spec.id)?;
        let env = Suite::new(set(&task, &options.own)?)?;
        let seconds = options.time_limit;
        if seconds < 0.0 {
            let allowed = "0 or more seconds";
            return Err(bad(spec.id, "time_limit", &seconds.into(), allowed));
        }
        Ok(match seconds {
            0.0 => env.into(),
            _ => env.with_time_limit(seconds).into(),
        })
    };
    (spec, Box::new(make))
}

#[cfg(test)]
mod tests {
    use crate::{Env, Settings, make_with};

    fn begun(task: &str, settings: &Settings, seed: u64) -> (Box<dyn Env>, Vec<f64>) {
        let mut env = make_with(task, settings).unwrap();
        let mut seen = vec![0.0; env.info().observation.len()];
        env.reset(seed, &mut seen).unwrap();
        (env, seen)
    }

    #[test]
    fn what_is_not_fully_observable_is_the_arm_and_its_touch() {
        let blind = Settings::default().with("fully_observable", false);
        for task in [
            "dmc/manipulator-bring_ball",
            "dmc/manipulator-insert_peg",
            "dmc/stacker-stack_2",
            "dmc/stacker-stack_4",
        ] {
            let (full, all) = begun(task, &Settings::default(), 7);
            let (partly, seen) = begun(task, &blind, 7);
            // Two functions of 8 angles, 8 velocities, 5 touches.
            assert_eq!(seen.len(), 29, "{task}");
            assert_eq!(seen, all[..29], "{task}");
            assert_eq!(
                partly.info().observation,
                full.info().observation[..29],
                "{task}"
            );
        }
    }

    #[test]
    fn poles_are_as_many_as_asked_for() {
        let four = Settings::default().with("num_poles", 4);
        let (env, seen) = begun("dmc/cartpole-three_poles", &four, 0);
        assert_eq!((env.physics().unwrap().0.nq, seen.len()), (5, 14));
        // `cartpole.three_poles(num_poles=4, random=0)` of dm_control 1.0.34.
        approx::assert_abs_diff_eq!(&seen[..], &FOUR_POLES[..], epsilon = 1e-15);
    }

    #[rustfmt::skip]
    const FOUR_POLES: [f64; 14] = [
        0.017640523459676642, -0.9999919937211129, -0.004001561404432281, -0.994815191022331, -0.10169924144851514,
        -0.9473422513827218, -0.32022282670839736, -0.8714131986277049, -0.4905497296477005, -0.00977277879876411,
        0.009500884175255894, -0.001513572082976979, -0.0010321885179355784, 0.004105985019383723,
    ];

    #[test]
    fn a_time_limit_is_in_seconds() {
        for (task, seconds, steps) in [
            ("dmc/cartpole-balance", 0.5, 50),
            ("dmc/walker-run", 0.999, 40),
            ("dmc/walker-run", 25.0, 1000),
            ("dmc/walker-run", 0.0, 1000),
            ("dmc/pendulum-swingup", f64::INFINITY, 0),
        ] {
            let limit = Settings::default().with("time_limit", seconds);
            let (mut env, mut seen) = begun(task, &limit, 0);
            assert_eq!(env.info().max_episode_steps, steps, "{task}");
            let action = vec![0.0; env.info().action.len()];
            for step in 1..=steps.min(50) {
                let over = env.step(&action, &mut seen).unwrap().truncated;
                assert_eq!(over, step == steps, "{task}");
            }
        }
    }

    #[test]
    fn mistakes_say_what_is_allowed() {
        for (task, name, value, said) in [
            (
                "dmc/walker-run",
                "time_limit",
                toml::Value::from(-1),
                "dmc/walker-run: time_limit is -1.0; it must be 0 or more seconds",
            ),
            (
                "dmc/walker-run",
                "timelimit",
                1.into(),
                "dmc/walker-run has no setting `timelimit`; did you mean `time_limit`?",
            ),
            (
                "dmc/walker-run",
                "fully_observable",
                false.into(),
                "has no setting `fully_observable`",
            ),
            (
                "dmc/stacker-stack_2",
                "fully_observable",
                1.into(),
                "fully_observable is 1; it must be true or false",
            ),
            (
                "dmc/cartpole-three_poles",
                "num_poles",
                0.into(),
                "num_poles is 0; it must be 1 to 100",
            ),
        ] {
            let settings = Settings::default().with(name, value);
            let error = make_with(task, &settings).err().unwrap().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
