//! Random models beside MuJoCo: one step from each of its states, and the compiled numbers. `random/record.py` says what a
//! recording holds.

use crate::recording::{Recording, Result};
use crate::{errors, models};
use envs::dynamics::model::Model;
use envs::dynamics::{State, step};
use envs::glam::{DQuat, DVec3};
use std::fmt::Write;

/// Error `|x - ref| / max(1, |ref|)` that is always allowed.
pub const TOLERANCE: f64 = 1e-9;
/// How many times the difference that a nudge of 1e-15 makes is allowed.
const NUDGED: f64 = 1000.0;
/// An allowance that says little: a state on an edge, where a nudge makes or ends a contact.
const OPEN: f64 = 1e-3;

/// How one step compares.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// What differs by more than is allowed; empty where nothing does.
    pub differs: String,
    /// Whether a nudge moves the step so far that little can be said.
    pub open: bool,
    /// Whether all errors are within [`TOLERANCE`].
    pub same: bool,
    /// Largest error of a part that no nudge excuses.
    pub worst: f64,
}

/// The field of the compiled model that differs most, where one differs by more than [`TOLERANCE`].
///
/// # Errors
/// As [`models::compare`].
pub fn compare_compiled(model: &Model, recording: &Recording) -> Result<Option<String>> {
    let found = models::compare(model, recording, &|field| format!("model/{field}"))?;
    let (error, field) = found.worst();
    if error > TOLERANCE {
        return Ok(Some(format!("compiled {field} differs by {error:.1e}")));
    }
    // Recordings of before hold no sensors.
    let measured = recording.get("after/sensordata").ok();
    let measured = measured.filter(|steps| !steps.is_empty());
    let (ours, theirs) = (
        State::new(model).sensordata.len(),
        measured.map(|steps| steps.row(0).len()),
    );
    let differs = theirs.filter(|theirs| *theirs != ours);
    Ok(differs.map(|theirs| format!("sensors measure {ours} numbers in the place of {theirs}")))
}

/// Compares the step from state `row` of a recording.
///
/// # Errors
/// When the recording lacks an array.
///
/// # Panics
/// When the recording is of another model.
pub fn compare_step(model: &Model, recording: &Recording, row: usize) -> Result<Compared> {
    let get = |key: String| Ok::<_, String>(recording.get(&key)?.row(row));
    let mut state = State::new(model);
    for (into, key) in [
        (&mut state.qpos, "qpos"),
        (&mut state.qvel, "qvel"),
        (&mut state.ctrl, "ctrl"),
        (&mut state.qacc_warmstart, "qacc_warmstart"),
        (&mut state.act, "act"),
    ] {
        // Recordings of before hold no activations.
        if !into.is_empty() {
            into.copy_from_slice(get(format!("before/{key}"))?);
        }
    }
    if !state.mocap_pos.is_empty() {
        let places = get("before/mocap_pos".into())?.chunks_exact(3);
        state.mocap_pos = places.map(DVec3::from_slice).collect();
        let turns = get("before/mocap_quat".into())?.chunks_exact(4);
        let turns = turns.map(|q| DQuat::from_xyzw(q[1], q[2], q[3], q[0]));
        state.mocap_quat = turns.collect();
    }
    step(model, &mut state);
    let [contacts, rows] = [state.contacts.len(), state.rows.len()].map(|n| n as f64);
    let counts = [contacts, rows, state.warnings.total() as f64];
    let mut parts: Vec<(&str, &[f64])> = vec![
        ("counts", &counts),
        ("qacc", &state.qacc),
        ("qvel", &state.qvel),
        ("qpos", &state.qpos),
    ];
    if !state.act.is_empty() {
        parts.push(("act", &state.act));
    }
    if !state.sensordata.is_empty() {
        parts.push(("sensordata", &state.sensordata));
    }
    let mut found = Compared {
        same: true,
        ..Compared::default()
    };
    for (part, ours) in parts {
        let error = errors::error(ours, get(format!("after/{part}"))?);
        let allowed = TOLERANCE.max(NUDGED * get(format!("spread/{part}"))?[0]);
        found.open |= allowed > OPEN;
        found.same &= error <= TOLERANCE;
        if error > allowed {
            let _ = write!(
                found.differs,
                " {part} by {error:.1e}, allowed {allowed:.1e};"
            );
        } else if allowed == TOLERANCE {
            found.worst = found.worst.max(error);
        }
    }
    Ok(found)
}
