//! Models of every kind of part, beside what MuJoCo 3.3.7 does with them: joints, cones, solvers, integrators,
//! tendons, actuators, springs, limits, pairs, frames, a medium.
//!
//! `motion/record.py` made `motion/expected.txt` and says what a line holds.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that fails should fail the test"
)]

use envs::dynamics::{Model, State, step};
use std::path::Path;

/// Error `|x - ref| / max(1, |ref|)` of positions and velocities.
const TOLERANCE: f64 = 1e-9;

fn start(model: &Model) -> State {
    let mut state = State::new(model);
    if let Some(key) = model.keyframes.first() {
        state.qpos.copy_from_slice(&key.qpos);
        state.qvel.copy_from_slice(&key.qvel);
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

#[test]
fn models_move_as_in_mujoco() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/motion");
    let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
    let mut running: Option<(&str, Model, State, usize)> = None;
    let mut compared = 0;
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
            step(&model, &mut state);
            t += 1;
        }
        let counts = [state.contacts.len() as f64, state.rows.len() as f64];
        assert_eq!(
            counts,
            [*contacts, *rows],
            "contacts and rows of {name} after {t} steps"
        );
        let found = state.qpos.iter().chain(&state.qvel);
        assert_eq!(model.nq + model.nv, numbers.len(), "{name}");
        for (i, (x, reference)) in found.zip(numbers).enumerate() {
            let error = (x - reference).abs() / reference.abs().max(1.0);
            assert!(
                error < TOLERANCE,
                "{name} after {t} steps, number {i}: {x}, not {reference}"
            );
        }
        assert_eq!(state.warnings.total(), 0, "{name}");
        compared += 1;
        running = Some((name, model, state, t));
    }
    assert_eq!(compared, 24 * 3);
}
