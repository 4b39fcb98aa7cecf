//! What tasks observe, by name, from the model.

use crate::dynamics::State;
use crate::dynamics::model::{JointType, Model, Transmission};
use crate::env::Quantity;
use glam::DVec3;

/// Names of a free joint's positions, velocities and their units.
const FREE_POSITIONS: [(&str, &str); 7] = [
    ("x", "m"),
    ("y", "m"),
    ("z", "m"),
    ("orientation w", "1"),
    ("orientation x", "1"),
    ("orientation y", "1"),
    ("orientation z", "1"),
];
const FREE_VELOCITIES: [(&str, &str); 6] = [
    ("velocity of x", "m/s"),
    ("velocity of y", "m/s"),
    ("velocity of z", "m/s"),
    ("angular velocity about x", "rad/s"),
    ("angular velocity about y", "rad/s"),
    ("angular velocity about z", "rad/s"),
];

/// A number without bounds.
pub(in crate::tasks) fn free(name: impl Into<String>, unit: &'static str) -> Quantity {
    bounded(name, unit, f64::INFINITY)
}

/// A number within ±`limit`.
pub(in crate::tasks) fn bounded(
    name: impl Into<String>,
    unit: &'static str,
    limit: f64,
) -> Quantity {
    Quantity {
        name: name.into(),
        unit,
        low: -limit,
        high: limit,
    }
}

/// All positions but the first `skipped`.
pub(in crate::tasks) fn positions(model: &Model, skipped: usize) -> Vec<Quantity> {
    let joints = model.joints.name.iter().zip(&model.joints.kind);
    let all = joints.flat_map(|(name, kind)| match kind {
        JointType::Free => FREE_POSITIONS
            .map(|(what, unit)| free(format!("{what} of {name}"), unit))
            .to_vec(),
        JointType::Ball => FREE_POSITIONS[3..]
            .iter()
            .map(|(what, unit)| free(format!("{what} of {name}"), unit))
            .collect(),
        JointType::Slide => vec![free(name, "m")],
        JointType::Hinge => vec![free(name, "rad")],
    });
    all.skip(skipped).collect()
}

/// All velocities, each within ±`limit`.
pub(in crate::tasks) fn velocities(model: &Model, limit: f64) -> Vec<Quantity> {
    let joints = model.joints.name.iter().zip(&model.joints.kind);
    let all = joints.flat_map(|(name, kind)| match kind {
        JointType::Free => FREE_VELOCITIES
            .map(|(what, unit)| bounded(format!("{what} of {name}"), unit, limit))
            .to_vec(),
        JointType::Ball => FREE_VELOCITIES[3..]
            .iter()
            .map(|(what, unit)| bounded(format!("{what} of {name}"), unit, limit))
            .collect(),
        JointType::Slide => vec![bounded(format!("velocity of {name}"), "m/s", limit)],
        JointType::Hinge => vec![bounded(format!("velocity of {name}"), "rad/s", limit)],
    });
    all.collect()
}

/// Six numbers of each body from `first` on, with the unit of the first and of the last three.
pub(in crate::tasks) fn spatial(
    model: &Model,
    first: usize,
    [angular, linear]: [(&str, &'static str); 2],
    limit: f64,
) -> Vec<Quantity> {
    let bodies = first..model.bodies.name.len();
    let all = bodies.flat_map(|body| {
        let name = body_name(model, body);
        [angular, linear].into_iter().flat_map(move |(what, unit)| {
            let name = name.clone();
            ["x", "y", "z"]
                .map(|axis| bounded(format!("{what} {axis} on {name}"), unit, limit))
                .into_iter()
        })
    });
    all.collect()
}

/// The ten numbers of the inertia of each body from `first` on.
pub(in crate::tasks) fn inertias(model: &Model, first: usize) -> Vec<Quantity> {
    const PARTS: [(&str, &str); 10] = [
        ("inertia xx", "kg m²"),
        ("inertia yy", "kg m²"),
        ("inertia zz", "kg m²"),
        ("inertia xy", "kg m²"),
        ("inertia xz", "kg m²"),
        ("inertia yz", "kg m²"),
        ("mass moment x", "kg m"),
        ("mass moment y", "kg m"),
        ("mass moment z", "kg m"),
        ("mass", "kg"),
    ];
    let bodies = first..model.bodies.name.len();
    let all = bodies.flat_map(|body| {
        let name = body_name(model, body);
        PARTS.map(|(what, unit)| free(format!("{what} of {name}"), unit))
    });
    all.collect()
}

/// The place of a body.
pub(in crate::tasks) fn place(name: &str) -> [Quantity; 3] {
    ["x", "y", "z"].map(|axis| free(format!("{axis} of {name}"), "m"))
}

/// Where the body of this name is (m); `Needs` has seen to it that there is one.
pub(in crate::tasks) fn body_place(model: &Model, state: &State, name: &str) -> DVec3 {
    let body = model.bodies.name.iter().position(|body| body == name);
    body.map_or(DVec3::NAN, |body| state.xpos[body])
}

/// A body's name, or its number.
fn body_name(model: &Model, body: usize) -> String {
    match model.bodies.name[body].as_str() {
        "" => format!("body {body}"),
        name => name.to_owned(),
    }
}

/// The joint or tendon that an actuator drives.
pub(in crate::tasks) fn driven(model: &Model, actuator: usize) -> &str {
    match model.actuators.transmission[actuator] {
        Transmission::Joint(joint) | Transmission::JointInParent(joint) => {
            &model.joints.name[joint]
        }
        Transmission::Tendon(tendon) => &model.tendons.name[tendon],
    }
}

/// Copies numbers into the observation and gives where the next ones go.
pub(in crate::tasks) fn put(observation: &mut [f64], at: usize, numbers: &[f64]) -> usize {
    observation[at..][..numbers.len()].copy_from_slice(numbers);
    at + numbers.len()
}

/// Copies numbers clipped to ±`limit` into the observation and gives where the next ones go.
pub(in crate::tasks) fn put_clipped(
    observation: &mut [f64],
    at: usize,
    numbers: &[f64],
    limit: f64,
) -> usize {
    for (seen, x) in observation[at..].iter_mut().zip(numbers) {
        *seen = x.clamp(-limit, limit);
    }
    at + numbers.len()
}
