//! What each wrapper does, and what all of them keep.

use super::*;
use crate::{Error, VecEnv, make, make_with};

fn made(task: &str, settings: &str) -> Box<dyn Env> {
    let settings = Settings::from(settings.parse::<toml::Table>().unwrap());
    make_with(task, &settings).unwrap()
}

/// Rewards and observations of some steps with these actions, and where the last was truncated.
fn played(env: &mut Box<dyn Env>, actions: &[Vec<f64>]) -> Vec<(f64, Vec<f64>, bool)> {
    let mut seen = vec![0.0; env.info().observation.len()];
    let steps = actions.iter().map(|action| {
        let step = env.step(action, &mut seen).unwrap();
        (step.reward, seen.clone(), step.truncated)
    });
    steps.collect()
}

fn began(env: &mut Box<dyn Env>, seed: u64) -> Vec<f64> {
    let mut seen = vec![0.0; env.info().observation.len()];
    env.reset(seed, &mut seen).unwrap();
    seen
}

fn actions(count: usize, width: usize) -> Vec<Vec<f64>> {
    let number = |step: usize, i: usize| ((step * 7 + i * 3) as f64 * 0.37).sin();
    (0..count)
        .map(|step| (0..width).map(|i| number(step, i)).collect())
        .collect()
}

const ALL: &str = "max_episode_steps = 300\nsticky_actions = 0.3\naction_repeat = 2\naction_delay = 3\nreward_scale = 0.1\n\
    reward_clip = [-0.5, 0.5]\nobservation_noise = 0.01\ntime_in_observation = true\nobservation_stack = 3\n";

#[test]
fn with_each_and_with_all_a_state_and_a_clone_go_on_to_the_bit() {
    let each = ALL.lines().chain([ALL]);
    for settings in each {
        let mut env = made("HalfCheetah-v5", settings);
        let first = began(&mut env, 5);
        assert_eq!(first, began(&mut env.clone(), 5), "{settings}");
        let actions = actions(40, 6);
        played(&mut env, &actions[..17]);
        let state = env.state().unwrap();
        let mut copy = env.clone();
        let mut other = made("HalfCheetah-v5", settings);
        let mut seen = vec![0.0; other.info().observation.len()];
        other.set_state(&state, &mut seen).unwrap();
        assert_eq!(other.state().unwrap(), state, "{settings}");
        let rest = played(&mut env, &actions[17..]);
        assert_eq!(played(&mut copy, &actions[17..]), rest, "{settings}");
        assert_eq!(played(&mut other, &actions[17..]), rest, "{settings}");
        // The next episode, too.
        let mut next = [seen.clone(), seen];
        env.reset_next(&mut next[0]).unwrap();
        other.reset_next(&mut next[1]).unwrap();
        assert_eq!(next[0], next[1], "{settings}");
    }
}

#[test]
fn a_state_of_another_length_changes_nothing() {
    let mut env = made("hopper", "observation_stack = 3\naction_delay = 1");
    began(&mut env, 1);
    let before = env.state().unwrap();
    let mut seen = [0.0; 33];
    for (change, said) in [
        (-1, "qpos has 5 entries, expected 6"),
        (-1000, "qpos has 0 entries, expected 33"),
        (3, "expected 6"),
    ] {
        let mut state = before.clone();
        let length = state.qpos.len().saturating_add_signed(change);
        state.qpos.resize(length, 0.0);
        let error = env.set_state(&state, &mut seen).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let mut state = before.clone();
    *state.qpos.last_mut().unwrap() = f64::NAN;
    assert!(matches!(
        env.set_state(&state, &mut seen),
        Err(Error::NotFinite { .. })
    ));
    assert_eq!(env.state().unwrap(), before);
}

#[test]
fn episodes_are_shorter_and_longer() {
    for (limit, expected) in [(20, 20), (1500, 1500)] {
        let mut env = made("HalfCheetah-v5", &format!("max_episode_steps = {limit}"));
        assert_eq!(env.info().max_episode_steps, limit);
        began(&mut env, 0);
        let steps = played(&mut env, &vec![vec![0.0; 6]; 1500]);
        assert_eq!(steps.iter().position(|step| step.2), Some(expected - 1));
    }
}

#[test]
fn repeated_actions_sum_their_rewards_and_skip_observations() {
    let (mut plain, mut env) = (make("hopper").unwrap(), made("hopper", "action_repeat = 3"));
    assert_eq!(
        (env.info().frame_skip, env.info().max_episode_steps),
        (12, 334)
    );
    assert_eq!(began(&mut plain, 2), began(&mut env, 2));
    let one = played(&mut plain, &vec![vec![0.1, 0.2, 0.3]; 12]);
    let three = played(&mut env, &vec![vec![0.1, 0.2, 0.3]; 4]);
    for (one, three) in one.chunks(3).zip(three) {
        assert_eq!(one[2].1, three.1);
        assert!((one.iter().map(|step| step.0).sum::<f64>() - three.0).abs() < 1e-12);
    }
    // The end of an episode ends the repetition.
    let mut env = made("hopper", "action_repeat = 1000");
    let mut seen = began(&mut env, 2);
    assert!(env.step(&[1.0; 3], &mut seen).unwrap().terminated);
    assert!(env.state().unwrap().elapsed_steps < 200);
}

#[test]
fn delayed_actions_come_late_and_sticky_ones_stay() {
    let acted = actions(12, 3);
    let (mut plain, mut env) = (make("hopper").unwrap(), made("hopper", "action_delay = 2"));
    assert_eq!(began(&mut plain, 2), began(&mut env, 2));
    let late = [vec![vec![0.0; 3]; 2], acted[..10].to_vec()].concat();
    assert_eq!(played(&mut plain, &late), played(&mut env, &acted));
    // What was executed last has the controls of the physics.
    let mut env = made("HalfCheetah-v5", "sticky_actions = 0.25");
    let mut seen = began(&mut env, 3);
    let mut stuck = 0;
    for (index, action) in actions(2000, 6).iter().enumerate() {
        env.step(action, &mut seen).unwrap();
        let executed = &env.physics().unwrap().1.ctrl;
        assert!(index > 0 || executed == action);
        stuck += usize::from(executed != action);
    }
    assert!((430..570).contains(&stuck), "{stuck}");
    let mut never = made(
        "hopper",
        "sticky_actions = 0\nobservation_noise = 0\naction_delay = 0\nobservation_stack = 1",
    );
    began(&mut plain, 2);
    began(&mut never, 2);
    assert_eq!(played(&mut plain, &acted), played(&mut never, &acted));
}

#[test]
fn rewards_are_scaled_then_clipped() {
    let acted = actions(50, 6);
    let run = |settings: &str| {
        let mut env = made("HalfCheetah-v5", settings);
        began(&mut env, 4);
        let steps = played(&mut env, &acted).into_iter();
        steps.map(|step| step.0).collect::<Vec<_>>()
    };
    let plain = run("");
    let scaled = run("reward_scale = -30");
    let mut sorted = scaled.clone();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[10], sorted[40]);
    let clipped = run(&format!(
        "reward_scale = -30\nreward_clip = [{low:?}, {high:?}]"
    ));
    for ((plain, scaled), clipped) in plain.iter().zip(&scaled).zip(&clipped) {
        assert_eq!(*scaled, -30.0 * plain);
        assert_eq!(*clipped, scaled.clamp(low, high));
    }
    assert_ne!(clipped, scaled);
}

