//! Springs and dampers of joints and tendons, drag, and weight taken off bodies. MuJoCo: Computation, "Passive forces".
//!
//! A body of mass m whose share s of weight is taken off feels `−s m g` at its centre of mass.

use glam::{DQuat, DVec3};

use super::fluid;
use super::jacobian::for_each_velocity;
use super::math::rotation::rotation_vector;
use super::math::rotation::unit_quat;
use super::model::{JointType, Model};
use super::state::State;
use super::tendon::for_each_tendon_moment;

/// Forces that need no actuator.
pub(super) fn passive(model: &Model, state: &mut State) {
    for dof in 0..model.nv {
        state.qfrc_passive[dof] = -model.dofs.damping[dof] * state.qvel[dof];
    }
    joint_springs(model, state);
    tendon_springs(model, state);
    if !model.opt.passive {
        return;
    }
    if fluid::exists(model) {
        fluid::drag(model, state);
    }
    if compensates(model) {
        compensate(model, state);
    }
}

/// Whether weight is taken off any body.
fn compensates(model: &Model) -> bool {
    model.bodies.compensated && model.opt.gravity != DVec3::ZERO
}

/// Takes weight off bodies, where joints do not count that among the forces of actuators.
fn compensate(model: &Model, state: &mut State) {
    let mut forces = std::mem::take(&mut state.qfrc_gravcomp);
    forces.fill(0.0);
    for (body, share) in model.bodies.gravcomp.iter().enumerate() {
        if *share == 0.0 {
            continue;
        }
        let force = model.opt.gravity * -(model.bodies.mass[body] * share);
        for_each_velocity(model, state, body, state.xipos[body], |dof, linear, _| {
            forces[dof] += linear.dot(force);
        });
    }
    for (dof, force) in forces.iter().enumerate() {
        if !model.joints.actgravcomp[model.dofs.joint[dof]] {
            state.qfrc_passive[dof] += force;
        }
    }
    state.qfrc_gravcomp = forces;
}

/// Adds the weight that joints count among the forces of actuators.
pub(super) fn compensate_by_actuators(model: &Model, state: &mut State) {
    if !model.opt.passive || !compensates(model) {
        return;
    }
    for dof in 0..model.nv {
        if model.joints.actgravcomp[model.dofs.joint[dof]] {
            state.qfrc_actuator[dof] += state.qfrc_gravcomp[dof];
        }
    }
}

fn joint_springs(model: &Model, state: &mut State) {
    let joints = &model.joints;
    for joint in 0..joints.kind.len() {
        let stiffness = joints.stiffness[joint];
        if stiffness == 0.0 {
            continue;
        }
        let (address, dof) = (joints.qposadr[joint], joints.dofadr[joint]);
        let (position, rest) = (&state.qpos[address..], &model.qpos_spring[address..]);
        let stretch = |i: usize| position[i] - rest[i];
        let twist = |at: usize| {
            let rest = &rest[at..];
            let rest = DQuat::from_xyzw(rest[1], rest[2], rest[3], rest[0]);
            rotation_vector(rest.conjugate() * unit_quat(&position[at..]))
        };
        let force = &mut state.qfrc_passive[dof..];
        match joints.kind[joint] {
            JointType::Hinge | JointType::Slide => force[0] -= stiffness * stretch(0),
            JointType::Ball => subtract(force, twist(0) * stiffness),
            JointType::Free => {
                let away = DVec3::new(stretch(0), stretch(1), stretch(2));
                subtract(force, away * stiffness);
                subtract(&mut force[3..], twist(3) * stiffness);
            }
        }
    }
}

fn subtract(force: &mut [f64], by: DVec3) {
    for (force, by) in force.iter_mut().zip(by.to_array()) {
        *force -= by;
    }
}

fn tendon_springs(model: &Model, state: &mut State) {
    let tendons = &model.tendons;
    for tendon in 0..tendons.name.len() {
        let length = state.ten_length[tendon];
        let [low, high] = tendons.lengthspring[tendon];
        let stretch = if length > high {
            length - high
        } else if length < low {
            length - low
        } else {
            0.0
        };
        let pull = -tendons.stiffness[tendon] * stretch
            - tendons.damping[tendon] * state.ten_velocity[tendon];
        let mut forces = std::mem::take(&mut state.qfrc_passive);
        for_each_tendon_moment(model, state, tendon, |dof, moment| {
            forces[dof] += moment * pull;
        });
        state.qfrc_passive = forces;
    }
}
