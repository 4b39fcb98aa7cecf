//! Every constructor option of Gymnasium's tasks, beside what Gymnasium computes with it.
//!
//! The cases are those of `golden/options/record.py`, under the same names.

use Version::{V4, V5};
use envs::tasks::{
    Ant, HalfCheetah, Hopper, Humanoid, InvertedDoublePendulum, InvertedPendulum, Mujoco, Pusher,
    Reacher, Swimmer, Task, Version, Walker2d,
};
use envs::{Env, Result};
use std::path::Path;
use tests::recording::Recording;
use tests::{Errors, recording};

/// Of observations, rewards, terminations and info, in 24 control steps.
const TOLERANCE: f64 = 1e-10;
/// The steps after which the observation is recorded.
const SEEN: [usize; 4] = [0, 1, 7, 23];

fn boxed(task: impl Task) -> Result<Box<dyn Env>> {
    Ok(Box::new(Mujoco::new(task)?))
}

/// The tasks in the plane.
fn planar(case: &str) -> Option<Result<Box<dyn Env>>> {
    let cheetah = |version| HalfCheetah {
        forward_reward_weight: 2.5,
        ctrl_cost_weight: 0.7,
        reset_noise_scale: 0.03,
        exclude_current_positions_from_observation: false,
        ..HalfCheetah::new(version)
    };
    let hopper = |version| Hopper {
        forward_reward_weight: 1.7,
        ctrl_cost_weight: 0.02,
        healthy_reward: 0.3,
        healthy_state_range: [-1.0, 1.5],
        healthy_z_range: [1.0, 1.3],
        healthy_angle_range: [-0.05, 0.03],
        reset_noise_scale: 0.02,
        exclude_current_positions_from_observation: false,
        ..Hopper::new(version)
    };
    let walker = |version| Walker2d {
        forward_reward_weight: 1.7,
        ctrl_cost_weight: 0.02,
        healthy_reward: 0.3,
        healthy_z_range: [1.1, 1.3],
        healthy_angle_range: [-0.1, 0.2],
        reset_noise_scale: 0.03,
        exclude_current_positions_from_observation: false,
        ..Walker2d::new(version)
    };
    Some(match case {
        "half_cheetah_v5" => boxed(HalfCheetah {
            frame_skip: 3,
            ..cheetah(V5)
        }),
        "half_cheetah_v4" => boxed(cheetah(V4)),
        "hopper_v5" => boxed(Hopper {
            frame_skip: 7,
            terminate_when_unhealthy: false,
            ..hopper(V5)
        }),
        "hopper_v4" => boxed(hopper(V4)),
        "hopper_v4_goes_on" => boxed(Hopper {
            terminate_when_unhealthy: false,
            healthy_state_range: [-100.0, 100.0],
            healthy_angle_range: [-0.2, 0.2],
            healthy_z_range: [1.2, f64::INFINITY],
            reset_noise_scale: 5e-3,
            exclude_current_positions_from_observation: true,
            ..hopper(V4)
        }),
        "walker2d_v5" => boxed(Walker2d {
            frame_skip: 6,
            ..walker(V5)
        }),
        "walker2d_v4" => boxed(Walker2d {
            terminate_when_unhealthy: false,
            ..walker(V4)
        }),
        _ => return None,
    })
}

/// The tasks with a free joint.
fn free(case: &str) -> Option<Result<Box<dyn Env>>> {
    let ant = |version| Ant {
        ctrl_cost_weight: 0.2,
        contact_cost_weight: 0.3,
        healthy_reward: 2.0,
        contact_force_range: [-0.2, 3.0],
        reset_noise_scale: 0.05,
        exclude_current_positions_from_observation: false,
        ..Ant::new(version)
    };
    let humanoid = |version| Humanoid {
        forward_reward_weight: 0.4,
        ctrl_cost_weight: 0.3,
        healthy_reward: 1.5,
        terminate_when_unhealthy: false,
        reset_noise_scale: 0.05,
        exclude_current_positions_from_observation: false,
        ..Humanoid::new(version)
    };
    let low = [0.45, 0.76];
    Some(match case {
        "ant_v5" => boxed(Ant {
            frame_skip: 3,
            forward_reward_weight: 0.6,
            main_body: 4,
            terminate_when_unhealthy: false,
            healthy_z_range: [0.4, 0.76],
            ..ant(V5)
        }),
        "ant_v5_without_forces" => boxed(Ant {
            include_cfrc_ext_in_observation: false,
            contact_cost_weight: 0.1,
            healthy_z_range: low,
            ..Ant::new(V5)
        }),
        "ant_v4" => boxed(Ant {
            include_cfrc_ext_in_observation: true,
            healthy_z_range: low,
            ..ant(V4)
        }),
        "ant_v4_without_forces" => boxed(Ant {
            terminate_when_unhealthy: false,
            healthy_z_range: low,
            ..Ant::new(V4)
        }),
        "humanoid_v5" => boxed(Humanoid {
            frame_skip: 9,
            contact_cost_weight: 1e-4,
            contact_cost_range: [1.0, 40.0],
            healthy_z_range: [1.2, 1.39],
            ..humanoid(V5)
        }),
        "humanoid_v5_seen" => boxed(Humanoid {
            include_cinert_in_observation: false,
            include_qfrc_actuator_in_observation: false,
            ..Humanoid::new(V5)
        }),
        "humanoid_v5_unseen" => boxed(Humanoid {
            include_cvel_in_observation: false,
            include_cfrc_ext_in_observation: false,
            healthy_z_range: [1.3, 1.5],
            ..Humanoid::new(V5)
        }),
        "humanoid_v4" => boxed(Humanoid {
            healthy_z_range: [1.3, 1.39],
            ..humanoid(V4)
        }),
        _ => return None,
    })
}

