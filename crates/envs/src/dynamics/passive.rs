//! Springs and dampers of joints and tendons, and drag. MuJoCo: Computation, "Passive forces".

use glam::{DQuat, DVec3};

use super::fluid;
use super::math::rotation::rotation_vector;
use super::math::rotation::unit_quat;
use super::model::{JointType, Model};
use super::state::State;

/// Forces that need no actuator.
pub(super) fn passive(model: &Model, state: &mut State) {
    for dof in 0..model.nv {
        state.qfrc_passive[dof] = -model.dofs.damping[dof] * state.qvel[dof];
    }
    joint_springs(model, state);
    tendon_springs(model, state);
    if fluid::exists(model) {
        fluid::drag(model, state);
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
        for (joint, coefficient) in &tendons.joints[tendon] {
            state.qfrc_passive[model.joints.dofadr[*joint]] += coefficient * pull;
        }
    }
}
