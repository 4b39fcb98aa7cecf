//! Rows of contacts. MuJoCo: Computation, "Constraint model", Contact and Friction cones.

use super::softness::{Soft, regularisation};
use crate::dynamics::MINVAL;
use crate::dynamics::jacobian::for_each_velocity;
use crate::dynamics::math::dense::add_scaled;
use crate::dynamics::model::{Cone, Model};
use crate::dynamics::state::State;
use crate::dynamics::state::contact::Contact;
use crate::dynamics::state::rows::{ConeRows, Rows};

/// Dofs from which on MuJoCo's Jacobian is sparse (`jacobian="auto"`).
const SPARSE_DOFS: usize = 60;

/// Contacts nearer than their margin.
pub(super) fn rows(model: &Model, state: &mut State) {
    for index in 0..state.contacts.len() {
        let contact = state.contacts[index];
        if contact.dist >= contact.includemargin || is_idle(model, &contact) {
            continue;
        }
        state.contacts[index].row = Some(state.rows.len());
        directions(model, state, &contact);
        let bodies = contact.geoms.map(|geom| model.geoms.body[geom]);
        let [a, b] = bodies.map(|body| model.bodies.invweight0[body][0]);
        let sliding = a + b;
        let soft = Soft::new(model, contact.solref, &contact.solimp);
        let rows = &mut state.rows;
        match model.opt.cone {
            _ if contact.dim == 1 => {
                let row = edge(rows, &contact, 0, 0.0);
                soft.soften(rows, row, sliding);
            }
            Cone::Pyramidal => pyramid(model, rows, &contact, &soft, sliding),
            Cone::Elliptic => ellipse(model, rows, &contact, &soft, sliding),
        }
        if model.trees.len() > 1 {
            let trees = bodies.into_iter().filter_map(|body| model.tree(body));
            trees.for_each(|tree| rows.touch(tree));
        }
    }
}

/// Whether a contact gets no rows because no dof feels it. As in MuJoCo that is so only where its Jacobian is sparse;
/// where it is dense, rows of zeros count among the others.
fn is_idle(model: &Model, contact: &Contact) -> bool {
    let moves = |geom: usize| {
        let body = model.bodies.weld[model.geoms.body[geom]];
        model.bodies.dofs[body].1 > 0
    };
    let sparse = model.nv == 0 || model.nv >= SPARSE_DOFS;
    sparse && !contact.geoms.into_iter().any(moves)
}

/// Fills `rows.directions` with the velocity of the second geom against the first at the contact, along each
/// axis of the contact's frame, and with the angular velocity about it where friction resists that.
fn directions(model: &Model, state: &mut State, contact: &Contact) {
    let nv = model.nv;
    let mut directions = std::mem::take(&mut state.rows.directions);
    let (along, about) = (contact.dim.min(3), contact.dim.saturating_sub(3));
    directions[..(along + about) * nv].fill(0.0);
    let bodies = contact.geoms.map(|geom| model.geoms.body[geom]);
    for (body, sign) in [(bodies[1], 1.0), (bodies[0], -1.0)] {
        for_each_velocity(model, state, body, contact.pos, |dof, linear, angular| {
            for (axis, direction) in contact.frame[..along].iter().enumerate() {
                directions[axis * nv + dof] += sign * direction.dot(linear);
            }
            for (axis, direction) in contact.frame[..about].iter().enumerate() {
                directions[(3 + axis) * nv + dof] += sign * direction.dot(angular);
            }
        });
    }
    state.rows.directions = directions;
}

/// Adds a row along the normal plus `slope` times a friction direction.
fn edge(rows: &mut Rows, contact: &Contact, direction: usize, slope: f64) -> usize {
    let directions = std::mem::take(&mut rows.directions);
    let (row, jacobian) = rows.push(contact.dist, contact.includemargin);
    let nv = jacobian.len();
    jacobian.copy_from_slice(&directions[..nv]);
    if slope != 0.0 {
        add_scaled(jacobian, &directions[direction * nv..], slope);
    }
    rows.directions = directions;
    row
}

/// Two rows per friction direction, the edges of a pyramid.
fn pyramid(model: &Model, rows: &mut Rows, contact: &Contact, soft: &Soft, sliding: f64) {
    let first = rows.len();
    let mut row = first;
    for (direction, friction) in (1..contact.dim).zip(contact.friction) {
        for slope in [friction, -friction] {
            row = edge(rows, contact, direction, slope);
        }
        if direction == 1 {
            soft.soften(rows, first, sliding + friction * friction * sliding);
        }
    }
    // All edges get the weight with which the pyramid matches the elliptic cone in the first direction.
    let mu = contact.friction[0] * (1.0 / model.opt.impratio.max(MINVAL)).sqrt();
    let weight = 2.0 * mu * mu * rows.efc_r[first];
    for row in first..=row {
        rows.efc_kbi[row] = rows.efc_kbi[first];
        rows.weigh(row, weight);
    }
}

/// One row per direction, whose forces stay within an elliptic cone.
fn ellipse(model: &Model, rows: &mut Rows, contact: &Contact, soft: &Soft, sliding: f64) {
    let first = edge(rows, contact, 0, 0.0);
    soft.soften(rows, first, sliding);
    let [_, damping, impedance] = rows.efc_kbi[first];
    let own = contact.solreffriction != [0.0; 2];
    let damping = if own {
        Soft::new(model, contact.solreffriction, &contact.solimp).damping
    } else {
        damping
    };
    let normal = regularisation(impedance, sliding);
    let tangent = normal / model.opt.impratio.max(MINVAL);
    let friction = contact.friction;
    for direction in 1..contact.dim {
        let directions = std::mem::take(&mut rows.directions);
        let (row, jacobian) = rows.push(0.0, 0.0);
        let nv = jacobian.len();
        jacobian.copy_from_slice(&directions[direction * nv..][..nv]);
        rows.directions = directions;
        // No stiffness: a place on the surface is as good as another.
        rows.efc_kbi[row] = [0.0, damping, impedance];
        let ratio = friction[0] / friction[direction - 1];
        rows.weigh(row, tangent * (ratio * ratio));
    }
    rows.cones.push(ConeRows {
        first,
        dim: contact.dim,
        mu: friction[0] * (tangent / normal).sqrt(),
        friction,
    });
}
