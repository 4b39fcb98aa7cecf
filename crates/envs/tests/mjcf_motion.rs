//! Models of every kind of part, beside what MuJoCo 3.3.7 does with them: joints, cones, solvers, integrators,
//! tendons, actuators, springs, limits, pairs, frames, a medium, equality constraints, flags, sensors, meshes.
//!
//! `motion/record.py` made `motion/expected.txt` and `meshes/expected.txt` and says what a line holds.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that fails should fail the test"
)]

use envs::dynamics::{Model, State, step};
use envs::glam::DVec3;
use std::path::Path;

/// Error `|x - ref| / max(1, |ref|)` of positions and velocities.
const TOLERANCE: f64 = 1e-9;

fn start(model: &Model) -> State {
    let mut state = State::new(model);
    if let Some(key) = model.keyframes.first() {
        state.qpos.copy_from_slice(&key.qpos);
        state.qvel.copy_from_slice(&key.qvel);
        state.act.copy_from_slice(&key.act);
    }
    state
}

fn drive(model: &Model, state: &mut State, t: usize) {
    for i in 0..model.nu {
        let unit = (0.1 * (t + 1) as f64 * (i + 1) as f64).sin();
        let [low, high] = model.actuators.ctrlrange[i];
        state.ctrl[i] = if high > low {
            0.5 * (low + high) + 0.6 * (high - low) * unit
        } else {
            unit
        };
    }
}

/// Moves what is moved from outside.
fn lead(state: &mut State, t: usize) {
    for pos in &mut state.mocap_pos {
        let phase = 0.05 * (t + 1) as f64;
        *pos += DVec3::new(phase.sin(), (phase + 1.0).sin(), (phase + 2.0).sin()) * 0.001;
    }
}

#[test]
fn models_move_as_in_mujoco() {
    compare("motion");
}

#[test]
fn meshes_move_as_in_mujoco() {
    compare("meshes");
}

/// Compares all models of a folder with its recording.
fn compare(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
    let mut running: Option<(&str, Model, State, usize)> = None;
    let (mut compared, mut wrong) = (0, Vec::new());
    for line in expected.lines() {
        let mut words = line.split(' ');
        let name = words.next().unwrap();
        let numbers: Vec<f64> = words.map(|word| word.parse().unwrap()).collect();
        let ([steps, contacts, rows], numbers) = numbers.split_first_chunk().unwrap();
        let (model, mut state, mut t) = match running.take() {
            Some((running, model, state, t)) if running == name => (model, state, t),
            _ => {
                let model = envs::mjcf::load(folder.join(format!("{name}.xml"))).unwrap();
                let state = start(&model);
                (model, state, 0)
            }
        };
        while (t as f64) < *steps {
            drive(&model, &mut state, t);
            lead(&mut state, t);
            step(&model, &mut state);
            t += 1;
        }
        let counts = [state.contacts.len() as f64, state.rows.len() as f64];
        if counts != [*contacts, *rows] {
            wrong.push(format!(
                "{name} after {t} steps: {counts:?} contacts and rows, not {contacts} and {rows}"
            ));
        }
        let found = state.qpos.iter().chain(&state.qvel).chain(&state.act);
        let found = found.chain(&state.sensordata);
        assert_eq!(found.clone().count(), numbers.len(), "{name}");
        for (i, (x, reference)) in found.zip(numbers).enumerate() {
            let error = (x - reference).abs() / reference.abs().max(1.0);
            if error.is_nan() || error > TOLERANCE {
                wrong.push(format!(
                    "{name} after {t} steps, number {i}: {x}, not {reference}"
                ));
            }
        }
        assert_eq!(state.warnings.total(), 0, "{name}");
        compared += 1;
        running = Some((name, model, state, t));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let models = std::fs::read_dir(folder).unwrap();
    let models =
        models.filter(|file| file.as_ref().unwrap().path().extension() == Some("xml".as_ref()));
    assert_eq!(compared, 3 * models.count());
}
