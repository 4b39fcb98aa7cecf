//! Tasks on models that are not the published ones (Gymnasium's `xml_file`), and what resets tell, beside Gymnasium.
//!
//! The recording is that of `golden/models/record.py`.

use envs::tasks::{
    Ant, HalfCheetah, Hopper, Humanoid, HumanoidStandup, InvertedDoublePendulum, InvertedPendulum,
    Mujoco, Pusher, Reacher, Swimmer, Task, Walker2d,
};
use envs::{Env, Error, make, mjcf};
use std::path::Path;
use tests::Errors;
use tests::recording::{Recording, Result};

/// Of observations, rewards, terminations and info, in 20 control steps.
const TOLERANCE: f64 = 1e-10;
/// Of what resets tell.
const RESET_TOLERANCE: f64 = 1e-15;

const TASKS: [&str; 11] = [
    "HalfCheetah-v5",
    "Hopper-v5",
    "Walker2d-v5",
    "Ant-v5",
    "Humanoid-v5",
    "HumanoidStandup-v5",
    "Swimmer-v5",
    "InvertedPendulum-v5",
    "InvertedDoublePendulum-v5",
    "Reacher-v5",
    "Pusher-v5",
];

fn on<T: Task>(task: T, xml: &str) -> envs::Result<Box<dyn Env>> {
    Ok(Box::new(Mujoco::with_model(
        task,
        mjcf::compile(xml, "model")?,
    )?))
}

/// The task of this name on a model.
fn with_model(task: &str, xml: &str) -> envs::Result<Box<dyn Env>> {
    match task {
        "HalfCheetah-v5" => on(HalfCheetah::default(), xml),
        "Hopper-v5" => on(Hopper::default(), xml),
        "Walker2d-v5" => on(Walker2d::default(), xml),
        "Ant-v5" => on(Ant::default(), xml),
        "Humanoid-v5" => on(Humanoid::default(), xml),
        "HumanoidStandup-v5" => on(HumanoidStandup::default(), xml),
        "Swimmer-v5" => on(Swimmer::default(), xml),
        "InvertedPendulum-v5" => on(InvertedPendulum::default(), xml),
        "InvertedDoublePendulum-v5" => on(InvertedDoublePendulum::default(), xml),
        "Reacher-v5" => on(Reacher::default(), xml),
        "Pusher-v5" => on(Pusher::default(), xml),
        _ => make(task),
    }
}

fn read() -> Result<Recording> {
    Recording::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/models/models.npz"))
}

/// Runs one task beside its recording.
fn compare(task: &str, recording: &Recording, found: &mut Errors) -> Result<()> {
    let said = |error: Error| format!("{task}: {error}");
    let get = |key: &str| recording.get(&format!("{task}/{key}"));
    let xml = &recording.texts(&format!("{task}/xml"))?[0];
    let mut env = with_model(task, xml).map_err(said)?;
    let (actions, obs, range) = (get("actions")?, get("obs")?, get("range")?);
    let action = &env.info().action;
    let ends: Vec<f64> = action.iter().flat_map(|q| [q.low, q.high]).collect();
    found.add(format!("{task} action"), &ends, &range.data);
    let mut seen = vec![f64::NAN; env.info().observation.len()];
    let seed = recording.number(&format!("{task}/seed"))? as u64;
    env.reset(seed, &mut seen).map_err(said)?;
    found.add(format!("{task} reset"), &seen, obs.row(0));
    for t in 0..actions.len() {
        let place = format!("{task} step {t}");
        seen.fill(f64::NAN);
        let step = env.step(actions.row(t), &mut seen).map_err(said)?;
        found.add(format!("{place} observation"), &seen, obs.row(t + 1));
        found.add(
            format!("{place} reward"),
            &[step.reward],
            get("reward")?.row(t),
        );
        let ended = f64::from(u8::from(step.terminated));
        found.add(
            format!("{place} terminated"),
            &[ended],
            get("terminated")?.row(t),
        );
        for (name, value) in step.info.iter() {
            let expected = get(&format!("info/{name}"))?;
            found.add(format!("{place} {name}"), &[value], expected.row(t));
        }
    }
    Ok(())
}

#[test]
fn tasks_on_other_models_go_as_in_gymnasium() -> Result<()> {
    let recording = read()?;
    let mut found = Errors::default();
    for task in TASKS {
        compare(task, &recording, &mut found)?;
    }
    found.check("own models", TOLERANCE)
}

