//! From accelerations to the next state. MuJoCo: Computation, "Numerical integration".

use glam::DVec3;

use super::fluid;
use super::forward::forward;
use super::math::dense::add_scaled;
use super::math::ldl;
use super::math::rotation::turn;
use super::math::spatial::Spatial;
use super::model::{JointType, Model};
use super::state::State;
use super::transmission::for_each_moment;

/// Moves positions along a velocity over a time (s): joints with orientations turn, all others add.
pub(super) fn positions(model: &Model, qpos: &mut [f64], velocity: &[f64], time: f64) {
    if model.nq == model.nv {
        add_scaled(qpos, velocity, time);
        return;
    }
    let joints = &model.joints;
    for joint in 0..joints.kind.len() {
        let position = &mut qpos[joints.qposadr[joint]..];
        let velocity = &velocity[joints.dofadr[joint]..];
        match joints.kind[joint] {
            JointType::Hinge | JointType::Slide => position[0] += time * velocity[0],
            JointType::Ball => turn(position, DVec3::from_slice(velocity), time),
            JointType::Free => {
                add_scaled(&mut position[..3], velocity, time);
                turn(&mut position[3..], DVec3::from_slice(&velocity[3..]), time);
            }
        }
    }
}

/// Semi-implicit Euler. Joint damping is implicit: the velocity is updated with `M + h diag(damping)` in the
/// place of `M`, which keeps stiff dampers stable.
pub(super) fn euler(model: &Model, state: &mut State) {
    let (nv, h) = (model.nv, model.opt.timestep);
    if model.dofs.damping.iter().any(|d| *d > 0.0) {
        state.qld.copy_from_slice(&state.qm);
        for (dof, damping) in model.dofs.damping.iter().enumerate() {
            state.qld[dof * nv + dof] += h * damping;
        }
        advance_with_factor(model, state);
    } else {
        state.stages.acceleration_sum.copy_from_slice(&state.qacc);
        advance(model, state);
    }
}

/// Euler, implicit in the velocities of dampers, drag and actuators: `M − h ∂f/∂v` takes the place of `M`, with
/// the entries that `M` has.
pub(super) fn implicit_fast(model: &Model, state: &mut State) {
    let (nv, h) = (model.nv, model.opt.timestep);
    let mut matrix = std::mem::take(&mut state.qld);
    matrix.copy_from_slice(&state.qm);
    for (dof, damping) in model.dofs.damping.iter().enumerate() {
        matrix[dof * nv + dof] += h * damping;
    }
    // Adds −h × slope × (moments momentsᵀ), both triangles of what `M` holds.
    let mut moments = std::mem::take(&mut state.stages.velocity_sum);
    let mut add = |moments: &[f64], slope: f64| {
        for dof in 0..nv {
            let mut other = Some(dof);
            while let Some(column) = other {
                let change = -h * slope * moments[dof] * moments[column];
                matrix[dof * nv + column] += change;
                if column != dof {
                    matrix[column * nv + dof] += change;
                }
                other = model.dofs.coupled[column];
            }
        }
    };
    for (tendon, joints) in model.tendons.joints.iter().enumerate() {
        let damping = model.tendons.damping[tendon];
        if damping != 0.0 {
            moments.fill(0.0);
            for (joint, coefficient) in joints {
                moments[model.joints.dofadr[*joint]] += coefficient;
            }
            add(&moments, -damping);
        }
    }
    let actuators = &model.actuators;
    for actuator in 0..model.nu {
        // The control as given, not clamped, as in MuJoCo.
        let gain = actuators.gainprm[actuator][2] * state.ctrl[actuator];
        let slope = actuators.biasprm[actuator][2] + gain;
        if slope != 0.0 {
            moments.fill(0.0);
            for_each_moment(model, &state.qpos, actuator, |dof, moment| {
                moments[dof] += moment;
            });
            add(&moments, slope);
        }
    }
    if fluid::exists(model) {
        fluid::slopes(model, state, |body, slope| {
            for axis in 0..6 {
                moments.fill(0.0);
                let mut next = fluid::last_dof(model, body);
                while let Some(dof) = next {
                    moments[dof] = entry(&fluid::local_motion(model, state, body, dof), axis);
                    next = model.dofs.parent[dof];
                }
                add(&moments, entry(slope, axis));
            }
        });
    }
    state.stages.velocity_sum = moments;
    state.qld = matrix;
    advance_with_factor(model, state);
}

/// One of the six numbers, rotation first.
fn entry(spatial: &Spatial, axis: usize) -> f64 {
    if axis < 3 {
        spatial.angular[axis]
    } else {
        spatial.linear[axis - 3]
    }
}

/// Factors the matrix in `factor`, takes the acceleration that all forces have with it, and advances.
fn advance_with_factor(model: &Model, state: &mut State) {
    ldl::factor(&mut state.qld, model.nv);
    let forces = state.qfrc_smooth.iter().zip(&state.qfrc_constraint);
    let applied = &mut state.stages.acceleration_sum;
    for (applied, (smooth, constraint)) in applied.iter_mut().zip(forces) {
        *applied = smooth + constraint;
    }
    ldl::solve(&state.qld, applied);
    advance(model, state);
}

/// Moves velocities by the acceleration in `acceleration_sum`, then positions by the new velocities.
fn advance(model: &Model, state: &mut State) {
    let h = model.opt.timestep;
    state.qacc_warmstart.copy_from_slice(&state.qacc);
    add_scaled(&mut state.qvel, &state.stages.acceleration_sum, h);
    positions(model, &mut state.qpos, &state.qvel, h);
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
        }
        let stages = &mut state.stages;
        add_scaled(&mut stages.velocity_sum, &state.qvel, weight);
        add_scaled(&mut stages.acceleration_sum, &state.qacc, weight);
        if ahead > 0.0 {
            state.qpos.copy_from_slice(&stages.qpos);
            positions(model, &mut state.qpos, &state.qvel, h * ahead);
            state.qvel.copy_from_slice(&stages.qvel);
            add_scaled(&mut state.qvel, &state.qacc, h * ahead);
            state.time = start + h * ahead;
        }
    }
    let stages = &state.stages;
    state.qpos.copy_from_slice(&stages.qpos);
    state.qvel.copy_from_slice(&stages.qvel);
    positions(model, &mut state.qpos, &stages.velocity_sum, h);
    add_scaled(&mut state.qvel, &stages.acceleration_sum, h);
    state.qacc_warmstart.copy_from_slice(&state.qacc);
    state.time = start + h;
}
