//! What sensors measure. MuJoCo: XML reference, "sensor"; API reference, `mj_sensorPos`, `mj_sensorVel`, `mj_sensorAcc`.
//!
//! Each sensor is read after the stage that computes what it needs. No noise is added, as in MuJoCo.

mod contact;
mod distance;
mod energy;
mod frame;
mod momentum;

use glam::{DQuat, DVec3};

use super::math::dense::dot;
use super::math::rotation::unit_quat;
use super::model::{Bounds, Model, Object, Sensor, Stage, Transmission};
use super::ray::{Ray, cast, is_inside};
use super::rne_post_constraint::interaction;
use super::state::State;
use super::state::rows::Limited;
use frame::{acceleration, pose, quat, velocity};

/// Reads the sensors of a stage.
pub(super) fn read(model: &Model, state: &mut State, stage: Stage) {
    let sensors = model.sensors.at(stage);
    if sensors.is_empty() {
        return;
    }
    let kinds = || sensors.iter().map(|index| &model.sensors.kind[*index]);
    if kinds().any(needs_interaction) {
        interaction(model, state);
    }
    if kinds().any(|kind| matches!(kind, Sensor::SubtreeLinVel(_) | Sensor::SubtreeAngMom(_))) {
        momentum::subtrees(model, state);
    }
    let mut data = std::mem::take(&mut state.sensordata);
    for &index in sensors {
        let kind = &model.sensors.kind[index];
        let cutoff = model.sensors.cutoff[index];
        let into = &mut data[model.sensors.adr[index]..][..kind.dim()];
        match kind.stage() {
            Stage::Position => position(model, state, kind, cutoff, into),
            Stage::Velocity => speed(model, state, kind, into),
            Stage::Acceleration => force(model, state, kind, into),
        }
        if cutoff > 0.0 {
            match kind.bounds() {
                Bounds::Both => into.iter_mut().for_each(|x| *x = x.clamp(-cutoff, cutoff)),
                Bounds::Above => into.iter_mut().for_each(|x| *x = x.min(cutoff)),
                Bounds::None => {}
            }
        }
    }
    state.sensordata = data;
}

/// Whether it needs the accelerations of bodies and the forces between them.
fn needs_interaction(kind: &Sensor) -> bool {
    use Sensor::{Accelerometer, Force, FrameAngAcc, FrameLinAcc, Torque};
    matches!(
        kind,
        Accelerometer(_) | Force(_) | Torque(_) | FrameLinAcc(_) | FrameAngAcc(_)
    )
}

fn write(into: &mut [f64], vector: DVec3) {
    into.copy_from_slice(&vector.to_array());
}

fn write_quat(into: &mut [f64], quat: DQuat) {
    into.copy_from_slice(&[quat.w, quat.x, quat.y, quat.z]);
}

/// Sensors that depend on positions.
fn position(model: &Model, state: &mut State, kind: &Sensor, cutoff: f64, into: &mut [f64]) {
    match *kind {
        Sensor::Magnetometer(site) => {
            write(into, state.site_xmat[site].transpose() * model.opt.magnetic);
        }
        Sensor::Rangefinder(site) => {
            let ray = Ray {
                from: state.site_xpos[site],
                along: state.site_xmat[site].z_axis,
            };
            into[0] = cast(model, state, &ray, model.sites.body[site]).unwrap_or(-1.0);
        }
        Sensor::JointPos(joint) => into[0] = state.qpos[model.joints.qposadr[joint]],
        Sensor::TendonPos(tendon) => into[0] = state.ten_length[tendon],
        Sensor::ActuatorPos(actuator) => into[0] = state.actuator_length[actuator],
        Sensor::BallQuat(joint) => {
            write_quat(into, unit_quat(&state.qpos[model.joints.qposadr[joint]..]));
        }
        Sensor::JointLimitPos(joint) => into[0] = beyond(state, Limited::Joint(joint)),
        Sensor::TendonLimitPos(tendon) => into[0] = beyond(state, Limited::Tendon(tendon)),
        Sensor::FramePos(object, reference) => {
            let (place, _) = pose(state, object);
            write(
                into,
                match reference.map(|reference| pose(state, reference)) {
                    None => place,
                    Some((origin, axes)) => axes.transpose() * (place - origin),
                },
            );
        }
        Sensor::FrameAxis(axis, object, reference) => {
            let axis = pose(state, object).1.col(axis);
            write(
                into,
                match reference.map(|reference| pose(state, reference)) {
                    None => axis,
                    Some((_, axes)) => axes.transpose() * axis,
                },
            );
        }
        Sensor::FrameQuat(object, reference) => {
            let own = quat(model, state, object);
            write_quat(
                into,
                match reference {
                    None => own,
                    Some(reference) => quat(model, state, reference).conjugate() * own,
                },
            );
        }
        Sensor::SubtreeCom(body) => write(into, state.subtree_com[body]),
        Sensor::InsideSite(object, site) => {
            let (kind, size) = (model.sites.kind[site], &model.sites.size[site]);
            let frame = (state.site_xpos[site], &state.site_xmat[site]);
            let inside = is_inside(frame, kind, size, pose(state, object).0);
            into[0] = f64::from(u8::from(inside));
        }
        Sensor::Distance(both) => into[0] = distance::between(model, state, both, cutoff).0,
        Sensor::Normal(both) => {
            let [from, to] = distance::between(model, state, both, cutoff).1;
            write(
                into,
                if from == to {
                    DVec3::ZERO
                } else {
                    distance::direction(to - from)
                },
            );
        }
        Sensor::FromTo(both) => {
            let ends = distance::between(model, state, both, cutoff).1;
            into.copy_from_slice(ends.map(|end| end.to_array()).as_flattened());
        }
        Sensor::PotentialEnergy => into[0] = energy::potential(model, state),
        Sensor::KineticEnergy => into[0] = energy::kinetic(model, state),
        _ => into[0] = state.time,
    }
}

