//! Forces between bodies, computed on request. MuJoCo: Computation, "Simulation pipeline",
//! force/acceleration stages, `mj_rnePostConstraint`.

use glam::DVec3;

use super::math::spatial::Spatial;
use super::model::{Cone, Equality, Model};
use super::state::State;
use super::state::contact::Contact;
use super::state::rows::{Rows, contact_rows};

/// Fills [`State::cfrc_ext`] with the forces of contacts, connections and welds of the last force evaluation, each moved to the
/// centre of mass of its body's tree.
pub fn rne_post_constraint(model: &Model, state: &mut State) {
    state.cfrc_ext.fill(Spatial::default());
    for contact in &state.contacts {
        let Some(first) = contact.row else {
            continue;
        };
        let (force, torque) = wrench(&state.rows, model.opt.cone, contact, first);
        for (geom, sign) in contact.geoms.into_iter().zip([-1.0, 1.0]) {
            let body = model.geoms.body[geom];
            let at = (contact.pos, sign);
            add(
                model,
                &state.subtree_com,
                &mut state.cfrc_ext,
                body,
                at,
                [force, torque],
            );
        }
    }
    held(model, state);
}

/// Adds a force and a torque at a place, times a sign, to those on a body.
fn add(
    model: &Model,
    subtree_com: &[DVec3],
    cfrc_ext: &mut [Spatial],
    body: usize,
    (place, sign): (DVec3, f64),
    [force, torque]: [DVec3; 2],
) {
    if body > 0 {
        let offset = place - subtree_com[model.bodies.root[body]];
        let wrench = Spatial {
            angular: torque + offset.cross(force),
            linear: force,
        };
        cfrc_ext[body].add_scaled(&wrench, sign);
    }
}

/// Adds the forces of connections and welds. As in MuJoCo the last three rows of a weld count as its torque.
fn held(model: &Model, state: &mut State) {
    for &(index, row) in &state.rows.held {
        let equality = &model.equalities.kind[index];
        if let Equality::Connect(anchors) | Equality::Weld(anchors, _) = equality {
            let forces = &state.rows.efc_force()[row..];
            let force = DVec3::from_slice(forces);
            let torque = match equality {
                Equality::Weld(..) => DVec3::from_slice(&forces[3..]),
                _ => DVec3::ZERO,
            };
            for (anchor, sign) in anchors.iter().zip([1.0, -1.0]) {
                let place = state.xpos[anchor.body] + state.xmat[anchor.body] * anchor.pos;
                let at = (place, sign);
                let wrench = [force, torque];
                add(
                    model,
                    &state.subtree_com,
                    &mut state.cfrc_ext,
                    anchor.body,
                    at,
                    wrench,
                );
            }
        }
    }
}

/// Force (N) and torque (N m) of a contact on its second geom, in world axes.
fn wrench(rows: &Rows, cone: Cone, contact: &Contact, first: usize) -> (DVec3, DVec3) {
    let local = in_frame(rows, cone, contact, first);
    let along = |part: &[f64]| {
        let axes = contact.frame.iter().zip(part);
        axes.fold(DVec3::ZERO, |sum, (axis, x)| sum + *axis * *x)
    };
    (along(&local[..3]), along(&local[3..]))
}

/// Force (N) and torque (N m) of a contact on its second geom, in the contact's axes; zeros where it does not act.
pub(super) fn local_wrench(model: &Model, state: &State, contact: &Contact) -> [f64; 6] {
    let first = contact.row;
    first.map_or([0.0; 6], |first| {
        in_frame(&state.rows, model.opt.cone, contact, first)
    })
}

fn in_frame(rows: &Rows, cone: Cone, contact: &Contact, first: usize) -> [f64; 6] {
    let pushes = &rows.efc_force()[first..][..contact_rows(cone, contact.dim)];
    let mut local = [0.0; 6];
    if contact.dim == 1 || cone == Cone::Elliptic {
        local[..pushes.len()].copy_from_slice(pushes);
    } else {
        // A pyramid's edges push along the normal plus or minus a friction direction.
        local[0] = pushes.iter().sum();
        for (i, edges) in pushes.chunks_exact(2).enumerate() {
            local[1 + i] = (edges[0] - edges[1]) * contact.friction[i];
        }
    }
    local
}

/// Fills `cacc` with the accelerations of the bodies, gravity as upward acceleration, and `cfrc_body` with the forces that
/// they and what they carry get from their parents; [`State::cfrc_ext`], too.
pub(super) fn interaction(model: &Model, state: &mut State) {
    rne_post_constraint(model, state);
    let bodies = &model.bodies;
    let nbody = bodies.parent.len();
    state.cacc[0] = Spatial {
        angular: DVec3::ZERO,
        linear: -model.opt.gravity,
    };
    state.cfrc_body[0] = Spatial::default();
    for body in 1..nbody {
        let mut acceleration = state.cacc[bodies.parent[body]];
        let (first, count) = bodies.dofs[body];
        for dof in first..first + count {
            acceleration.add_scaled(&state.cdof_dot[dof], state.qvel[dof]);
            acceleration.add_scaled(&state.cdof[dof], state.qacc[dof]);
        }
        state.cacc[body] = acceleration;
        let (inertia, velocity) = (&state.cinert[body], &state.cvel[body]);
        let mut force = inertia.mul(&acceleration);
        force.add(&velocity.cross_force(&inertia.mul(velocity)));
        force.add_scaled(&state.cfrc_ext[body], -1.0);
        state.cfrc_body[body] = force;
    }
    for body in (1..nbody).rev() {
        let force = state.cfrc_body[body];
        state.cfrc_body[bodies.parent[body]].add(&force);
    }
}
