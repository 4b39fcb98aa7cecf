//! From positions to frames. MuJoCo: Computation, "Forward kinematics".

use glam::{DQuat, DVec3};

use super::MINVAL;
use super::model::{JointType, Model};
use super::rotation::{matrix, unit};
use super::spatial::{Spatial, SpatialInertia};
use super::state::State;
use super::trig::sin_cos;

/// Frames of bodies, joints and geoms.
pub(super) fn frames(model: &Model, state: &mut State) {
    let bodies = &model.bodies;
    for body in 1..bodies.parent.len() {
        let parent = bodies.parent[body];
        let mut pos = state.xpos[parent] + state.xmat[parent] * bodies.pos[body];
        let mut quat = state.xquat[parent] * bodies.quat[body];
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

/// The rotation of a quaternion `w x y z` of any length; none where it has no length.
pub(super) fn unit_quat(wxyz: &[f64]) -> DQuat {
    unit(DQuat::from_xyzw(wxyz[1], wxyz[2], wxyz[3], wxyz[0]))
}

/// The rotation by `angle` (rad) about a unit axis.
pub(super) fn rotation(axis: DVec3, angle: f64) -> DQuat {
    let (sin, cos) = sin_cos(0.5 * angle);
    DQuat::from_vec4((axis * sin).extend(cos))
}

/// Centres of mass of the subtrees, and inertias and dof motions about the tree's own.
pub(super) fn centre_of_mass(model: &Model, state: &mut State) {
    let bodies = &model.bodies;
    let nbody = bodies.parent.len();
    for body in 0..nbody {
        state.subtree_com[body] = state.xipos[body] * bodies.mass[body];
    }
    for body in (1..nbody).rev() {
        let moment = state.subtree_com[body];
        state.subtree_com[bodies.parent[body]] += moment;
    }
    for body in 0..nbody {
        let mass = bodies.subtreemass[body];
        if mass < MINVAL {
            state.subtree_com[body] = state.xipos[body];
        } else {
            state.subtree_com[body] *= 1.0 / mass;
        }
    }
    for body in 1..nbody {
        let offset = state.xipos[body] - state.subtree_com[bodies.root[body]];
        let (inertia, axes) = (bodies.inertia[body], &state.ximat[body]);
        state.cinert[body] = SpatialInertia::new(inertia, axes, offset, bodies.mass[body]);
    }
    for joint in 0..model.joints.kind.len() {
        let axis = state.xaxis[joint];
        let body = model.joints.body[joint];
        let offset = state.subtree_com[bodies.root[body]] - state.xanchor[joint];
        let dof = model.joints.dofadr[joint];
        let axes = state.xmat[body];
        let balls = |axis: usize| Spatial::hinge(axes.col(axis), offset);
        let dofs = &mut state.cdof[dof..];
        match model.joints.kind[joint] {
            JointType::Free => {
                for i in 0..3 {
                    dofs[i] = Spatial::slide(DVec3::AXES[i]);
                    dofs[3 + i] = balls(i);
                }
            }
            JointType::Ball => (0..3).for_each(|i| dofs[i] = balls(i)),
            JointType::Slide => dofs[0] = Spatial::slide(axis),
            JointType::Hinge => dofs[0] = Spatial::hinge(axis, offset),
        }
    }
}

/// Calls `f` with each dof that moves `body`, from the last to the first, and the linear and angular velocity
/// that a unit velocity of the dof gives the body's point at `point` (world coordinates).
pub(crate) fn for_each_velocity(
    model: &Model,
    state: &State,
    body: usize,
    point: DVec3,
    mut f: impl FnMut(usize, DVec3, DVec3),
) {
    // A body without dofs moves with the one that it is welded to.
    let body = model.bodies.weld[body];
    let (first, count) = model.bodies.dofs[body];
    if count == 0 {
        return;
    }
    let offset = point - state.subtree_com[model.bodies.root[body]];
    let mut next = Some(first + count - 1);
    while let Some(dof) = next {
        let motion = &state.cdof[dof];
        f(
            dof,
            motion.linear + motion.angular.cross(offset),
            motion.angular,
        );
        next = model.dofs.parent[dof];
    }
}
