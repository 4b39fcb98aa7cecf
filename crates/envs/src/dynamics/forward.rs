//! From the state to its acceleration, as the list of stages. MuJoCo: Computation, "Simulation pipeline", forward
//! dynamics.

use super::model::{Model, Stage};
use super::state::State;
use super::{
    actuation, collision, com_pos, com_vel, constraint, crb, kinematics, passive, rne, sensor,
    solver, tendon, tendon_bias, transmission,
};

/// Computes the acceleration of the state, and all that leads to it, and reads the sensors.
pub fn forward(model: &Model, state: &mut State) {
    step1(model, state);
    fwd_forces(model, state);
    sensor::read(model, state, Stage::Acceleration);
}

/// The part of [`forward`] that needs no controls: places, velocities, and the sensors of both.
///
/// After a [`step`](super::step) these are still those from which it began; this brings them to where it led, as
/// MuJoCo's `mj_step1` does.
pub fn step1(model: &Model, state: &mut State) {
    fwd_position(model, state);
    sensor::read(model, state, Stage::Position);
    fwd_velocity(model, state);
    sensor::read(model, state, Stage::Velocity);
}

/// As [`forward`], with all actuators off.
pub(crate) fn forward_unactuated(model: &Model, state: &mut State) {
    step1(model, state);
    actuation::off(state);
    fwd_acceleration(model, state);
    solver::fwd_constraint(model, state);
    sensor::read(model, state, Stage::Acceleration);
}

/// As [`forward`], without sensors.
pub(super) fn forward_skipping_sensors(model: &Model, state: &mut State) {
    fwd_position(model, state);
    fwd_velocity(model, state);
    fwd_forces(model, state);
}

/// Stages that depend on positions, velocities and controls.
pub(super) fn fwd_forces(model: &Model, state: &mut State) {
    actuation::fwd_actuation(model, state);
    fwd_acceleration(model, state);
    solver::fwd_constraint(model, state);
}

/// Stages that depend on positions.
fn fwd_position(model: &Model, state: &mut State) {
    kinematics::kinematics(model, state);
    com_pos::com_pos(model, state);
    tendon::lengths(model, state);
    transmission::lengths(model, state);
    crb::crb(model, state);
    crb::factor_m(state);
    collision::collision(model, state);
    constraint::make_constraint(model, state);
    transmission::contacts(model, state);
}

/// Stages that depend on positions and velocities.
fn fwd_velocity(model: &Model, state: &mut State) {
    com_vel::com_vel(model, state);
    rne::rne(model, state);
    tendon::velocities(model, state);
    tendon_bias::add(model, state);
    transmission::velocities(model, state);
    passive::passive(model, state);
    constraint::reference_constraint(model, state);
}

/// The acceleration that all forces but those of constraints cause.
fn fwd_acceleration(model: &Model, state: &mut State) {
    for i in 0..model.nv {
        state.qfrc_smooth[i] = state.qfrc_passive[i] - state.qfrc_bias[i] + state.qfrc_actuator[i];
    }
    for (smooth, applied) in state.qfrc_smooth.iter_mut().zip(&state.qfrc_applied) {
        *smooth += applied;
    }
    state.qacc_smooth.copy_from_slice(&state.qfrc_smooth);
    state.qld.solve(&mut state.qacc_smooth);
}
