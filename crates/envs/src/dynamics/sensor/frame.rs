//! Places, velocities and accelerations of objects. MuJoCo: API reference, `mj_objectVelocity`, `mj_objectAcceleration`.

use glam::{DMat3, DQuat, DVec3};

use crate::dynamics::math::spatial::Spatial;
use crate::dynamics::model::{Model, Object};
use crate::dynamics::state::State;

/// Place and axes of an object.
pub(super) fn pose(state: &State, object: Object) -> (DVec3, &DMat3) {
    match object {
        Object::Inertia(body) => (state.xipos[body], &state.ximat[body]),
        Object::Body(body) => (state.xpos[body], &state.xmat[body]),
        Object::Geom(geom) => (state.geom_xpos[geom], &state.geom_xmat[geom]),
        Object::Site(site) => (state.site_xpos[site], &state.site_xmat[site]),
    }
}

/// Orientation of an object.
pub(super) fn quat(model: &Model, state: &State, object: Object) -> DQuat {
    let own = state.xquat[body(model, object)];
    match object {
        Object::Inertia(body) => own * model.bodies.iquat[body],
        Object::Body(_) => own,
        Object::Geom(geom) => own * model.geoms.quat[geom],
        Object::Site(site) => own * model.sites.quat_given[site],
    }
}

/// The body that an object is fixed to.
fn body(model: &Model, object: Object) -> usize {
    match object {
        Object::Inertia(body) | Object::Body(body) => body,
        Object::Geom(geom) => model.geoms.body[geom],
        Object::Site(site) => model.sites.body[site],
    }
}

/// A motion about the tree's centre of mass, seen at an object; none of what cannot move.
fn at(model: &Model, state: &State, object: Object, motions: &[Spatial]) -> Option<Spatial> {
    let body = body(model, object);
    (model.bodies.weld[body] != 0).then(|| {
        let motion = &motions[body];
        let offset = pose(state, object).0 - state.subtree_com[model.bodies.root[body]];
        Spatial {
            angular: motion.angular,
            linear: motion.linear - offset.cross(motion.angular),
        }
    })
}

/// Velocity of an object, in world axes.
pub(super) fn velocity(model: &Model, state: &State, object: Object) -> Spatial {
    at(model, state, object, &state.cvel).unwrap_or_default()
}

/// Velocity of an object against another one, in its axes.
pub(super) fn relative_velocity(
    model: &Model,
    state: &State,
    object: Object,
    reference: Option<Object>,
) -> Spatial {
    let own = velocity(model, state, object);
    let Some(reference) = reference else {
        return own;
    };
    let other = velocity(model, state, reference);
    let (origin, axes) = pose(state, reference);
    // Seen from a frame that turns, what stands still moves.
    let seen = (pose(state, object).0 - origin).cross(other.angular);
    let axes = axes.transpose();
    Spatial {
        angular: axes * (own.angular - other.angular),
        linear: axes * (own.linear - other.linear + seen),
    }
}

/// Acceleration of an object, in world axes, with gravity as upward acceleration.
pub(super) fn acceleration(model: &Model, state: &State, object: Object) -> Spatial {
    let velocity = velocity(model, state, object);
    let mut acceleration = at(model, state, object, &state.cacc).unwrap_or_default();
    acceleration.linear += velocity.angular.cross(velocity.linear);
    acceleration
}
