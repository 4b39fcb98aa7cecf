//! Promises of every task: tables that fit the model, limits, seeds, clones, bad input.

use crate::env::{Env, EnvState, TaskInfo};
use crate::{Error, make, registry};

/// Actions that need no generator.
fn action(info: &TaskInfo, t: usize) -> Vec<f64> {
    (0..info.action.len())
        .map(|i| (0.3 * (t + 1) as f64 * (i + 1) as f64).sin())
        .collect()
}

fn every_task() -> Vec<(Box<dyn Env>, Vec<f64>)> {
    let env = |info: &TaskInfo| (make(info.id).unwrap(), vec![0.0; info.observation.len()]);
    registry::list().map(env).collect()
}

#[test]
fn tables_name_the_models_joints() {
    use super::{HalfCheetah, Hopper, Mujoco, Task, Walker2d};
    use crate::dynamics::model::Transmission;
    fn check<T: Task + Default>() {
        let env = Mujoco::new(T::default()).unwrap();
        let (joints, info) = (&env.model().joints.name, T::INFO);
        let positions = joints[1..].iter().cloned();
        let velocities = joints.iter().map(|name| format!("velocity of {name}"));
        let seen: Vec<_> = info.observation.iter().map(|q| q.name.to_owned()).collect();
        assert_eq!(seen, positions.chain(velocities).collect::<Vec<_>>());
        let driven: Vec<_> = env
            .model()
            .actuators
            .transmission
            .iter()
            .map(|transmission| match transmission {
                Transmission::Joint(joint) => joints[*joint].as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            info.action.iter().map(|q| q.name).collect::<Vec<_>>(),
            driven
        );
        let ranges: Vec<_> = info.action.iter().map(|q| [q.low, q.high]).collect();
        assert_eq!(ranges, env.model().actuators.ctrlrange);
    }
    check::<HalfCheetah>();
    check::<Hopper>();
    check::<Walker2d>();
}

#[test]
fn info_holds_the_listed_terms_and_they_make_the_reward() {
    for (mut env, mut seen) in every_task() {
        env.reset(3, &mut seen).unwrap();
        let step = env.step(&action(env.info(), 0), &mut seen).unwrap();
        let names: Vec<_> = step.info.iter().map(|(name, _)| name).collect();
        assert_eq!(names, env.info().info);
        let sum: f64 = step
            .info
            .iter()
            .filter(|(name, _)| name.starts_with("reward_"))
            .map(|(_, x)| x)
            .sum();
        approx::assert_abs_diff_eq!(sum, step.reward, epsilon = 1e-12);
    }
}

#[test]
fn equal_seeds_begin_equally_and_others_do_not() {
    for (mut env, mut first) in every_task() {
        let mut second = first.clone();
        env.reset(11, &mut first).unwrap();
        let begun = env.state();
        env.step(&action(env.info(), 0), &mut second).unwrap();
        env.reset(11, &mut second).unwrap();
        assert_eq!((&first, &begun), (&second, &env.state()));
        env.reset(12, &mut second).unwrap();
        assert_ne!(first, second);
    }
}

#[test]
fn noise_has_the_published_scale() {
    for (mut env, mut seen) in every_task() {
        let name = env.info().id;
        let (uniform, normal) = if name.starts_with("HalfCheetah") {
            (0.1, true)
        } else {
            (0.005, false)
        };
        let start = env.state().qpos;
        let (mut widest, mut squares, mut count) = (0.0_f64, 0.0_f64, 0.0);
        for seed in 0..400 {
            env.reset(seed, &mut seen).unwrap();
            let EnvState { qpos, qvel, .. } = env.state();
            widest = qpos
                .iter()
                .zip(&start)
                .map(|(q, s)| (q - s).abs())
                .fold(widest, f64::max);
            squares += qvel.iter().map(|v| v * v).sum::<f64>();
            count += qvel.len() as f64;
        }
        assert!(
            widest <= uniform && widest > 0.99 * uniform,
            "{name}: {widest}"
        );
        // The mean square of uniform noise is a third of its half-width's.
        let expected = if normal {
            uniform
        } else {
            uniform / 3.0_f64.sqrt()
        };
        approx::assert_relative_eq!((squares / count).sqrt(), expected, max_relative = 0.05);
    }
}

#[test]
fn the_time_limit_truncates_and_stepping_may_go_on() {
    for (mut env, mut seen) in every_task() {
        env.reset(0, &mut seen).unwrap();
        let idle = vec![0.0; env.info().action.len()];
        for t in 1..=1001 {
            let step = env.step(&idle, &mut seen).unwrap();
            assert_eq!(step.truncated, t >= 1000, "step {t} of {}", env.info().id);
        }
        env.reset(0, &mut seen).unwrap();
        assert!(!env.step(&idle, &mut seen).unwrap().truncated);
    }
}

#[test]
fn a_clone_in_mid_episode_goes_on_identically() {
    for (mut env, mut seen) in every_task() {
        env.reset(5, &mut seen).unwrap();
        for t in 0..60 {
            env.step(&action(env.info(), t), &mut seen).unwrap();
        }
        let mut twin = env.clone();
        let mut restored = make(env.info().id).unwrap();
        let (mut twin_seen, mut restored_seen) = (seen.clone(), seen.clone());
        restored
            .set_state(&env.state(), &mut restored_seen)
            .unwrap();
        assert_eq!(seen, restored_seen);
        for t in 60..120 {
            let step = env.step(&action(env.info(), t), &mut seen).unwrap();
            assert_eq!(
                step,
                twin.step(&action(env.info(), t), &mut twin_seen).unwrap()
            );
            assert_eq!(
                step,
                restored
                    .step(&action(env.info(), t), &mut restored_seen)
                    .unwrap()
            );
            assert_eq!(seen, twin_seen);
            assert_eq!(seen, restored_seen);
        }
    }
}

#[test]
fn bad_input_is_an_error_and_changes_nothing() {
    for (mut env, mut seen) in every_task() {
        env.reset(2, &mut seen).unwrap();
        let (before, dims) = (env.state(), env.info().action.len());
        let long = env.step(&vec![0.0; dims + 1], &mut seen).unwrap_err();
        assert!(
            matches!(long, Error::Length { what: "action", got, expected } if got == dims + 1 && expected == dims)
        );
        for bad in [f64::NAN, f64::INFINITY] {
            let mut action = vec![0.0; dims];
            action[1] = bad;
            let error = env.step(&action, &mut seen).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("action[1] is {bad}; it must be finite")
            );
        }
        assert!(matches!(
            env.reset(1, &mut []),
            Err(Error::Length {
                what: "observation",
                ..
            })
        ));
        assert!(matches!(
            env.step(&vec![0.0; dims], &mut []),
            Err(Error::Length {
                what: "observation",
                ..
            })
        ));
        let mut state = before.clone();
        state.qvel[0] = f64::NAN;
        assert!(matches!(
            env.set_state(&state, &mut seen),
            Err(Error::NotFinite {
                what: "qvel",
                index: 0,
                ..
            })
        ));
        state.qvel.clear();
        assert!(matches!(
            env.set_state(&state, &mut seen),
            Err(Error::Length { what: "qvel", .. })
        ));
        assert_eq!(env.state(), before);
    }
}

