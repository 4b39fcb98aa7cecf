//! Single steps of every solver, stopped early or not, of one tree and of several, beside MuJoCo 3.3.7's. A model whose
//! solver converges would hide how it got there.
//!
//! `solver/record.py` made `solver/expected.txt` and says what a line holds.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that fails should fail the test"
)]

use envs::dynamics::{State, step};
use std::path::Path;

/// Error `|x - ref| / max(1, |ref|)` of positions and velocities.
const TOLERANCE: f64 = 1e-9;

fn numbers(field: &str) -> Vec<f64> {
    let words = field.split(' ');
    words.map(|word| word.parse().unwrap()).collect()
}

#[test]
fn solvers_step_and_stop_as_in_mujoco() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/solver");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let expected = read("expected.txt");
    for line in expected.lines() {
        let fields: Vec<_> = line.split('|').collect();
        let [name, option, nefc, qpos, qvel, warm, positions, velocities] = fields[..] else {
            panic!("{line}");
        };
        let xml = read(&format!("{name}.xml")).replace("<option/>", option);
        let model = envs::mjcf::compile(&xml, name).unwrap();
        let mut state = State::new(&model);
        state.qpos.copy_from_slice(&numbers(qpos));
        state.qvel.copy_from_slice(&numbers(qvel));
        state.qacc_warmstart.copy_from_slice(&numbers(warm));
        step(&model, &mut state);
        assert_eq!(
            state.rows.len().to_string(),
            nefc,
            "rows of {name}, {option}"
        );
        let found = state.qpos.iter().chain(&state.qvel);
        let reference = [numbers(positions), numbers(velocities)].concat();
        assert_eq!(model.nq + model.nv, reference.len());
        for (i, (x, reference)) in found.zip(&reference).enumerate() {
            let error = (x - reference).abs() / reference.abs().max(1.0);
            assert!(
                error < TOLERANCE,
                "{name}, {option}, number {i}: {x}, not {reference}"
            );
        }
    }
    assert_eq!(expected.lines().count(), 112);
}
