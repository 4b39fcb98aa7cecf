//! What the suite's two humanoids share: what is observed and rewarded of a body with a head, hands and feet.

use glam::DVec3;

use super::parts::{body, dims, norm, places, randomise_joints, sensor};
use super::suite::Start;
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::{positions, velocities};
use crate::tasks::{Observation, Sigmoid, Tolerance};

/// Height of the head (m).
const STANDING: Tolerance = Tolerance::at_least(1.4).margin(1.4 / 4.0);
/// How upright the chest is: the vertical part of its upward axis.
const UPRIGHT: Tolerance = Tolerance::at_least(0.9)
    .margin(1.9)
    .falls(Sigmoid::Linear, 0.0);
const LITTLE_CONTROL: Tolerance = Tolerance::at(0.0)
    .margin(1.0)
    .falls(Sigmoid::Quadratic, 0.0);
/// Velocity along a horizontal axis when standing (m/s).
const STILL: Tolerance = Tolerance::at(0.0).margin(2.0);

/// Numbers of the free joint that are not observed: place and orientation.
const ROOT: usize = 7;

/// Where in a model what is observed is.
pub(super) struct Biped {
    /// The body whose frame stands for the whole.
    pub(super) chest: &'static str,
    /// Its axis that points up when it stands.
    pub(super) up: DVec3,
    /// The sensor of the velocity of the centre of mass.
    pub(super) velocity: &'static str,
    /// Bodies at the ends: left hand, left foot, right hand, right foot.
    pub(super) limbs: [&'static str; 4],
}

impl Biped {
    /// Begins an episode with random joints, at which nothing touches.
    pub(super) fn begin(start: &mut Start<'_>) {
        loop {
            randomise_joints(start);
            if !start.touches() {
                break;
            }
        }
    }

    /// What is observed, number by number.
    pub(super) fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut all = positions(model, ROOT);
        all.extend(dims(["height of the head"], "m"));
        for limb in self.limbs {
            let what = format!("of {limb}, seen from {}", self.chest);
            all.extend(places(&["x", "y", "z"], &what));
        }
        for axis in ["x", "y", "z"] {
            let name = format!("z of the {axis} axis of {}", self.chest);
            all.push(SpaceDim::unbounded(name, "1"));
        }
        for axis in ["x", "y", "z"] {
            let name = format!("velocity of the centre of mass along {axis}");
            all.push(SpaceDim::unbounded(name, "m/s"));
        }
        all.extend(velocities(model, f64::INFINITY));
        all
    }

    /// Writes the observation of a state.
    pub(super) fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        let chest = body(model, self.chest);
        let (place, frame) = (state.xpos[chest], state.xmat[chest]);
        observation.push(&state.qpos[ROOT..]);
        observation.push(&[state.xpos[body(model, "head")].z]);
        for limb in self.limbs {
            let seen = frame.transpose() * (state.xpos[body(model, limb)] - place);
            observation.push(&seen.to_array());
        }
        observation.push(&[frame.x_axis.z, frame.y_axis.z, frame.z_axis.z]);
        observation.push(sensor(model, state, self.velocity));
        observation.push(&state.qvel);
    }

    /// The reward of standing still, at a speed of 0, or of moving as fast as `speed` (m/s).
    pub(super) fn reward(&self, model: &Model, state: &State, speed: f64) -> f64 {
        let standing = STANDING.reward(state.xpos[body(model, "head")].z);
        let up = state.xmat[body(model, self.chest)] * self.up;
        let stand = standing * UPRIGHT.reward(up.z);
        let control = (4.0 + LITTLE_CONTROL.mean(&state.ctrl)) / 5.0;
        let velocity = &sensor(model, state, self.velocity)[..2];
        if speed == 0.0 {
            return control * stand * STILL.mean(velocity);
        }
        let moving = Tolerance::at_least(speed)
            .margin(speed)
            .falls(Sigmoid::Linear, 0.0);
        let moves = (5.0 * moving.reward(norm(velocity)) + 1.0) / 6.0;
        control * stand * moves
    }
}