#[test]
fn divergence_is_an_error_until_the_next_reset() {
    for (mut env, mut seen) in every_task() {
        let idle = vec![0.0; env.info().action.len()];
        env.reset(4, &mut seen).unwrap();
        let calm = env.state();
        let mut wild = calm.clone();
        wild.qvel.fill(1e200);
        env.set_state(&wild, &mut seen).unwrap();
        for _ in 0..2 {
            let error = env.step(&idle, &mut seen).unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Diverged {
                        elapsed_steps: 0,
                        ..
                    }
                ),
                "{error}"
            );
        }
        env.set_state(&calm, &mut seen).unwrap();
        env.step(&idle, &mut seen).unwrap();
    }
}

#[test]
fn falling_terminates() {
    for id in ["Hopper-v5", "Walker2d-v5"] {
        let mut env = make(id).unwrap();
        let mut seen = vec![0.0; env.info().observation.len()];
        env.reset(0, &mut seen).unwrap();
        let mut fallen = env.state();
        let idle = vec![0.0; env.info().action.len()];
        assert!(!env.step(&idle, &mut seen).unwrap().terminated);
        fallen.qpos[2] = 1.2;
        env.set_state(&fallen, &mut seen).unwrap();
        let step = env.step(&idle, &mut seen).unwrap();
        assert!(step.terminated && !step.truncated);
        assert_eq!(step.info.get("reward_survive"), Some(0.0));
    }
}
