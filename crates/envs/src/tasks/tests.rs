//! Promises of every task: tables that fit the model, limits, seeds, clones, bad input.

use super::{
    Ant, Hopper, Humanoid, Mujoco, Observation, Outcome, Reacher, Task, TaskSpec, Transition,
    Version,
};
use crate::dynamics::{Model, State};
use crate::env::{Env, EnvState, Info, TaskInfo};
use crate::testing::check_env;
use crate::{Error, list, make, mjcf, names};

/// Actions that need no generator.
fn action(info: &TaskInfo, t: usize) -> Vec<f64> {
    (0..info.action.len())
        .map(|i| (0.3 * (t + 1) as f64 * (i + 1) as f64).sin())
        .collect()
}

/// What [`check_env`] checks: spaces, seeds, steps, clones, states, bad input, time limits.
#[test]
fn every_task_keeps_the_promises_of_environments() {
    for name in names() {
        assert_eq!(check_env(|| make(name)), Vec::<String>::new(), "{name}");
    }
}

fn every_task() -> Vec<(Box<dyn Env>, Vec<f64>)> {
    let env = |info: &TaskInfo| (make(info.id).unwrap(), vec![0.0; info.observation.len()]);
    list().into_iter().map(env).collect()
}

/// The range of an actuator is the action's, whether or not the physics clamps to it; without one an action is
/// unbounded.
#[test]
fn the_range_of_an_action_is_its_actuators() {
    let hopper = |motor: &str| {
        let xml = format!(
            "<mujoco><worldbody><body><joint name='x' type='slide' axis='1 0 0'/>\
             <joint type='slide' axis='0 0 1'/><joint axis='0 1 0'/><geom size='0.1'/></body></worldbody>\
             <actuator><motor joint='x' {motor}/></actuator></mujoco>"
        );
        Mujoco::with_model(Hopper::default(), mjcf::compile(&xml, "ball").unwrap()).unwrap()
    };
    for (motor, low, high) in [
        ("ctrlrange='-2 3'", -2.0, 3.0),
        ("ctrlrange='-2 3' ctrllimited='false'", -2.0, 3.0),
        ("", f64::NEG_INFINITY, f64::INFINITY),
        ("ctrllimited='false'", f64::NEG_INFINITY, f64::INFINITY),
    ] {
        let mut env = hopper(motor);
        let action = env.info().action[0].clone();
        assert_eq!(
            (&*action.name, action.low, action.high),
            ("x", low, high),
            "{motor}"
        );
        let mut seen = [0.0; 5];
        env.reset(0, &mut seen).unwrap();
        env.step(&[7.0], &mut seen).unwrap();
        let force = if motor == "ctrlrange='-2 3'" {
            3.0
        } else {
            7.0
        };
        assert_eq!(env.physics().qfrc_actuator[0], force, "{motor}");
    }
}

/// Gymnasium 1.4's sizes of observations and actions, versions 3 to 5 where they differ.
#[test]
fn spaces_are_gymnasiums() {
    for (id, seen, done, high) in [
        ("HalfCheetah-v5", 17, 6, 1.0),
        ("Hopper-v5", 11, 3, 1.0),
        ("Walker2d-v4", 17, 6, 1.0),
        ("Ant-v5", 105, 8, 1.0),
        ("Ant-v4", 27, 8, 1.0),
        ("Ant-v3", 111, 8, 1.0),
        ("Humanoid-v5", 348, 17, 0.4),
        ("Humanoid-v4", 376, 17, 0.4),
        ("Humanoid-v3", 376, 17, 0.4),
        ("HumanoidStandup-v5", 348, 17, 0.4),
        ("HumanoidStandup-v4", 376, 17, 0.4),
        ("Swimmer-v5", 8, 2, 1.0),
        ("InvertedPendulum-v5", 4, 1, 3.0),
        ("InvertedDoublePendulum-v5", 9, 1, 1.0),
        ("InvertedDoublePendulum-v4", 11, 1, 1.0),
        ("Reacher-v5", 10, 2, 1.0),
        ("Reacher-v4", 11, 2, 1.0),
        ("Pusher-v5", 23, 7, 2.0),
    ] {
        let env = make(id).unwrap();
        let info = env.info();
        assert_eq!(
            (info.observation.len(), info.action.len()),
            (seen, done),
            "{id}"
        );
        assert!(
            info.action.iter().all(|q| q.high == high && q.low == -high),
            "{id}"
        );
    }
}

