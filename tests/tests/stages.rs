//! Parity with MuJoCo 3.3.7 stage by stage, so that a difference is found where it arises.
//!
//! At the states that the recordings hold engine quantities for (`<trajectory>/forward<t>/…`).

use envs::dynamics::{State, forward};
use envs::tasks::{HalfCheetah, Hopper, Task, Walker2d};
use envs::{Mujoco, glam::DVec3};
use std::collections::BTreeMap;
use tests::recording::Result;
use tests::{Actions, Errors, Recording, models};

/// What may differ at each stage, in the order of the pipeline.
const STAGES: [(&str, f64); 16] = [
    ("xpos", 1e-12),
    ("xquat", 1e-12),
    ("subtree_com", 1e-12),
    ("mass_matrix", 1e-12),
    ("contacts", 1e-12),
    ("nefc", 0.0),
    ("efc_pos", 1e-12),
    ("efc_R", 1e-11),
    ("qfrc_bias", 1e-11),
    ("qfrc_passive", 1e-11),
    ("qfrc_actuator", 1e-11),
    ("efc_aref", 1e-11),
    ("qacc_smooth", 1e-10),
    ("qacc", 1e-10),
    ("efc_force", 1e-10),
    ("qfrc_constraint", 1e-10),
];

/// A quantity of the state as the recording writes it.
fn quantity(state: &State, key: &str) -> Vec<f64> {
    let flat = |list: &[DVec3]| list.iter().flat_map(|v| v.to_array()).collect();
    match key {
        "xpos" => flat(&state.xpos),
        "subtree_com" => flat(&state.subtree_com),
        "mass_matrix" => state.mass_matrix.clone(),
        "contacts" => contacts(state),
        "nefc" => vec![state.rows.len() as f64],
        "efc_pos" => state.rows.pos().to_vec(),
        "efc_R" => state.rows.r().to_vec(),
        "efc_aref" => state.rows.aref().to_vec(),
        "efc_force" => state.rows.force().to_vec(),
        "qfrc_bias" => state.qfrc_bias.clone(),
        "qfrc_passive" => state.qfrc_passive.clone(),
        "qfrc_actuator" => state.qfrc_actuator.clone(),
        "qfrc_constraint" => state.qfrc_constraint.clone(),
        "qacc_smooth" => state.qacc_smooth.clone(),
        "qacc" => state.qacc.clone(),
        _ => Vec::new(),
    }
}

/// Rows of distance, position, frame, friction, geoms, dimension.
fn contacts(state: &State) -> Vec<f64> {
    let row = |contact: &envs::dynamics::Contact| {
        let [a, b] = contact.geoms.map(|geom| geom as f64);
        let frame = contact.frame.iter().flat_map(|axis| axis.to_array());
        [contact.dist]
            .into_iter()
            .chain(contact.pos.to_array())
            .chain(frame)
            .chain(contact.friction)
            .chain([a, b, contact.dim as f64])
            .collect::<Vec<_>>()
    };
    state.contacts.iter().flat_map(row).collect()
}

fn stages<T: Task + Default>() -> Result<()> {
    let env = Mujoco::new(T::default()).map_err(|error| error.to_string())?;
    let recording = Recording::open(T::INFO.id)?;
    let mut found: BTreeMap<&str, Errors> = BTreeMap::new();
    for name in recording.trajectories() {
        let actions = Actions::of(&recording, name)?;
        for t in probes(&recording, name)? {
            let row = |key: &str| Ok::<_, String>(recording.get(&format!("{name}/{key}"))?.row(t));
            let mut state = State::new(env.model());
            state.qpos.copy_from_slice(row("qpos")?);
            state.qvel.copy_from_slice(row("qvel")?);
            state.ctrl.copy_from_slice(&actions.at(t));
            forward(env.model(), &mut state);
            for (key, _) in STAGES {
                let place = format!("{name}/forward{t}");
                let expected = &recording.get(&format!("{place}/{key}"))?.data;
                let errors = found.entry(key).or_default();
                if key == "xquat" {
                    errors.add_error(place, models::quat_error(&state.xquat, expected));
                } else {
                    errors.add(place, &quantity(&state, key), expected);
                }
            }
        }
    }
    for (key, allowed) in STAGES {
        let errors = found.remove(key).unwrap_or_default();
        errors.check(&format!("{} {key}", T::INFO.id), allowed)?;
    }
    Ok(())
}

/// Control steps before which the recording holds engine quantities.
fn probes(recording: &Recording, name: &str) -> Result<Vec<usize>> {
    let keys = recording.under(&format!("{name}/forward"));
    let steps = keys.into_iter().filter_map(|key| key.strip_suffix("/nefc"));
    steps
        .map(|t| {
            t.parse()
                .map_err(|_| format!("{name}/forward{t}: `{t}` is not a step"))
        })
        .collect()
}

#[test]
fn half_cheetah() -> Result<()> {
    stages::<HalfCheetah>()
}

#[test]
fn hopper() -> Result<()> {
    stages::<Hopper>()
}

#[test]
fn walker2d() -> Result<()> {
    stages::<Walker2d>()
}
