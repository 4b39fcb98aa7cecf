//! One step, as the list of its stages. MuJoCo: Computation, "Simulation pipeline".

use super::model::{Integrator, Model};
use super::state::State;
use super::{
    actuation, collision, constraint, inertia, integrate, kinematics, ldl, passive, solver,
    velocity,
};

/// Moves the state on by one timestep.
///
/// A number that is not finite, in the state or in what follows from it, sets [`State::diverged`] and leaves
/// positions and velocities as they were.
pub fn step(model: &Model, state: &mut State) {
    forward(model, state);
    if state.diverged {
        return;
    }
    match model.opt.integrator {
        Integrator::Euler | Integrator::ImplicitFast => integrate::euler(model, state),
        Integrator::Rk4 => integrate::runge_kutta(model, state),
    }
}

/// Computes the acceleration of the state, and all that leads to it.
pub fn forward(model: &Model, state: &mut State) {
    position(model, state);
    velocity(model, state);
    acceleration(model, state);
    let numbers = state.qpos.iter().chain(&state.qvel).chain(&state.qacc);
    state.diverged |= !numbers.fold(0.0, |sum, x| sum + x).is_finite();
}

/// Stages that depend on positions.
fn position(model: &Model, state: &mut State) {
    kinematics::frames(model, state);
    kinematics::centre_of_mass(model, state);
    inertia::composite(model, state);
    inertia::factor(model, state);
    collision::detect(model, state);
    constraint::build(model, state);
}

/// Stages that depend on positions and velocities.
fn velocity(model: &Model, state: &mut State) {
    velocity::bodies(model, state);
    velocity::bias(model, state);
    passive::springs_and_dampers(model, state);
    constraint::reference(model, state);
}

/// Stages that lead from forces to accelerations.
fn acceleration(model: &Model, state: &mut State) {
    actuation::motors(model, state);
    for i in 0..model.nv {
        state.qfrc_smooth[i] = state.qfrc_passive[i] - state.qfrc_bias[i] + state.qfrc_actuator[i];
    }
    state.qacc_smooth.copy_from_slice(&state.qfrc_smooth);
    ldl::solve(&state.factor, &mut state.qacc_smooth);
    solver::solve(model, state);
}