/// Name, seed, hash of the bits of all positions and velocities after Gymnasium's reset, the first of each.
#[rustfmt::skip]
const RESETS: [(&str, u64, u64, f64, f64); 33] = [
    ("HalfCheetah-v5", 0, 0xc50a4da718a7a2c1, 0.027392337464290872, -0.12654214710460526),
    ("HalfCheetah-v5", 7, 0x3643b4dea026f412, 0.025019093320933383, -0.062047489981994046),
    ("HalfCheetah-v5", 1099511627779, 0x2a06fb8ba189e8de, 0.054731217014284905, 0.006919498510627971),
    ("Hopper-v5", 0, 0xf84a164b801298e2, 0.001369616873214543, 0.001066357757671799),
    ("Hopper-v5", 7, 0xff84aec5e63947b6, 0.0012509546660466695, -0.004947346954344253),
    ("Hopper-v5", 1099511627779, 0x5d16db5f399c9f38, 0.0027365608507142446, 0.0016564619117423922),
    ("Walker2d-v5", 0, 0xde2e19f9abb6de48, 0.001369616873214543, 0.004350724237877682),
    ("Walker2d-v5", 7, 0x6002ebd76a474d71, 0.0012509546660466695, -0.00032065047156279187),
    ("Walker2d-v5", 1099511627779, 0x86e7af3a2e548755, 0.0027365608507142446, 0.0013536404966540986),
    ("Ant-v5", 0, 0x061bdb66d8a110e5, 0.027392337464290872, -0.07322673547034517),
    ("Ant-v5", 7, 0x8a5fce5094bef83a, 0.025019093320933383, 0.06953031944582878),
    ("Ant-v5", 1099511627779, 0xca6ee90198bab226, 0.054731217014284905, 0.05405277465810308),
    ("Humanoid-v5", 0, 0x7dfe81217aa68d63, 0.002739233746429086, 0.0023077022296250777),
    ("Humanoid-v5", 7, 0x7694e79ab7e4b737, 0.002501909332093339, -0.009286394424528078),
    ("Humanoid-v5", 1099511627779, 0x8d860b643183a275, 0.005473121701428489, -0.0030115097846691976),
    ("HumanoidStandup-v5", 0, 0xb31a3bed45a3588a, 0.002739233746429086, 0.0023077022296250777),
    ("HumanoidStandup-v5", 7, 0xc9ad6144c4feb9f3, 0.002501909332093339, -0.009286394424528078),
    ("HumanoidStandup-v5", 1099511627779, 0x8e4a8a7ac2dcf77c, 0.005473121701428489, -0.0030115097846691976),
    ("Swimmer-v5", 0, 0x86406510d7af7348, 0.027392337464290872, 0.08255111545554436),
    ("Swimmer-v5", 7, 0xa8748476ac2236ce, 0.025019093320933383, 0.07471068907925238),
    ("Swimmer-v5", 1099511627779, 0x55b0713a2783bf58, 0.054731217014284905, 0.01314912452915866),
    ("InvertedPendulum-v5", 0, 0xce312cf5cb37f28b, 0.002739233746429086, -0.009180529521276107),
    ("InvertedPendulum-v5", 7, 0x55312306c7e338c5, 0.002501909332093339, 0.005513713804903871),
    ("InvertedPendulum-v5", 1099511627779, 0x40aba036d0735dd1, 0.005473121701428489, -0.0005364217079214736),
    ("InvertedDoublePendulum-v5", 0, 0xe69fc96dd5a47f66, 0.027392337464290872, 0.010490011715303971),
    ("InvertedDoublePendulum-v5", 7, 0x5f91f7952c485e71, 0.025019093320933383, -0.08905918387572742),
    ("InvertedDoublePendulum-v5", 1099511627779, 0x7b2cfdbe2bfe55db, 0.054731217014284905, -0.05686661867267221),
    ("Reacher-v5", 0, 0x35eb168828d41a72, 0.027392337464290872, 0.00043624991465422876),
    ("Reacher-v5", 7, 0x8cec6264a34ee611, 0.025019093320933383, -0.004947346954344253),
    ("Reacher-v5", 1099511627779, 0x43ab3976ea9f2742, 0.054731217014284905, 0.0016564619117423922),
    ("Pusher-v5", 0, 0xb0e53d7e6279d29d, 0.0, 0.003132702392002724),
    ("Pusher-v5", 7, 0xc63eb78935524e5d, 0.0, 0.0027568569024519355),
    ("Pusher-v5", 1099511627779, 0x41b3425a76d08924, 0.0, -0.0002682108539607368),
];

