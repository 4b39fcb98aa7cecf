//! Small models, each at the edge of one rule of MuJoCo's, beside what MuJoCo 3.3.7 makes of them.
//!
//! `cases/record.py` made `cases/expected.txt` and says what a line holds.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that fails should fail the test"
)]

use envs::dynamics::{State, step};
use envs::glam::{DMat3, DVec3};
use envs::tasks::{Ant, Humanoid, Task, Version};
use envs::{Env, Mujoco, mjcf};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Error `|x - ref| / max(1, |ref|)` of positions, velocities, accelerations and observations.
const TOLERANCE: f64 = 1e-9;

/// The parts that mend these are not on this branch.
const ELSEWHERE: &[&str] = &[
    // Islands and cold starts.
    "01_cold_start_newton_1_iteration",
    "02_cold_start_cg_3_iterations",
    "03_two_trees_newton_3_iterations",
    "04_two_boxes_cg_default",
    // Reading.
    "13_quat_beside_fromto",
    "14_comment_with_dashes",
    "17_empty_equality",
    "18_range_upside_down",
];

/// Quantities by name.
type Recording<'a> = BTreeMap<&'a str, Vec<f64>>;

/// What was found, by the names of a recording.
type Found = Vec<(&'static str, Vec<f64>)>;

fn moved(path: &Path, recording: &Recording<'_>) -> Found {
    let model = mjcf::load(path).unwrap();
    let mut state = State::new(&model);
    state.qpos.copy_from_slice(&recording["start_qpos"]);
    state.qvel.copy_from_slice(&recording["start_qvel"]);
    state.ctrl.copy_from_slice(&recording["start_ctrl"]);
    for _ in 0..recording["steps"][0] as usize {
        step(&model, &mut state);
    }
    assert_eq!(state.warnings.total(), 0, "{}", path.display());
    let limited = model.joints.limited.iter();
    let counts = [state.contacts.len(), state.rows.len()];
    let places = |list: &[DVec3]| list.iter().flat_map(DVec3::to_array).collect();
    // MuJoCo's matrices are row-major.
    let axes = |list: &[DMat3]| {
        let rows = list.iter().map(|mat| mat.transpose().to_cols_array());
        rows.flatten().collect()
    };
    vec![
        ("limited", limited.map(|x| f64::from(*x)).collect()),
        ("contacts_and_rows", counts.map(|n| n as f64).to_vec()),
        ("xipos", places(&state.xipos)),
        ("geom_xpos", places(&state.geom_xpos)),
        ("geom_xmat", axes(&state.geom_xmat)),
        ("site_xpos", places(&state.site_xpos)),
        ("site_xmat", axes(&state.site_xmat)),
        ("qpos", state.qpos),
        ("qvel", state.qvel),
        ("qacc", state.qacc),
    ]
}

/// The observations of tasks after a reset without noise.
fn observed(path: &Path) -> Found {
    let ant = |version| Ant {
        reset_noise_scale: 0.0,
        healthy_z_range: [0.1, 1.0],
        include_cfrc_ext_in_observation: true,
        ..Ant::new(version)
    };
    let humanoid = Humanoid {
        reset_noise_scale: 0.0,
        ..Humanoid::default()
    };
    vec![
        ("Ant-v4", first_observation(ant(Version::V4), path)),
        ("Ant-v5", first_observation(ant(Version::V5), path)),
        ("Humanoid-v5", first_observation(humanoid, path)),
    ]
}

fn first_observation(task: impl Task, path: &Path) -> Vec<f64> {
    let mut env = Mujoco::with_model(task, mjcf::load(path).unwrap()).unwrap();
    let mut observation = vec![0.0; env.info().observation.len()];
    env.reset(0, &mut observation).unwrap();
    let first = observation.clone();
    // Steps later, contact forces of the last episode are not seen in the first observation of the next.
    let action = vec![0.3; env.info().action.len()];
    for _ in 0..5 {
        env.step(&action, &mut observation).unwrap();
    }
    env.reset(0, &mut observation).unwrap();
    assert_eq!(first, observation, "{}", env.info().id);
    first
}

/// All that differs from the recording.
fn differences(path: &Path, recording: &Recording<'_>) -> Vec<String> {
    let found = if !recording.contains_key("steps") {
        observed(path)
    } else {
        moved(path, recording)
    };
    let mut differences = Vec::new();
    for (quantity, found) in found {
        let expected = &recording[quantity];
        let close = |(x, y): (&f64, &f64)| (x - y).abs() <= TOLERANCE * y.abs().max(1.0);
        if found.len() != expected.len() || !found.iter().zip(expected).all(close) {
            differences.push(format!(
                "{quantity} of {}:\n  {found:?}\n  not\n  {expected:?}",
                path.display()
            ));
        }
    }
    differences
}

#[test]
fn every_case_is_as_in_mujoco() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
    let mut recordings: BTreeMap<&str, Recording<'_>> = BTreeMap::new();
    for line in expected.lines() {
        let mut words = line.split(' ');
        let (name, quantity) = (words.next().unwrap(), words.next().unwrap());
        let numbers = words.map(|word| word.parse().unwrap()).collect();
        recordings
            .entry(name)
            .or_default()
            .insert(quantity, numbers);
    }
    let files = std::fs::read_dir(&folder).unwrap();
    let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    let models = files
        .iter()
        .filter(|file| file.extension() == Some("xml".as_ref()));
    assert_eq!(
        recordings.len(),
        models.count(),
        "record.py has not seen all models"
    );
    let mut differences = Vec::new();
    for (name, recording) in recordings {
        if !ELSEWHERE.contains(&name) {
            differences.extend(self::differences(
                &folder.join(name).with_extension("xml"),
                &recording,
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