/// All others.
fn other(case: &str) -> Option<Result<Box<dyn Env>>> {
    let swimmer = |version| Swimmer {
        forward_reward_weight: 3.0,
        ctrl_cost_weight: 0.4,
        reset_noise_scale: 0.3,
        exclude_current_positions_from_observation: false,
        ..Swimmer::new(version)
    };
    Some(match case {
        "swimmer_v5" => boxed(Swimmer {
            frame_skip: 2,
            ..swimmer(V5)
        }),
        "swimmer_v4" => boxed(swimmer(V4)),
        "inverted_pendulum_v5" => boxed(InvertedPendulum {
            frame_skip: 3,
            reset_noise_scale: 0.1,
            ..InvertedPendulum::new(V5)
        }),
        "inverted_pendulum_v4" => boxed(InvertedPendulum::new(V4)),
        "inverted_double_pendulum_v5" => boxed(InvertedDoublePendulum {
            frame_skip: 2,
            healthy_reward: 3.0,
            reset_noise_scale: 0.2,
            ..InvertedDoublePendulum::new(V5)
        }),
        "inverted_double_pendulum_v4" => boxed(InvertedDoublePendulum::new(V4)),
        "reacher_v5" => boxed(Reacher {
            frame_skip: 5,
            reward_dist_weight: 0.3,
            reward_control_weight: 2.0,
            ..Reacher::new(V5)
        }),
        "reacher_v4" => boxed(Reacher::new(V4)),
        "pusher_v5" => boxed(Pusher {
            frame_skip: 2,
            reward_near_weight: 0.9,
            reward_dist_weight: 0.4,
            reward_control_weight: 0.3,
        }),
        _ => return None,
    })
}

/// Runs one case beside its recording.
fn compare(case: &str, recording: &Recording, found: &mut Errors) -> recording::Result<()> {
    let said = |error: envs::Error| format!("{case}: {error}");
    let get = |key: &str| recording.get(&format!("{case}/{key}"));
    let env = planar(case).or_else(|| free(case)).or_else(|| other(case));
    let mut env = env
        .ok_or_else(|| format!("there is no case {case} here"))?
        .map_err(said)?;
    let mut terms = recording.under(&format!("{case}/info/"));
    let mut names = env.info().info.to_vec();
    terms.sort_unstable();
    names.sort_unstable();
    if names != terms {
        return Err(format!("{case}: info is {names:?}, recorded {terms:?}"));
    }
    let (actions, obs) = (get("actions")?, get("obs")?);
    let (reward, terminated) = (get("reward")?, get("terminated")?);
    let mut seen = vec![0.0; env.info().observation.len()];
    env.reset(recording.number(&format!("{case}/seed"))? as u64, &mut seen)
        .map_err(said)?;
    found.add(format!("{case} reset"), &seen, obs.row(0));
    for t in 0..actions.len() {
        let place = format!("{case} step {t}");
        let step = env.step(actions.row(t), &mut seen).map_err(said)?;
        if let Some(row) = SEEN.iter().position(|at| *at == t) {
            found.add(format!("{place} observation"), &seen, obs.row(row + 1));
        }
        found.add(format!("{place} reward"), &[step.reward], reward.row(t));
        let ended = f64::from(u8::from(step.terminated));
        found.add(format!("{place} terminated"), &[ended], terminated.row(t));
        for (name, value) in step.info.iter() {
            let expected = get(&format!("info/{name}"))?;
            found.add(format!("{place} {name}"), &[value], expected.row(t));
        }
    }
    env.reset_next(&mut seen).map_err(said)?;
    found.add(format!("{case} next reset"), &seen, obs.row(SEEN.len() + 1));
    Ok(())
}

#[test]
fn options_do_what_they_do_in_gymnasium() -> recording::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/options/options.npz");
    let recording = Recording::read(&file)?;
    let mut cases: Vec<&str> = recording
        .keys()
        .filter_map(|key| key.strip_suffix("/seed"))
        .collect();
    cases.sort_unstable();
    assert_eq!(cases.len(), 24);
    let mut found = Errors::default();
    for case in cases {
        compare(case, &recording, &mut found)?;
    }
    found.check("options", TOLERANCE)
}
