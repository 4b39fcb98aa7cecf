//! One step, as the list of its stages. MuJoCo: Computation, "Simulation pipeline".

use super::forward::{forward, fwd_forces, step1};
use super::model::{Integrator, Model, Stage};
use super::state::State;
use super::{integrate, is_bad, sensor};

/// Moves the state on by one timestep.
///
/// A position, velocity or acceleration that is not a number or beyond 1e10 is counted in [`State::warnings`] and the
/// state starts over from the reference pose, as in MuJoCo (Computation, "Simulation pipeline", checks);
/// [`State::diverged`] reports it.
pub fn step(model: &Model, state: &mut State) {
    check(model, state);
    step1(model, state);
    step2(model, state);
}

/// The second half of a [`step`]: forces, and the move. Places and velocities are what [`step1`] or [`forward`] computed
/// last, as with MuJoCo's `mj_step2`, which this is but for Runge-Kutta's method, too.
pub fn step2(model: &Model, state: &mut State) {
    fwd_forces(model, state);
    sensor::read(model, state, Stage::Acceleration);
    if let Some(index) = state.qacc.iter().position(|x| is_bad(*x)) {
        start_over(model, state);
        state.warnings.bad_qacc.note(index);
        if model.opt.autoreset {
            forward(model, state);
        }
    }
    match model.opt.integrator {
        Integrator::Euler => integrate::euler(model, state),
        Integrator::Implicit => integrate::implicit(model, state),
        Integrator::ImplicitFast => integrate::implicit_fast(model, state),
        Integrator::Rk4 => integrate::runge_kutta(model, state),
    }
}

/// Starts over if positions or velocities are bad.
fn check(model: &Model, state: &mut State) {
    if let Some(index) = state.qpos.iter().position(|x| is_bad(*x)) {
        start_over(model, state);
        state.warnings.bad_qpos.note(index);
    }
    if let Some(index) = state.qvel.iter().position(|x| is_bad(*x)) {
        start_over(model, state);
        state.warnings.bad_qvel.note(index);
    }
}

/// Whether the state had to start over since the last call, or has to now, which this then does.
pub(crate) fn diverged(model: &Model, state: &mut State) -> bool {
    check(model, state);
    std::mem::take(&mut state.diverged)
}

/// Back to the reference pose at rest, unless the model forbids that, and remember it.
fn start_over(model: &Model, state: &mut State) {
    if model.opt.autoreset {
        state.reset(model);
    }
    state.diverged = true;
}
