//! Lengths and velocities of what actuators act on. MuJoCo: Computation, "Actuation model", Transmission.
//!
//! An actuator's length l changes with the dofs by its moment `∂l/∂q`, and its force acts on them by the same. Joints and
//! fixed tendons have few constant entries; those of a site, a crank or a body's contacts are computed in each pose.

use glam::DVec3;

use super::com_pos::com_pos;
use super::jacobian::for_each_velocity;
use super::kinematics::kinematics;
use super::math::rotation::{rotation_vector, unit_quat};
use super::model::{Cone, JointType, Model, Transmission};
use super::state::State;
use super::state::rows::contact_rows;
use super::tendon::{self, for_each_tendon_moment};

/// Lengths of transmissions in the current pose, and the moments of sites and cranks.
pub(super) fn lengths(model: &Model, state: &mut State) {
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
            Transmission::Site(site, None) => own_site(model, state, actuator, site),
            Transmission::Site(site, Some(other)) => {
                two_sites(model, state, actuator, [site, other])
            }
            Transmission::SliderCrank(crank, slider, rod) => {
                slider_crank(model, state, actuator, [crank, slider], rod)
            }
            // So have contacts; their moments follow them.
            Transmission::Body(_) => 0.0,
        };
    }
}

/// Moments of actuators on bodies: the mean of the normals of the contacts, those in a gap too, turned to pull.
pub(super) fn contacts(model: &Model, state: &mut State) {
    for actuator in 0..model.nu {
        let Transmission::Body(body) = model.actuators.transmission[actuator] else {
            continue;
        };
        let (mut moments, nv) = (std::mem::take(&mut state.actuator_moment), model.nv);
        let moment = &mut moments[actuator * nv..][..nv];
        moment.fill(0.0);
        let mut count = 0.0;
        for contact in &state.contacts {
            let bodies = contact.geoms.map(|geom| model.geoms.body[geom]);
            if !bodies.contains(&body) {
                continue;
            }
            if let Some(first) = contact.row {
                count += 1.0;
                // The mean of a pyramid's edges is its axis.
                let edges = contact_rows(model.opt.cone, contact.dim);
                let rows = if contact.dim == 1 || model.opt.cone == Cone::Elliptic {
                    1
                } else {
                    edges
                };
                for row in first..first + rows {
                    for (moment, x) in moment.iter_mut().zip(state.rows.row(row)) {
                        *moment += x / rows as f64;
                    }
                }
            } else if contact.dist >= contact.includemargin {
                count += 1.0;
                for (body, sign) in [(bodies[1], 1.0), (bodies[0], -1.0)] {
                    for_each_velocity(model, state, body, contact.pos, |dof, linear, _| {
                        moment[dof] += sign * contact.frame[0].dot(linear);
                    });
                }
            }
        }
        if count > 0.0 {
            moment.iter_mut().for_each(|x| *x *= -1.0 / count);
        }
        state.actuator_moment = moments;
    }
}

/// Rates of change of the lengths; as in MuJoCo zero while the actuators are off.
pub(super) fn velocities(model: &Model, state: &mut State) {
    if !model.opt.actuation {
        state.actuator_velocity.fill(0.0);
        return;
    }
    for actuator in 0..model.nu {
        let mut velocity = 0.0;
        for_each_moment(model, state, actuator, |dof, moment| {
            velocity += moment * state.qvel[dof];
        });
        state.actuator_velocity[actuator] = velocity;
    }
}

