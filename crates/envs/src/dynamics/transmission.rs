//! Lengths and velocities of tendons and of what actuators act on. MuJoCo: Computation, "Actuation model",
//! Transmission; XML reference, "tendon/fixed".

use glam::DVec3;

use super::math::rotation::rotation_vector;
use super::math::rotation::unit_quat;
use super::model::{JointType, Model, Transmission};
use super::state::State;

/// Lengths of tendons and transmissions in the current pose.
pub(super) fn lengths(model: &Model, state: &mut State) {
    for tendon in 0..model.tendons.name.len() {
        let joints = model.tendons.path[tendon].iter();
        state.ten_length[tendon] = joints
            .map(|(joint, coefficient)| coefficient * state.qpos[model.joints.qposadr[*joint]])
            .sum();
    }
    let actuators = &model.actuators;
    for actuator in 0..model.nu {
        let gear = &actuators.gear[actuator];
        state.actuator_length[actuator] = match actuators.transmission[actuator] {
            Transmission::Tendon(tendon) => gear[0] * state.ten_length[tendon],
            Transmission::Joint(joint) | Transmission::JointInParent(joint) => {
                let position = &state.qpos[model.joints.qposadr[joint]..];
                match model.joints.kind[joint] {
                    JointType::Hinge | JointType::Slide => gear[0] * position[0],
                    JointType::Ball => {
                        let in_parent = matches!(
                            actuators.transmission[actuator],
                            Transmission::JointInParent(_)
                        );
                        let axis = gear_axis(&gear[..3], position, in_parent);
                        rotation_vector(unit_quat(position)).dot(axis)
                    }
                    // A pose in space has no length.
                    JointType::Free => 0.0,
                }
            }
        };
    }
}

/// Rates of change of the lengths.
pub(super) fn velocities(model: &Model, state: &mut State) {
    for tendon in 0..model.tendons.name.len() {
        let joints = model.tendons.joints[tendon].iter();
        state.ten_velocity[tendon] = joints
            .map(|(joint, coefficient)| coefficient * state.qvel[model.joints.dofadr[*joint]])
            .sum();
    }
    for actuator in 0..model.nu {
        let mut velocity = 0.0;
        for_each_moment(model, &state.qpos, actuator, |dof, moment| {
            velocity += moment * state.qvel[dof];
        });
        state.actuator_velocity[actuator] = velocity;
    }
}

/// Calls `f` with each dof that an actuator acts on, and the force on it per unit of the actuator's.
pub(super) fn for_each_moment(
    model: &Model,
    qpos: &[f64],
    actuator: usize,
    mut f: impl FnMut(usize, f64),
) {
    let gear = &model.actuators.gear[actuator];
    let (joint, in_parent) = match model.actuators.transmission[actuator] {
        Transmission::Joint(joint) => (joint, false),
        Transmission::JointInParent(joint) => (joint, true),
        Transmission::Tendon(tendon) => {
            for (joint, coefficient) in &model.tendons.joints[tendon] {
                f(model.joints.dofadr[*joint], gear[0] * coefficient);
            }
            return;
        }
    };
    let dof = model.joints.dofadr[joint];
    let position = &qpos[model.joints.qposadr[joint]..];
    match model.joints.kind[joint] {
        JointType::Hinge | JointType::Slide => f(dof, gear[0]),
        JointType::Ball => {
            let axis = gear_axis(&gear[..3], position, in_parent);
            (0..3).for_each(|i| f(dof + i, axis[i]));
        }
        JointType::Free => {
            let axis = gear_axis(&gear[3..], &position[3..], in_parent);
            (0..3).for_each(|i| f(dof + i, gear[i]));
            (0..3).for_each(|i| f(dof + 3 + i, axis[i]));
        }
    }
}

/// The axis of a torque in the joint's frame.
fn gear_axis(gear: &[f64], quat: &[f64], in_parent: bool) -> DVec3 {
    let axis = DVec3::from_slice(gear);
    if in_parent {
        unit_quat(quat).conjugate() * axis
    } else {
        axis
    }
}
