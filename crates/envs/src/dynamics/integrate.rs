//! From accelerations to the next state. MuJoCo: Computation, "Numerical integration".

use super::ldl;
use super::model::Model;
use super::state::State;
use super::step::forward;

/// Semi-implicit Euler. Joint damping is implicit: the velocity is updated with `M + h diag(damping)` in the
/// place of `M`, which keeps stiff dampers stable.
pub(super) fn euler(model: &Model, state: &mut State) {
    let (nv, h) = (model.nv, model.opt.timestep);
    state.qacc_warmstart.copy_from_slice(&state.qacc);
    // Runge-Kutta's memory is free here; it holds the acceleration that is applied.
    let mut applied = std::mem::take(&mut state.stages.acceleration_sum);
    if model.dofs.damping.iter().any(|d| *d > 0.0) {
        state.factor.copy_from_slice(&state.mass_matrix);
        for (dof, damping) in model.dofs.damping.iter().enumerate() {
            state.factor[dof * nv + dof] += h * damping;
        }
        ldl::factor(&mut state.factor, nv);
        let forces = state.qfrc_smooth.iter().zip(&state.qfrc_constraint);
        for (applied, (smooth, constraint)) in applied.iter_mut().zip(forces) {
            *applied = smooth + constraint;
        }
        ldl::solve(&state.factor, &mut applied);
    } else {
        applied.copy_from_slice(&state.qacc);
    }
    for (v, a) in state.qvel.iter_mut().zip(&applied) {
        *v += h * a;
    }
    state.stages.acceleration_sum = applied;
    for (q, v) in state.qpos.iter_mut().zip(&state.qvel) {
        *q += h * v;
    }
    state.time += h;
}

/// Weights of the four stages in the result, and how far into the step the next stage lies.
const STAGES: [(f64, f64); 4] = [
    (1.0 / 6.0, 0.5),
    (1.0 / 3.0, 0.5),
    (1.0 / 3.0, 1.0),
    (1.0 / 6.0, 0.0),
];

/// Runge-Kutta of order four. The caller has computed the first stage. Every stage starts the solver from
/// the warm start of the step before; the last one's acceleration is the next step's.
pub(super) fn runge_kutta(model: &Model, state: &mut State) {
    let (h, start) = (model.opt.timestep, state.time);
    state.stages.qpos.copy_from_slice(&state.qpos);
    state.stages.qvel.copy_from_slice(&state.qvel);
    state.stages.velocity_sum.fill(0.0);
    state.stages.acceleration_sum.fill(0.0);
    for (stage, (weight, ahead)) in STAGES.into_iter().enumerate() {
        if stage > 0 {
            forward(model, state);
            if state.diverged {
                break;
            }
        }
        let stages = &mut state.stages;
        for i in 0..model.nv {
            let (velocity, acceleration) = (state.qvel[i], state.qacc[i]);
            stages.velocity_sum[i] += weight * velocity;
            stages.acceleration_sum[i] += weight * acceleration;
            state.qpos[i] = stages.qpos[i] + h * ahead * velocity;
            state.qvel[i] = stages.qvel[i] + h * ahead * acceleration;
        }
        state.time = start + h * ahead;
    }
    let stages = &state.stages;
    state.qpos.copy_from_slice(&stages.qpos);
    state.qvel.copy_from_slice(&stages.qvel);
    state.time = start;
    if state.diverged {
        return;
    }
    for i in 0..model.nv {
        state.qpos[i] += h * stages.velocity_sum[i];
        state.qvel[i] += h * stages.acceleration_sum[i];
    }
    state.qacc_warmstart.copy_from_slice(&state.qacc);
    state.time = start + h;
}