/// `env.reset(seed=…)` of Gymnasium 1.4, to the last bit.
#[test]
fn resets_are_gymnasiums() {
    for (id, seed, bits, position, velocity) in RESETS {
        let mut env = make(id).unwrap();
        let mut seen = vec![0.0; env.info().observation.len()];
        env.reset(seed, &mut seen).unwrap();
        let state = env.state().unwrap();
        assert_eq!(
            (state.qpos[0], state.qvel[0]),
            (position, velocity),
            "{id} {seed}"
        );
        let numbers = state.qpos.iter().chain(&state.qvel);
        let hash = numbers.fold(0_u64, |hash, x| {
            hash.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(x.to_bits())
        });
        assert_eq!(hash, bits, "{id} {seed}");
    }
}

#[test]
fn options_change_what_is_seen() {
    let all = |env: &dyn Env| env.info().observation.len();
    let humanoid = Humanoid {
        include_cinert_in_observation: false,
        include_cvel_in_observation: false,
        exclude_current_positions_from_observation: false,
        ..Humanoid::default()
    };
    assert_eq!(all(&Mujoco::new(humanoid).unwrap()), 348 - 130 - 78 + 2);
    let ant = Ant {
        include_cfrc_ext_in_observation: true,
        ..Ant::new(Version::V4)
    };
    assert_eq!(all(&Mujoco::new(ant).unwrap()), 111);
    let lost = Ant {
        main_body: 14,
        ..Ant::default()
    };
    let error = Mujoco::new(lost).err().unwrap().to_string();
    assert_eq!(
        error,
        "Ant-v5: main_body is 14; it must be less than the number of bodies, 14"
    );
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let complaint = |made: Result<Mujoco<Ant>, Error>| made.err().unwrap().to_string();
    let still = Ant {
        frame_skip: 0,
        ..Ant::default()
    };
    assert_eq!(
        complaint(Mujoco::new(still)),
        "Ant-v5: frame_skip is 0; it must be 1 or more"
    );
    for scale in [-0.1, f64::NAN, f64::INFINITY] {
        let noisy = Ant {
            reset_noise_scale: scale,
            ..Ant::default()
        };
        assert_eq!(
            complaint(Mujoco::new(noisy)),
            format!("Ant-v5: reset_noise_scale is {scale}; it must be 0 or more, and finite")
        );
    }
    for range in [[1.0, -1.0], [f64::NAN, 1.0], [0.0, f64::NAN]] {
        let torn = Ant {
            contact_force_range: range,
            ..Ant::default()
        };
        let message = complaint(Mujoco::new(torn));
        assert!(
            message.contains("at most contact_force_range[1]"),
            "{message}"
        );
    }
}

#[test]
fn fresh_observations_are_of_the_time_of_the_positions() {
    let mut late = Mujoco::new(Reacher::default()).unwrap();
    let mut fresh = late.clone().with_recomputed_obs();
    let (mut a, mut b) = ([0.0; 10], [0.0; 10]);
    late.reset(1, &mut a).unwrap();
    fresh.reset(1, &mut b).unwrap();
    for _ in 0..20 {
        late.step(&[1.0, -0.5], &mut a).unwrap();
        fresh.step(&[1.0, -0.5], &mut b).unwrap();
    }
    assert_eq!(a[..8], b[..8]);
    assert_ne!(a[8..], b[8..]);
    // A state that is set is looked at anew.
    let mut again = [0.0; 10];
    let state = late.state().unwrap();
    late.set_state(&state, &mut again).unwrap();
    assert_eq!(again, b);
}

