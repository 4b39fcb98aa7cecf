//! What domains of the suite share: parts of a model by name, names of what is observed, random poses.

use std::f64::consts::PI;

use crate::dynamics::model::JointType;
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use glam::DVec3;

use super::suite::Start;

/// The number of the part of this name; every model here has what its task asks for.
fn named(names: &[String], name: &str) -> usize {
    names
        .iter()
        .position(|other| other == name)
        .unwrap_or_default()
}

/// Number of the body of this name.
pub(super) fn body(model: &Model, name: &str) -> usize {
    named(&model.bodies.name, name)
}

/// Number of the geom of this name.
pub(super) fn geom(model: &Model, name: &str) -> usize {
    named(&model.geoms.name, name)
}

/// Number of the joint of this name.
pub(super) fn joint(model: &Model, name: &str) -> usize {
    named(&model.joints.name, name)
}

/// Number of the site of this name.
pub(super) fn site(model: &Model, name: &str) -> usize {
    named(&model.sites.name, name)
}

/// Place of the site of this name (m).
pub(super) fn site_place(model: &Model, state: &State, name: &str) -> DVec3 {
    state.site_xpos[site(model, name)]
}

/// Place of the geom of this name (m).
pub(super) fn geom_place(model: &Model, state: &State, name: &str) -> DVec3 {
    state.geom_xpos[geom(model, name)]
}

/// Place in `qpos` of the joint of this name.
pub(super) fn position(model: &Model, name: &str) -> usize {
    model.joints.qposadr[joint(model, name)]
}

/// What the sensor of this name measured.
pub(super) fn sensor<'a>(model: &Model, state: &'a State, name: &str) -> &'a [f64] {
    state.sensor(model, name).unwrap_or_default()
}

/// A model's text without the parts that are not among these: what stands between lines `<!-- if NAME -->` and
/// `<!-- end -->`.
pub(super) fn keep(xml: &str, parts: &[&str]) -> String {
    let mut kept = true;
    let mut text = String::with_capacity(xml.len());
    for line in xml.lines() {
        let mark = line
            .trim()
            .strip_prefix("<!-- ")
            .and_then(|line| line.strip_suffix(" -->"));
        match mark.map(|mark| (mark, mark.strip_prefix("if "))) {
            Some((_, Some(part))) => kept = parts.contains(&part),
            Some(("end", _)) => kept = true,
            _ if kept => text.extend([line, "\n"]),
            _ => {}
        }
    }
    text
}

/// Numbers of one kind, without bounds.
pub(super) fn dims<'a>(
    names: impl IntoIterator<Item = &'a str>,
    unit: &'static str,
) -> Vec<SpaceDim> {
    let names = names.into_iter();
    names.map(|name| SpaceDim::unbounded(name, unit)).collect()
}

/// The coordinates, of which there may be two or three, of something (m).
pub(super) fn places(axes: &[&str], what: &str) -> Vec<SpaceDim> {
    let names = axes.iter().map(|axis| format!("{axis} {what}"));
    names.map(|name| SpaceDim::unbounded(name, "m")).collect()
}

/// Draws a pose: a joint within its range, a hinge without one between -π and π, the orientation of a ball or free joint
/// as the suite does. dm_control, `suite/utils/randomizers.py`.
pub(super) fn randomise_joints(start: &mut Start<'_>) {
    for joint in 0..start.model().joints.kind.len() {
        let joints = &start.model().joints;
        let (kind, at) = (joints.kind[joint], joints.qposadr[joint]);
        let (limited, [low, high]) = (joints.limited[joint], joints.range[joint]);
        let (rng, qpos) = (&mut *start.rng, &mut start.state.qpos);
        match (kind, limited) {
            (JointType::Hinge | JointType::Slide, true) => qpos[at] = rng.uniform(low, high),
            (JointType::Hinge, false) => qpos[at] = rng.uniform(-PI, PI),
            (JointType::Slide, false) => {}
            (JointType::Ball, true) => {
                let axis = [(); 3].map(|()| rng.standard_normal());
                let length = norm(&axis);
                let half = 0.5 * (rng.unit() * high);
                let (sin, cos) = crate::dynamics::sin_cos(half);
                let [x, y, z] = axis.map(|x| x / length * sin);
                qpos[at..at + 4].copy_from_slice(&[cos, x, y, z]);
            }
            (JointType::Ball, false) => {
                let quat = [(); 4].map(|()| rng.standard_normal());
                turn(&mut qpos[at..], quat);
            }
            // Of positive numbers only, which is not every orientation; so it is in the suite.
            (JointType::Free, false) => {
                let quat = [(); 4].map(|()| rng.unit());
                turn(&mut qpos[at + 3..], quat);
            }
            (JointType::Free, true) => {}
        }
    }
}

/// Draws any orientation, as four normal numbers in one direction.
pub(super) fn any_orientation(start: &mut Start<'_>) -> [f64; 4] {
    let quat = [(); 4].map(|()| start.rng.standard_normal());
    let length = norm(&quat);
    quat.map(|x| x / length)
}

fn turn(qpos: &mut [f64], quat: [f64; 4]) {
    let length = norm(&quat);
    for (to, x) in qpos.iter_mut().zip(quat) {
        *to = x / length;
    }
}

/// Length of a vector.
pub(super) fn norm(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x * x).sum::<f64>().sqrt()
}
