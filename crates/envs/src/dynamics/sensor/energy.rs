//! Potential and kinetic energy. MuJoCo: API reference, `mj_energyPos`, `mj_energyVel`.

use glam::{DQuat, DVec3};

use crate::dynamics::math::dense::dot;
use crate::dynamics::math::rotation::rotation_vector;
use crate::dynamics::model::{JointType, Model};
use crate::dynamics::state::State;

/// Energy (J) of weight and of springs: `Σ −m g·x + ½ Σ k d²`.
pub(super) fn potential(model: &Model, state: &State) -> f64 {
    let bodies = model.bodies.mass.iter().zip(&state.xipos).skip(1);
    let weight = bodies.fold(0.0, |sum, (mass, place)| {
        sum - mass * model.opt.gravity.dot(*place)
    });
    let joints = &model.joints;
    let mut energy = weight;
    for joint in 0..joints.kind.len() {
        let address = joints.qposadr[joint];
        let (place, rest) = (&state.qpos[address..], &model.qpos_spring[address..]);
        let twist = |at: usize| {
            let quat = |x: &[f64]| DQuat::from_xyzw(x[1], x[2], x[3], x[0]);
            let turned = quat(&rest[at..]).conjugate() * quat(&place[at..]);
            rotation_vector(turned).length_squared()
        };
        let half = 0.5 * joints.stiffness[joint];
        energy += match joints.kind[joint] {
            JointType::Slide | JointType::Hinge => {
                half * (place[0] - rest[0]) * (place[0] - rest[0])
            }
            JointType::Ball => half * twist(0),
            JointType::Free => {
                let away = DVec3::from_slice(place) - DVec3::from_slice(rest);
                half * away.length_squared() + half * twist(3)
            }
        };
    }
    let tendons = &model.tendons;
    for (tendon, length) in state.ten_length.iter().enumerate() {
        let [low, high] = tendons.lengthspring[tendon];
        let stretch = (length - high).max(0.0) + (low - length).max(0.0);
        energy += 0.5 * tendons.stiffness[tendon] * stretch * stretch;
    }
    energy
}

/// Energy (J) of motion: `½ vᵀ M v`.
pub(super) fn kinetic(model: &Model, state: &State) -> f64 {
    let rows = (0..model.nv).map(|dof| &state.qm[dof * model.nv..][..model.nv]);
    let twice = rows.zip(&state.qvel);
    0.5 * twice.fold(0.0, |sum, (row, velocity)| {
        sum + velocity * dot(row, &state.qvel)
    })
}
