//! From positions to frames. MuJoCo: Computation, "Forward kinematics".

use glam::{DQuat, DVec3};

use super::math::rotation::{matrix, rotation, unit, unit_quat};
use super::model::{JointType, Model};
use super::state::State;

/// Frames of bodies, joints and geoms.
pub(super) fn kinematics(model: &Model, state: &mut State) {
    let bodies = &model.bodies;
    for body in 1..bodies.parent.len() {
        let parent = bodies.parent[body];
        let (pos, quat) = match bodies.mocap[body] {
            None => (bodies.pos[body], bodies.quat[body]),
            Some(index) => (state.mocap_pos[index], unit(state.mocap_quat[index])),
        };
        let mut pos = state.xpos[parent] + state.xmat[parent] * pos;
        let mut quat = state.xquat[parent] * quat;
        let (first, count) = bodies.joints[body];
        for joint in first..first + count {
            (pos, quat) = displace(model, state, joint, pos, quat);
        }
        let quat = unit(quat);
        let mat = matrix(quat);
        state.xpos[body] = pos;
        state.xquat[body] = quat;
        state.xmat[body] = mat;
        state.xipos[body] = pos + mat * bodies.ipos[body];
        state.ximat[body] = matrix(quat * bodies.iquat[body]);
    }
    let geoms = &model.geoms;
    for geom in 0..geoms.kind.len() {
        let body = geoms.body[geom];
        state.geom_xpos[geom] = state.xpos[body] + state.xmat[body] * geoms.pos[geom];
        state.geom_xmat[geom] = matrix(state.xquat[body] * geoms.quat[geom]);
    }
    sites(model, state);
}

/// Frames of the sites.
fn sites(model: &Model, state: &mut State) {
    let sites = &model.sites;
    for site in 0..sites.body.len() {
        let body = sites.body[site];
        state.site_xpos[site] = state.xpos[body] + state.xmat[body] * sites.pos[site];
        state.site_xmat[site] = matrix(state.xquat[body] * sites.quat[site]);
    }
}

/// Moves a body's frame by one of its joints and notes the joint's anchor and axis.
fn displace(
    model: &Model,
    state: &mut State,
    joint: usize,
    pos: DVec3,
    quat: DQuat,
) -> (DVec3, DQuat) {
    let joints = &model.joints;
    let anchor = pos + quat * joints.pos[joint];
    let axis = quat * joints.axis[joint];
    state.xanchor[joint] = anchor;
    state.xaxis[joint] = axis;
    let address = joints.qposadr[joint];
    let displacement = state.qpos[address] - model.qpos0[address];
    // The anchor stays where it is, so the frame moves when it lies elsewhere.
    let turn = |by: DQuat| {
        let turned = quat * by;
        (anchor - turned * joints.pos[joint], turned)
    };
    match joints.kind[joint] {
        // The place is absolute: the body has no other joint, and its parent is the world.
        JointType::Free => {
            let pos = DVec3::from_slice(&state.qpos[address..]);
            state.xanchor[joint] = pos;
            (pos, unit_quat(&state.qpos[address + 3..]))
        }
        JointType::Ball => turn(unit_quat(&state.qpos[address..])),
        JointType::Slide => (pos + axis * displacement, quat),
        JointType::Hinge => turn(rotation(joints.axis[joint], displacement)),
    }
}
