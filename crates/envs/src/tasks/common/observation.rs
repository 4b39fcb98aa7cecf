//! What tasks observe: the numbers by name, and the vector that they are written into.

use crate::dynamics::State;
use crate::dynamics::model::{JointType, Model, Transmission};
use crate::env::SpaceDim;
use crate::{Error, Result};
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

/// The observation while a task writes it, number after number.
#[derive(Debug)]
pub struct Observation<'a> {
    values: &'a mut [f64],
    /// Numbers written, of which those beyond the end are dropped.
    written: usize,
}

impl<'a> Observation<'a> {
    /// Has `write` write all of `values`, what a task observes.
    ///
    /// # Errors
    /// [`Error::Observation`] when it writes another number of numbers.
    pub(in crate::tasks) fn fill(
        values: &'a mut [f64],
        task: &'static str,
        write: impl FnOnce(&mut Self),
    ) -> Result<()> {
        let expected = values.len();
        let mut observation = Self { values, written: 0 };
        write(&mut observation);
        match observation.written {
            written if written == expected => Ok(()),
            written => Err(Error::Observation {
                task,
                written,
                expected,
            }),
        }
    }

    /// Writes these numbers.
    pub fn push(&mut self, numbers: &[f64]) {
        let end = self.written + numbers.len();
        if let Some(free) = self.values.get_mut(self.written..end) {
            free.copy_from_slice(numbers);
        }
        self.written = end;
    }

    /// Writes these numbers clipped to ±`limit`.
    pub fn push_clipped(&mut self, numbers: &[f64], limit: f64) {
        self.extend(numbers.iter().map(|x| x.clamp(-limit, limit)));
    }
}

impl Extend<f64> for Observation<'_> {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, numbers: I) {
        for number in numbers {
            if let Some(free) = self.values.get_mut(self.written) {
                *free = number;
            }
            self.written += 1;
        }
    }
}

/// All positions but the first `skipped`.
#[must_use]
pub fn positions(model: &Model, skipped: usize) -> Vec<SpaceDim> {
    let joints = model.joints.name.iter().zip(&model.joints.kind);
    let all = joints.flat_map(|(name, kind)| match kind {
        JointType::Free => FREE_POSITIONS
            .map(|(what, unit)| SpaceDim::unbounded(format!("{what} of {name}"), unit))
            .to_vec(),
        JointType::Ball => FREE_POSITIONS[3..]
            .iter()
            .map(|(what, unit)| SpaceDim::unbounded(format!("{what} of {name}"), unit))
            .collect(),
        JointType::Slide => vec![SpaceDim::unbounded(name, "m")],
        JointType::Hinge => vec![SpaceDim::unbounded(name, "rad")],
    });
    all.skip(skipped).collect()
}

/// All velocities, each within ±`limit`.
#[must_use]
pub fn velocities(model: &Model, limit: f64) -> Vec<SpaceDim> {
    let joints = model.joints.name.iter().zip(&model.joints.kind);
    let all = joints.flat_map(|(name, kind)| match kind {
        JointType::Free => FREE_VELOCITIES
            .map(|(what, unit)| SpaceDim::bounded(format!("{what} of {name}"), unit, limit))
            .to_vec(),
        JointType::Ball => FREE_VELOCITIES[3..]
            .iter()
            .map(|(what, unit)| SpaceDim::bounded(format!("{what} of {name}"), unit, limit))
            .collect(),
        JointType::Slide => vec![SpaceDim::bounded(
            format!("velocity of {name}"),
            "m/s",
            limit,
        )],
        JointType::Hinge => vec![SpaceDim::bounded(
            format!("velocity of {name}"),
            "rad/s",
            limit,
        )],
    });
    all.collect()
}

/// Six numbers of each body from `first` on, with the unit of the first and of the last three.
#[must_use]
pub fn spatial(
    model: &Model,
    first: usize,
    [angular, linear]: [(&str, &'static str); 2],
    limit: f64,
) -> Vec<SpaceDim> {
    let bodies = first..model.bodies.name.len();
    let all = bodies.flat_map(|body| {
        let name = body_name(model, body);
        [angular, linear].into_iter().flat_map(move |(what, unit)| {
            let name = name.clone();
            ["x", "y", "z"]
                .map(|axis| SpaceDim::bounded(format!("{what} {axis} on {name}"), unit, limit))
                .into_iter()
        })
    });
    all.collect()
}

/// The ten numbers of the inertia of each body from `first` on.
#[must_use]
pub fn inertias(model: &Model, first: usize) -> Vec<SpaceDim> {
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
        PARTS.map(|(what, unit)| SpaceDim::unbounded(format!("{what} of {name}"), unit))
    });
    all.collect()
}

/// Names of the position of a body (m).
#[must_use]
pub fn body_position_dims(name: &str) -> [SpaceDim; 3] {
    ["x", "y", "z"].map(|axis| SpaceDim::unbounded(format!("{axis} of {name}"), "m"))
}

/// Position of the body of this name (m); NaN where there is none, which
/// [`Requirements::bodies`](super::Requirements::bodies) rules out.
#[must_use]
pub fn body_position(model: &Model, state: &State, name: &str) -> DVec3 {
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

/// The joint, tendon, site or body that an actuator drives.
pub(super) fn driven(model: &Model, actuator: usize) -> &str {
    match model.actuators.transmission[actuator] {
        Transmission::Joint(joint) | Transmission::JointInParent(joint) => {
            &model.joints.name[joint]
        }
        Transmission::Tendon(tendon) => &model.tendons.name[tendon],
        Transmission::Site(site, _) | Transmission::SliderCrank(site, ..) => {
            &model.sites.name[site]
        }
        Transmission::Body(body) => &model.bodies.name[body],
    }
}
