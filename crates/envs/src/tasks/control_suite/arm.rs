//! The arm with a hand of thumb and finger that manipulator and stacker share.

use std::f64::consts::PI;

use super::parts::{body, dims, joint, position};
use super::suite::Start;
use crate::dynamics::{Model, State, sin_cos};
use crate::env::SpaceDim;
use crate::tasks::Observation;
use glam::DQuat;

/// The model's text, of which a task keeps its parts.
pub(super) const XML: &str = include_str!("../../../assets/dmc/manipulator.xml");

/// The arm's joints, in the order in which they are drawn and observed.
const JOINTS: [&str; 8] = [
    "arm_root",
    "arm_shoulder",
    "arm_elbow",
    "arm_wrist",
    "finger",
    "fingertip",
    "thumb",
    "thumbtip",
];

/// Draws the arm's pose, with thumb and finger alike.
pub(super) fn draw(start: &mut Start<'_>) {
    let angles = JOINTS.map(|name| {
        let joints = &start.model().joints;
        let joint = joint(start.model(), name);
        let limited = joints.limited[joint];
        let [low, high] = if limited {
            joints.range[joint]
        } else {
            [-PI, PI]
        };
        start.rng.uniform(low, high)
    });
    for (name, angle) in JOINTS.into_iter().zip(angles) {
        let at = position(start.model(), name);
        start.state.qpos[at] = angle;
    }
    let [finger, thumb] = ["finger", "thumb"].map(|name| position(start.model(), name));
    start.state.qpos[finger] = start.state.qpos[thumb];
}

/// What is observed of the arm: sines and cosines, velocities, touch.
pub(super) fn observation_space() -> Vec<SpaceDim> {
    let mut all = Vec::new();
    for name in JOINTS {
        let functions = ["sine", "cosine"].map(|function| format!("{function} of {name}"));
        all.extend(dims(functions.iter().map(String::as_str), "1"));
    }
    let velocities = JOINTS.map(|name| format!("velocity of {name}"));
    all.extend(dims(velocities.iter().map(String::as_str), "rad/s"));
    let touch = ["palm", "finger", "thumb", "fingertip", "thumbtip"]
        .map(|name| format!("touch of {name}, log(1 + N)"));
    all.extend(dims(touch.iter().map(String::as_str), "1"));
    all
}

/// Writes what is observed of the arm.
pub(super) fn observe(model: &Model, state: &State, observation: &mut Observation<'_>) {
    let at = JOINTS.map(|name| position(model, name));
    for at in at {
        let (sin, cos) = sin_cos(state.qpos[at]);
        observation.push(&[sin, cos]);
    }
    observation.extend(at.map(|at| state.qvel[at]));
    // The model's only sensors.
    observation.extend(state.sensordata.iter().map(|force| libm::log1p(*force)));
}

/// Names of a body's pose in the plane.
pub(super) fn pose_space(name: &str) -> Vec<SpaceDim> {
    let places = ["x", "z"].map(|axis| SpaceDim::unbounded(format!("{axis} of {name}"), "m"));
    let turns =
        ["w", "y"].map(|axis| SpaceDim::unbounded(format!("orientation {axis} of {name}"), "1"));
    [places, turns].concat()
}

/// A body's pose in the plane: x and z (m), and the parts w and y of its orientation.
pub(super) fn pose(model: &Model, state: &State, name: &str) -> [f64; 4] {
    let body = body(model, name);
    let (place, turn) = (state.xpos[body], state.xquat[body]);
    [place.x, place.z, turn.w, turn.y]
}

/// Puts a body that does not move elsewhere in the plane.
pub(super) fn put(model: &mut Model, name: &str, [x, z]: [f64; 2]) {
    let body = body(model, name);
    model.bodies.pos[body].x = x;
    model.bodies.pos[body].z = z;
}

/// Turns a body that does not move by an angle (rad) about y.
pub(super) fn turn(model: &mut Model, name: &str, angle: f64) {
    let body = body(model, name);
    let (sin, cos) = sin_cos(angle / 2.0);
    let quat = model.bodies.quat[body];
    model.bodies.quat[body] = DQuat::from_xyzw(quat.x, sin, quat.z, cos);
}
