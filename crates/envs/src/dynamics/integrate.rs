//! From accelerations to the next state. MuJoCo: Computation, "Numerical integration".

use glam::DVec3;

use super::actuation::muscle_of;
use super::com_vel::com_vel;
use super::forward::forward_skipping_sensors;
use super::math::dense::add_scaled;
use super::math::lu;
use super::math::rotation::turn;
use super::math::spatial::Spatial;
use super::model::{JointType, Law, Model};
use super::rne::rne;
use super::state::State;
use super::tendon::for_each_tendon_moment;
use super::transmission::for_each_moment;
use super::{activation, fluid};

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
    if model.opt.eulerdamp && model.dofs.damping.iter().any(|d| *d > 0.0) {
        state.qld.set(&state.qm);
        let matrix = state.qld.matrix();
        for (dof, damping) in model.dofs.damping.iter().enumerate() {
            matrix[dof * nv + dof] += h * damping;
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
    let mut matrix = std::mem::take(&mut state.qld);
    slopes(model, state, matrix.matrix(), &model.dofs.coupled);
    state.qld = matrix;
    advance_with_factor(model, state);
}

/// Euler, implicit in all velocities: the slopes of `c(q, v)` too, which makes `M − h ∂f/∂v` asymmetric. Its entries are those
/// between dofs of which one moves with the other.
///
/// `c` is a quadratic form in v, so that half the difference of its values a unit to both sides is its slope, with no error
/// but rounding.
pub(super) fn implicit(model: &Model, state: &mut State) {
    let (nv, h) = (model.nv, model.opt.timestep);
    let mut place = std::mem::take(&mut state.qld);
    let matrix = place.matrix();
    slopes(model, state, matrix, &model.dofs.parent);
    for dof in 0..nv {
        let velocity = state.qvel[dof];
        for (shift, share) in [(1.0, 0.5), (-1.0, -0.5)] {
            state.qvel[dof] = velocity + shift;
            com_vel(model, state);
            rne(model, state);
            for (row, force) in state.qfrc_bias.iter().enumerate() {
                if moves_with(model, row, dof) || moves_with(model, dof, row) {
                    matrix[row * nv + dof] += h * share * force;
                }
            }
        }
        state.qvel[dof] = velocity;
    }
    com_vel(model, state);
    rne(model, state);
    let mut applied = std::mem::take(&mut state.stages.acceleration_sum);
    sum_of_forces(state, &mut applied);
    lu::factor(matrix, nv);
    lu::solve(matrix, &mut applied);
    state.stages.acceleration_sum = applied;
    state.qld = place;
    advance(model, state);
}

/// Whether `other` is `dof` or on its way to the root.
fn moves_with(model: &Model, dof: usize, other: usize) -> bool {
    let mut chain = std::iter::successors(Some(dof), |dof| model.dofs.parent[*dof]);
    chain.any(|dof| dof == other)
}

/// `M − h ∂f/∂v` for the forces f of dampers, drag and actuators, with entries along `chain`.
fn slopes(model: &Model, state: &mut State, matrix: &mut [f64], chain: &[Option<usize>]) {
    let (nv, h) = (model.nv, model.opt.timestep);
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
                other = chain[column];
            }
        }
    };
    for (tendon, damping) in model.tendons.damping.iter().enumerate() {
        if *damping != 0.0 {
            moments.fill(0.0);
            for_each_tendon_moment(model, state, tendon, |dof, moment| moments[dof] += moment);
            add(&moments, -damping);
        }
    }
    for actuator in 0..model.nu {
        let slope = actuator_slope(model, state, actuator);
        if slope != 0.0 {
            moments.fill(0.0);
            for_each_moment(model, state, actuator, |dof, moment| {
                moments[dof] += moment;
            });
            add(&moments, slope);
        }
    }
    if fluid::exists(model) && model.opt.passive {
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
}

/// Slope of an actuator's force by the velocity of its length.
fn actuator_slope(model: &Model, state: &State, actuator: usize) -> f64 {
    let actuators = &model.actuators;
    if !model.opt.actuation || actuators.disabled[actuator] {
        return 0.0;
    }
    let prm = &actuators.gainprm[actuator];
    let gain = match actuators.gaintype[actuator] {
        Law::Affine => prm[2],
        Law::Muscle => muscle_of(model, actuator, prm).gain_slope(
            state.actuator_length[actuator],
            state.actuator_velocity[actuator],
        ),
    };
    let bias = match actuators.biastype[actuator] {
        Law::Affine => actuators.biasprm[actuator][2],
        Law::Muscle => 0.0,
    };
    // The control as given, not clamped, as in MuJoCo.
    let input = match actuators.actadr[actuator] {
        None => state.ctrl[actuator],
        Some(address) => state.act[address],
    };
    bias + gain * input
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
    state.qld.factor();
    let mut applied = std::mem::take(&mut state.stages.acceleration_sum);
    sum_of_forces(state, &mut applied);
    state.qld.solve(&mut applied);
    state.stages.acceleration_sum = applied;
    advance(model, state);
}

fn sum_of_forces(state: &State, sum: &mut [f64]) {
    let forces = state.qfrc_smooth.iter().zip(&state.qfrc_constraint);
    for (sum, (smooth, constraint)) in sum.iter_mut().zip(forces) {
        *sum = smooth + constraint;
    }
}

/// Moves velocities by the acceleration in `acceleration_sum`, then positions by the new velocities.
fn advance(model: &Model, state: &mut State) {
    let h = model.opt.timestep;
    activation::advance(model, state);
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
    state.stages.act[0].copy_from_slice(&state.act);
    state.stages.act[1].fill(0.0);
    state.stages.velocity_sum.fill(0.0);
    state.stages.acceleration_sum.fill(0.0);
    for (stage, (weight, ahead)) in STAGES.into_iter().enumerate() {
        if stage > 0 {
            forward_skipping_sensors(model, state);
        }
        let stages = &mut state.stages;
        add_scaled(&mut stages.velocity_sum, &state.qvel, weight);
        add_scaled(&mut stages.acceleration_sum, &state.qacc, weight);
        add_scaled(&mut stages.act[1], &state.act_dot, weight);
        if ahead > 0.0 {
            state.qpos.copy_from_slice(&stages.qpos);
            positions(model, &mut state.qpos, &state.qvel, h * ahead);
            state.qvel.copy_from_slice(&stages.qvel);
            add_scaled(&mut state.qvel, &state.qacc, h * ahead);
            state.act.copy_from_slice(&stages.act[0]);
            add_scaled(&mut state.act, &state.act_dot, h * ahead);
            state.time = start + h * ahead;
        }
    }
    let stages = &state.stages;
    state.qpos.copy_from_slice(&stages.qpos);
    state.qvel.copy_from_slice(&stages.qvel);
    state.act.copy_from_slice(&stages.act[0]);
    state.act_dot.copy_from_slice(&stages.act[1]);
    positions(model, &mut state.qpos, &stages.velocity_sum, h);
    add_scaled(&mut state.qvel, &stages.acceleration_sum, h);
    activation::advance(model, state);
    state.qacc_warmstart.copy_from_slice(&state.qacc);
    state.time = start + h;
}