#[test]
fn resets_tell_what_gymnasiums_tell() -> Result<()> {
    let recording = read()?;
    let mut found = Errors::default();
    let mut told = 0;
    for id in envs::names().into_iter().filter(|id| !id.ends_with("-v3")) {
        let said = |error: Error| format!("{id}: {error}");
        let mut env = make(id).map_err(said)?;
        let mut seen = vec![0.0; env.info().observation.len()];
        env.reset(1, &mut seen).map_err(said)?;
        let info = env.reset_info();
        let prefix = format!("reset/{id}/");
        let mut names: Vec<_> = info.iter().map(|(name, _)| name).collect();
        let mut expected = recording.under(&prefix);
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected, "{id}");
        for (name, value) in info.iter() {
            let expected = recording.number(&format!("{prefix}{name}"))?;
            found.add(format!("{id} {name}"), &[value], &[expected]);
            told += 1;
        }
    }
    assert_eq!(told, 25);
    found.check("reset info", RESET_TOLERANCE)
}

/// A model of `joints` slides and one body, with or without a motor.
fn slides(joints: usize, motor: bool) -> String {
    let axes = ["1 0 0", "0 1 0", "0 0 1"];
    let joints: String = (0..joints)
        .map(|i| {
            format!(
                "<body><joint name='j{i}' type='slide' axis='{}'/><geom size='1'/></body>",
                axes[i % 3]
            )
        })
        .collect();
    let motor = if motor { "<motor joint='j0'/>" } else { "" };
    format!("<mujoco><worldbody>{joints}</worldbody><actuator>{motor}</actuator></mujoco>")
}

#[test]
fn a_model_without_what_the_task_looks_at_is_refused() -> Result<()> {
    for (task, joints, motor, expected) in [
        (
            "HalfCheetah-v5",
            1,
            false,
            "1 actuators or more; the model has 0",
        ),
        (
            "Hopper-v5",
            2,
            true,
            "3 positions (nq) or more; the model has 2",
        ),
        (
            "Walker2d-v5",
            2,
            true,
            "3 positions (nq) or more; the model has 2",
        ),
        (
            "Ant-v5",
            2,
            true,
            "3 positions (nq) or more; the model has 2",
        ),
        (
            "Humanoid-v5",
            2,
            true,
            "3 positions (nq) or more; the model has 2",
        ),
        (
            "Humanoid-v5",
            3,
            true,
            "6 velocities (nv) or more; the model has 3",
        ),
        ("Humanoid-v5", 6, true, "2 tendons or more; the model has 0"),
        (
            "Swimmer-v5",
            1,
            true,
            "2 positions (nq) or more; the model has 1",
        ),
        (
            "InvertedPendulum-v5",
            1,
            true,
            "2 positions (nq) or more; the model has 1",
        ),
        (
            "InvertedDoublePendulum-v5",
            3,
            true,
            "1 sites or more; the model has 0",
        ),
        (
            "Reacher-v5",
            4,
            true,
            "a body named `fingertip`; the model has world",
        ),
        (
            "Pusher-v5",
            10,
            true,
            "11 positions (nq) or more; the model has 10",
        ),
        (
            "Pusher-v5",
            11,
            true,
            "a body named `tips_arm`; the model has world",
        ),
    ] {
        let error = with_model(task, &slides(joints, motor)).err();
        let message = error.map(|error| error.to_string());
        assert_eq!(message, Some(format!("{task} needs {expected}")));
    }
    // With all that it looks at, a task runs on any of these.
    for (task, joints) in [
        ("HalfCheetah-v5", 1),
        ("Hopper-v5", 3),
        ("Walker2d-v5", 4),
        ("Ant-v5", 3),
        ("Swimmer-v5", 2),
        ("InvertedPendulum-v5", 2),
    ] {
        let said = |error: Error| format!("{task}: {error}");
        let mut env = with_model(task, &slides(joints, true)).map_err(said)?;
        let mut seen = vec![f64::NAN; env.info().observation.len()];
        env.reset(0, &mut seen).map_err(said)?;
        seen.fill(f64::NAN);
        env.step(&[0.1], &mut seen).map_err(said)?;
        assert!(seen.iter().all(|x| x.is_finite()), "{task}: {seen:?}");
    }
    Ok(())
}