#[test]
fn observations_have_noise_time_and_a_past() {
    let acted = actions(30, 6);
    let run = |settings: &str, seed: u64| {
        let mut env = made("HalfCheetah-v5", settings);
        let first = began(&mut env, seed);
        let rest = played(&mut env, &acted).into_iter().map(|step| step.1);
        [first].into_iter().chain(rest).collect::<Vec<_>>()
    };
    let plain = run("", 6);
    let noisy = run("observation_noise = 0.1", 6);
    assert_eq!(noisy, run("observation_noise = 0.1", 6));
    let differences: Vec<f64> = noisy
        .iter()
        .flatten()
        .zip(plain.iter().flatten())
        .map(|(a, b)| a - b)
        .collect();
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let std = (differences.iter().map(|x| x * x).sum::<f64>() / count).sqrt();
    // 527 numbers: four standard errors.
    assert!(
        mean.abs() < 0.018 && (std - 0.1).abs() < 0.0125,
        "{mean} {std}"
    );
    let timed = run("max_episode_steps = 20\ntime_in_observation = true", 6);
    for (step, (timed, plain)) in timed.iter().zip(&plain).enumerate() {
        assert_eq!(timed[..17], plain[..]);
        assert_eq!(timed[17], (step as f64 / 20.0).min(1.0));
    }
    let stacked = run("observation_stack = 3", 6);
    assert_eq!(stacked[0], plain[0].repeat(3));
    assert_eq!(stacked[9], plain[7..10].concat());
    let env = made("HalfCheetah-v5", "observation_stack = 2");
    let names = [0, 17].map(|i| env.info().observation[i].name.as_str());
    assert_eq!(names, ["rootz 1 step ago", "rootz"]);
}

#[test]
fn values_that_are_not_allowed_name_what_is() {
    for (settings, said) in [
        (
            "max_episode_steps = 0",
            "Hopper-v5: max_episode_steps is 0; it must be a whole number, 1 or more",
        ),
        (
            "action_repeat = 0",
            "action_repeat is 0; it must be a whole number, 1 to 1000",
        ),
        (
            "action_repeat = 1.5",
            "action_repeat is 1.5; it must be a whole number",
        ),
        (
            "action_delay = -1",
            "action_delay is -1; it must be a whole number, 0 to 100",
        ),
        (
            "observation_stack = 10000000",
            "observation_stack is 10000000; it must be a whole number, 1 to 100",
        ),
        (
            "sticky_actions = 1",
            "sticky_actions is 1; it must be a number in [0, 1)",
        ),
        (
            "sticky_actions = nan",
            "sticky_actions is nan; it must be a number in [0, 1)",
        ),
        (
            "reward_scale = inf",
            "reward_scale is inf; it must be a finite number",
        ),
        (
            "reward_clip = [1, -1]",
            "reward_clip is [1, -1]; it must be two numbers, the lower first",
        ),
        (
            "reward_clip = 1",
            "reward_clip is 1; it must be two numbers",
        ),
        (
            "observation_noise = -0.1",
            "observation_noise is -0.1; it must be a finite number, 0 or more",
        ),
        (
            "time_in_observation = 1",
            "time_in_observation is 1; it must be true or false",
        ),
    ] {
        let settings = Settings::from(settings.parse::<toml::Table>().unwrap());
        let error = make_with("hopper", &settings).err().unwrap().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn wrapped_environments_step_side_by_side() {
    let env = made("hopper", ALL);
    let mut envs = VecEnv::from_envs(vec![env; 2]).unwrap();
    envs.reset(3).unwrap();
    for _ in 0..200 {
        envs.step(&[0.3; 6]).unwrap();
    }
    assert_eq!(envs.info().max_episode_steps, 150);
}