/// The row of a limit, if it acts.
fn limit(state: &State, of: Limited) -> Option<usize> {
    let mut limits = state.rows.limits.iter();
    limits.find(|(other, _)| *other == of).map(|(_, row)| *row)
}

/// How far a limit is passed, its margin counted in; 0 where it does not act.
fn beyond(state: &State, of: Limited) -> f64 {
    let rows = &state.rows;
    limit(state, of).map_or(0.0, |row| rows.efc_pos[row] - rows.efc_margin[row])
}

/// Sensors that depend on velocities.
fn speed(model: &Model, state: &State, kind: &Sensor, into: &mut [f64]) {
    let row_velocity =
        |of| limit(state, of).map_or(0.0, |row| dot(state.rows.row(row), &state.qvel));
    let at_site = |site: usize| {
        let axes = state.site_xmat[site].transpose();
        let motion = velocity(model, state, Object::Site(site));
        (axes * motion.angular, axes * motion.linear)
    };
    match *kind {
        Sensor::Velocimeter(site) => write(into, at_site(site).1),
        Sensor::Gyro(site) => write(into, at_site(site).0),
        Sensor::JointVel(joint) => into[0] = state.qvel[model.joints.dofadr[joint]],
        Sensor::TendonVel(tendon) => into[0] = state.ten_velocity[tendon],
        Sensor::ActuatorVel(actuator) => into[0] = state.actuator_velocity[actuator],
        Sensor::BallAngVel(joint) => {
            into.copy_from_slice(&state.qvel[model.joints.dofadr[joint]..][..3]);
        }
        Sensor::JointLimitVel(joint) => into[0] = row_velocity(Limited::Joint(joint)),
        Sensor::TendonLimitVel(tendon) => into[0] = row_velocity(Limited::Tendon(tendon)),
        Sensor::FrameLinVel(object, reference) => {
            write(
                into,
                frame::relative_velocity(model, state, object, reference).linear,
            );
        }
        Sensor::FrameAngVel(object, reference) => {
            write(
                into,
                frame::relative_velocity(model, state, object, reference).angular,
            );
        }
        Sensor::SubtreeLinVel(body) => write(into, state.subtree_linvel[body]),
        Sensor::SubtreeAngMom(body) => write(into, state.subtree_angmom[body]),
        _ => {}
    }
}

/// Sensors that depend on forces and accelerations.
fn force(model: &Model, state: &State, kind: &Sensor, into: &mut [f64]) {
    let row_force = |of| limit(state, of).map_or(0.0, |row| state.rows.efc_force[row]);
    match *kind {
        Sensor::Touch(site) => into[0] = contact::touch(model, state, site),
        Sensor::Contact(ref sensor) => contact::read(model, state, sensor, into),
        Sensor::Accelerometer(site) => {
            let motion = acceleration(model, state, Object::Site(site));
            write(into, state.site_xmat[site].transpose() * motion.linear);
        }
        Sensor::Force(site) => {
            write(
                into,
                state.site_xmat[site].transpose() * held(model, state, site).1,
            );
        }
        Sensor::Torque(site) => {
            write(
                into,
                state.site_xmat[site].transpose() * held(model, state, site).0,
            );
        }
        Sensor::ActuatorFrc(actuator) => into[0] = state.actuator_force[actuator],
        Sensor::JointActuatorFrc(joint) => {
            into[0] = state.qfrc_actuator[model.joints.dofadr[joint]];
        }
        Sensor::TendonActuatorFrc(tendon) => {
            let targets = model.actuators.transmission.iter();
            let forces = targets.zip(&state.actuator_force);
            let own = forces.filter(|(target, _)| **target == Transmission::Tendon(tendon));
            into[0] = own.fold(0.0, |sum, (_, force)| sum + force);
        }
        Sensor::JointLimitFrc(joint) => into[0] = row_force(Limited::Joint(joint)),
        Sensor::TendonLimitFrc(tendon) => into[0] = row_force(Limited::Tendon(tendon)),
        Sensor::FrameLinAcc(object) => write(into, acceleration(model, state, object).linear),
        Sensor::FrameAngAcc(object) => write(into, acceleration(model, state, object).angular),
        _ => {}
    }
}

/// Torque about a site and force that the site's body and what it carries get from its parent, in world axes.
fn held(model: &Model, state: &State, site: usize) -> (DVec3, DVec3) {
    let body = model.sites.body[site];
    let wrench = &state.cfrc_body[body];
    let offset = state.site_xpos[site] - state.subtree_com[model.bodies.root[body]];
    (wrench.angular - offset.cross(wrench.linear), wrench.linear)
}