#[test]
fn info_holds_the_listed_terms_and_they_make_the_reward() {
    for (mut env, mut seen) in every_task() {
        env.reset(3, &mut seen).unwrap();
        let step = env.step(&action(env.info(), 0), &mut seen).unwrap();
        let names: Vec<_> = step.info.iter().map(|(name, _)| name).collect();
        assert_eq!(names, env.info().info);
        // Older versions do not tell all terms, and one task pays for every step without a word.
        if !env.info().id.ends_with("-v5") {
            continue;
        }
        let untold = if env.info().id.starts_with("HumanoidStandup") {
            1.0
        } else {
            0.0
        };
        let terms = step.info.iter();
        let sum: f64 = terms
            .filter(|(name, _)| name.starts_with("reward_") || name.ends_with("_penalty"))
            .map(|(_, x)| x)
            .sum();
        approx::assert_abs_diff_eq!(sum + untold, step.reward, epsilon = 1e-12);
    }
}

#[test]
fn noise_has_the_published_scale() {
    for name in ["HalfCheetah-v5", "Hopper-v5", "Walker2d-v5"] {
        let mut env = make(name).unwrap();
        let mut seen = vec![0.0; env.info().observation.len()];
        let (uniform, normal) = if name.starts_with("HalfCheetah") {
            (0.1, true)
        } else {
            (0.005, false)
        };
        let start = env.state().unwrap().qpos;
        let (mut widest, mut squares, mut count) = (0.0_f64, 0.0_f64, 0.0);
        for seed in 0..400 {
            env.reset(seed, &mut seen).unwrap();
            let EnvState { qpos, qvel, .. } = env.state().unwrap();
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

/// As in MuJoCo: a warning, counted, and a start in the reference pose.
#[test]
fn divergence_is_reported_and_starts_over() {
    for (mut env, mut seen) in every_task() {
        let idle = vec![0.0; env.info().action.len()];
        env.reset(4, &mut seen).unwrap();
        env.step(&idle, &mut seen).unwrap();
        let mut wild = env.state().unwrap();
        wild.qvel.fill(1e200);
        env.set_state(&wild, &mut seen).unwrap();
        let error = env.step(&idle, &mut seen).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Diverged {
                    elapsed_steps: 1,
                    ..
                }
            ),
            "{error}"
        );
        assert!(seen.iter().all(|x| x.is_finite()));
        let (model, state) = env.physics().unwrap();
        assert_eq!(state.warnings.bad_qvel.count, 1);
        let away = state.qpos.iter().zip(&model.qpos0);
        assert!(away.into_iter().all(|(q, start)| (q - start).abs() < 1.0));
        env.step(&idle, &mut seen).unwrap();
        assert_eq!(env.physics().unwrap().1.warnings.total(), 1);
    }
}

#[test]
fn falling_terminates() {
    for id in ["Hopper-v5", "Walker2d-v5"] {
        let mut env = make(id).unwrap();
        let mut seen = vec![0.0; env.info().observation.len()];
        env.reset(0, &mut seen).unwrap();
        let mut fallen = env.state().unwrap();
        let idle = vec![0.0; env.info().action.len()];
        assert!(!env.step(&idle, &mut seen).unwrap().terminated);
        fallen.qpos[2] = 1.2;
        env.set_state(&fallen, &mut seen).unwrap();
        let step = env.step(&idle, &mut seen).unwrap();
        assert!(step.terminated && !step.truncated);
        assert_eq!(step.info.get("reward_survive"), Some(0.0));
    }
}

/// What `observe` writes and `observation_space` names must agree; a task that is off by one has no environment.
#[test]
fn a_task_that_observes_another_number_than_it_declares_is_refused() {
    #[derive(Clone)]
    struct Seen(usize);

    impl Task for Seen {
        fn spec(&self) -> TaskSpec {
            TaskSpec {
                id: "Seen-v0",
                ..TaskSpec::default()
            }
        }

        fn model(&self) -> crate::Result<Model> {
            Hopper::default().model()
        }

        fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
            observation.push(&state.qpos[..self.0]);
            observation.extend(state.qvel.iter().copied());
        }

        fn outcome(&self, _: &Transition<'_>) -> Outcome {
            Outcome {
                reward: 1.0,
                terminated: false,
                info: Info::default(),
            }
        }
    }

    assert_eq!(Mujoco::new(Seen(6)).unwrap().info().observation.len(), 12);
    let error = Mujoco::new(Seen(5)).err().unwrap().to_string();
    assert_eq!(
        error,
        "Seen-v0 observes 11 numbers and declares 12; `observe` and `observation_space` must agree"
    );
}