/// Calls `f` with each dof that an actuator acts on, and the force on it per unit of the actuator's.
pub(super) fn for_each_moment(
    model: &Model,
    state: &State,
    actuator: usize,
    mut f: impl FnMut(usize, f64),
) {
    let gear = &model.actuators.gear[actuator];
    let (joint, in_parent) = match model.actuators.transmission[actuator] {
        Transmission::Joint(joint) => (joint, false),
        Transmission::JointInParent(joint) => (joint, true),
        Transmission::Tendon(tendon) => {
            for_each_tendon_moment(model, state, tendon, |dof, moment| f(dof, gear[0] * moment));
            return;
        }
        Transmission::Site(..) | Transmission::SliderCrank(..) | Transmission::Body(_) => {
            let moment = &state.actuator_moment[actuator * model.nv..][..model.nv];
            let felt = moment.iter().enumerate().filter(|(_, x)| **x != 0.0);
            felt.for_each(|(dof, x)| f(dof, *x));
            return;
        }
    };
    let dof = model.joints.dofadr[joint];
    let position = &state.qpos[model.joints.qposadr[joint]..];
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

/// An actuator's moment by its dofs, cleared; it comes back with [`Moment::keep`].
struct Moment {
    all: Vec<f64>,
    at: usize,
}

impl Moment {
    fn of(model: &Model, state: &mut State, actuator: usize) -> Self {
        let mut moment = Self {
            all: std::mem::take(&mut state.actuator_moment),
            at: actuator * model.nv,
        };
        moment.all[moment.at..][..model.nv].fill(0.0);
        moment
    }

    fn add(&mut self, dof: usize, x: f64) {
        self.all[self.at + dof] += x;
    }

    fn keep(self, state: &mut State) {
        state.actuator_moment = self.all;
    }
}

/// A force and a torque along the axes of a site; it has no length.
fn own_site(model: &Model, state: &mut State, actuator: usize, site: usize) -> f64 {
    let [push, twist] = wrench(&model.actuators.gear[actuator]).map(|v| state.site_xmat[site] * v);
    let mut moment = Moment::of(model, state, actuator);
    let body = model.sites.body[site];
    for_each_velocity(
        model,
        state,
        body,
        state.site_xpos[site],
        |dof, linear, angular| {
            moment.add(dof, push.dot(linear) + twist.dot(angular));
        },
    );
    moment.keep(state);
    0.0
}

/// Place and rotation of a site in the frame of another, by the gear. Dofs that move both do not count.
fn two_sites(model: &Model, state: &mut State, actuator: usize, sites: [usize; 2]) -> f64 {
    let [along, about] = wrench(&model.actuators.gear[actuator]);
    let bodies = sites.map(|site| model.sites.body[site]);
    let mut length = 0.0;
    let frame = state.site_xmat[sites[1]];
    if along != DVec3::ZERO {
        let apart = state.site_xpos[sites[0]] - state.site_xpos[sites[1]];
        length += (frame.transpose() * apart).dot(along);
    }
    if about != DVec3::ZERO {
        // As in MuJoCo the sites' own orientations come first in both products.
        let [one, other] =
            [0, 1].map(|i| model.sites.quat_given[sites[i]] * state.xquat[bodies[i]]);
        length += rotation_vector(other.conjugate() * one).dot(about);
    }
    let common = common_dof(model, bodies);
    let [push, twist] = [along, about].map(|v| frame * v);
    let mut moment = Moment::of(model, state, actuator);
    for (i, sign) in [(0, 1.0), (1, -1.0)] {
        let pos = state.site_xpos[sites[i]];
        for_each_velocity(model, state, bodies[i], pos, |dof, linear, angular| {
            if !common.is_some_and(|common| moves_with(model, common, dof)) {
                moment.add(dof, sign * (push.dot(linear) + twist.dot(angular)));
            }
        });
    }
    moment.keep(state);
    length
}

/// Translation and rotation of a gear.
fn wrench(gear: &[f64; 6]) -> [DVec3; 2] {
    [DVec3::from_slice(gear), DVec3::from_slice(&gear[3..])]
}

/// The last dof that moves both bodies.
fn common_dof(model: &Model, bodies: [usize; 2]) -> Option<usize> {
    let last = |body: usize| {
        let (first, count) = model.bodies.dofs[model.bodies.weld[body]];
        (count > 0).then(|| first + count - 1)
    };
    let [mut a, mut b] = bodies.map(last);
    while let (Some(one), Some(other)) = (a, b) {
        match one.cmp(&other) {
            std::cmp::Ordering::Equal => return a,
            std::cmp::Ordering::Less => b = model.dofs.parent[other],
            std::cmp::Ordering::Greater => a = model.dofs.parent[one],
        }
    }
    None
}

/// Whether `other` is `dof` or one on its way to the root.
fn moves_with(model: &Model, dof: usize, other: usize) -> bool {
    let mut chain = std::iter::successors(Some(dof), |dof| model.dofs.parent[*dof]);
    chain.any(|dof| dof == other)
}

/// Where a slider is that a rod joins to the pin of a crank: `a·v − √((a·v)² + r² − v·v)` with the slider's axis a and the
/// pin's place v against it. Where the rod is too short the slider stays at the pin's height.
fn slider_crank(
    model: &Model,
    state: &mut State,
    actuator: usize,
    [crank, slider]: [usize; 2],
    rod: f64,
) -> f64 {
    let gear = model.actuators.gear[actuator][0];
    let axis = state.site_xmat[slider].z_axis;
    let pin = state.site_xpos[crank] - state.site_xpos[slider];
    let height = pin.dot(axis);
    let square = height * height + rod * rod - pin.dot(pin);
    let (length, by_axis, by_pin) = if square <= 0.0 {
        (height, pin, axis)
    } else {
        let root = square.sqrt();
        let share = 1.0 - height / root;
        (
            height - root,
            pin * share,
            axis * share + pin * (1.0 / root),
        )
    };
    let mut moment = Moment::of(model, state, actuator);
    let (body, place) = (model.sites.body[slider], state.site_xpos[slider]);
    for_each_velocity(model, state, body, place, |dof, linear, angular| {
        let turned = angular.cross(axis);
        moment.add(dof, gear * (by_axis.dot(turned) - by_pin.dot(linear)));
    });
    let (body, place) = (model.sites.body[crank], state.site_xpos[crank]);
    for_each_velocity(model, state, body, place, |dof, linear, _| {
        moment.add(dof, gear * by_pin.dot(linear));
    });
    moment.keep(state);
    gear * length
}

/// Lengths of tendons, and slopes of the lengths of tendons and of what actuators act on, at some positions: what a compiler
/// needs of them.
pub(crate) struct Lengths {
    /// `[ntendon]`.
    pub(crate) tendons: Vec<f64>,
    /// Row-major `[ntendon, nv]`.
    pub(crate) tendon_slopes: Vec<f64>,
    /// Row-major `[nu, nv]`.
    pub(crate) actuator_slopes: Vec<f64>,
}

impl Lengths {
    /// At positions `[nq]`.
    pub(crate) fn at(model: &Model, qpos: &[f64]) -> Self {
        let nv = model.nv;
        let mut state = State::new(model);
        state.qpos.copy_from_slice(qpos);
        kinematics(model, &mut state);
        com_pos(model, &mut state);
        tendon::lengths(model, &mut state);
        lengths(model, &mut state);
        let mut found = Self {
            tendons: state.ten_length.clone(),
            tendon_slopes: vec![0.0; model.tendons.name.len() * nv],
            actuator_slopes: vec![0.0; model.nu * nv],
        };
        for tendon in 0..model.tendons.name.len() {
            for_each_tendon_moment(model, &state, tendon, |dof, slope| {
                found.tendon_slopes[tendon * nv + dof] += slope;
            });
        }
        for actuator in 0..model.nu {
            for_each_moment(model, &state, actuator, |dof, slope| {
                found.actuator_slopes[actuator * nv + dof] += slope;
            });
        }
        found
    }
}
