//! Drag of the medium on each body, taken as the box with its inertia. MuJoCo: Computation, "Fluid forces",
//! Inertia model.

use std::f64::consts::PI;

use glam::DVec3;

use super::MINVAL;
use super::math::spatial::Spatial;
use super::model::Model;
use super::state::State;

/// Whether there is a medium.
pub(super) fn exists(model: &Model) -> bool {
    model.opt.density > 0.0 || model.opt.viscosity > 0.0
}

/// Drag coefficients of a body in its principal axes.
struct Drag {
    /// Torque per angular velocity, and force per linear velocity.
    viscous: [f64; 2],
    /// Torque per squared angular velocity, by axis.
    angular: DVec3,
    /// Force per squared linear velocity, by axis.
    linear: DVec3,
}

impl Drag {
    fn new(model: &Model, body: usize) -> Self {
        let (inertia, mass) = (model.bodies.inertia[body], model.bodies.mass[body]);
        // A solid box of these side lengths has this inertia.
        let twice = DVec3::splat(inertia.element_sum()) - inertia * 2.0;
        let side = (0..3).map(|i| (twice[i].max(MINVAL) / mass * 6.0).sqrt());
        let mut sides = [0.0; 3];
        sides.iter_mut().zip(side).for_each(|(to, side)| *to = side);
        let [x, y, z] = sides;
        let diameter = (x + y + z) / 3.0;
        let (viscosity, density) = (model.opt.viscosity, model.opt.density);
        let fourth = |side: f64| side * side * side * side;
        Self {
            viscous: [
                PI * diameter * diameter * diameter * viscosity,
                3.0 * PI * diameter * viscosity,
            ],
            angular: DVec3::new(
                x * (fourth(y) + fourth(z)),
                y * (fourth(x) + fourth(z)),
                z * (fourth(x) + fourth(y)),
            ) * (density / 64.0),
            linear: DVec3::new(y * z, x * z, x * y) * (0.5 * density),
        }
    }
}

/// Velocity of a body's centre of mass relative to the medium, in its principal axes.
fn velocity(model: &Model, state: &State, body: usize) -> Spatial {
    let moving = &state.cvel[body];
    let offset = state.xipos[body] - state.subtree_com[model.bodies.root[body]];
    let linear = moving.linear + moving.angular.cross(offset) - model.opt.wind;
    let to_local = state.ximat[body].transpose();
    Spatial {
        angular: to_local * moving.angular,
        linear: to_local * linear,
    }
}

/// Bodies that weigh something.
fn heavy(model: &Model) -> impl Iterator<Item = usize> + '_ {
    (1..model.bodies.mass.len()).filter(|body| model.bodies.mass[*body] >= MINVAL)
}

/// Adds the drag on every body to `qfrc_passive`.
pub(super) fn drag(model: &Model, state: &mut State) {
    for body in heavy(model) {
        let (drag, v) = (Drag::new(model, body), velocity(model, state, body));
        let [turning, sliding] = drag.viscous;
        let (w, u) = (v.angular, v.linear);
        let torque = w * -turning - drag.angular * w.abs() * w;
        let force = u * -sliding - drag.linear * u.abs() * u;
        let axes = state.ximat[body];
        let (torque, force) = (axes * torque, axes * force);
        let offset = state.xipos[body] - state.subtree_com[model.bodies.root[body]];
        let wrench = Spatial {
            angular: torque + offset.cross(force),
            linear: force,
        };
        let mut next = last_dof(model, body);
        while let Some(dof) = next {
            state.qfrc_passive[dof] += state.cdof[dof].dot(&wrench);
            next = model.dofs.parent[dof];
        }
    }
}

/// Calls `f` with the motion in a body's principal axes of each of its dofs, and with the slopes of torque
/// and force by velocity, for the implicit integrator: `(body, slopes)`.
pub(super) fn slopes(model: &Model, state: &State, mut f: impl FnMut(usize, &Spatial)) {
    for body in heavy(model) {
        let (drag, v) = (Drag::new(model, body), velocity(model, state, body));
        let [turning, sliding] = drag.viscous;
        let slope = Spatial {
            angular: DVec3::splat(-turning) - drag.angular * v.angular.abs() * 2.0,
            linear: DVec3::splat(-sliding) - drag.linear * v.linear.abs() * 2.0,
        };
        f(body, &slope);
    }
}

/// Motion of the body's centre of mass per unit velocity of a dof, in the body's principal axes.
pub(super) fn local_motion(model: &Model, state: &State, body: usize, dof: usize) -> Spatial {
    let offset = state.xipos[body] - state.subtree_com[model.bodies.root[body]];
    let motion = &state.cdof[dof];
    let to_local = state.ximat[body].transpose();
    Spatial {
        angular: to_local * motion.angular,
        linear: to_local * (motion.linear + motion.angular.cross(offset)),
    }
}

/// The last dof that moves a body; the rest follow by [`Dofs::parent`](super::model::Dofs::parent).
pub(super) fn last_dof(model: &Model, body: usize) -> Option<usize> {
    let (first, count) = model.bodies.dofs[model.bodies.weld[body]];
    (count > 0).then(|| first + count - 1)
}
