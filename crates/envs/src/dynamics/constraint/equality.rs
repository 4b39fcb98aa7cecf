//! Rows of equality constraints. MuJoCo: Computation, "Constraint model", Equality.
//!
//! Connected anchors have the residual `r = p₀ − p₁` and the Jacobian `J₀ − J₁` of the two places. Welded ones have in
//! addition `s · vec(q₁⁻¹ q₀)`, which turns by `½ s · vec(q₁⁻¹ (ω₀ − ω₁) q₀)` with torque scale s. Coupled joints or
//! tendons have `x − x₀ − P(y − y₀)`. All rows of one constraint have the impedance at the length of its residual.

use glam::{DQuat, DVec3};

use super::add_tendon;
use super::softness::Soft;
use crate::dynamics::jacobian::for_each_velocity;
use crate::dynamics::math::dense::norm;
use crate::dynamics::model::{Anchor, Equality, Model};
use crate::dynamics::state::State;

/// Rows of the constraints that act.
pub(super) fn rows(model: &Model, state: &mut State) {
    for index in 0..model.equalities.kind.len() {
        if !state.eq_active[index] {
            continue;
        }
        match model.equalities.kind[index] {
            Equality::Connect(anchors) => hold(model, state, index, &anchors, None),
            Equality::Weld(anchors, scale) => hold(model, state, index, &anchors, Some(scale)),
            Equality::Joint(one, other, polynomial) => {
                let joints = &model.joints;
                let away = |joint: usize| {
                    let address = joints.qposadr[joint];
                    state.qpos[address] - model.qpos0[address]
                };
                let (residual, slope) = couple(away(one), other.map(away), &polynomial);
                let row = push(state, residual);
                fill(model, state, row, joints.dofadr[one], 1.0);
                let mut weight = model.dofs.invweight0[joints.dofadr[one]];
                if let Some(other) = other {
                    fill(model, state, row, joints.dofadr[other], -slope);
                    weight += model.dofs.invweight0[joints.dofadr[other]];
                }
                soften(model, state, index, row, [weight; 2]);
            }
            Equality::Tendon(one, other, polynomial) => {
                let tendons = &model.tendons;
                let away = |tendon: usize| state.ten_length[tendon] - tendons.length0[tendon];
                let (residual, slope) = couple(away(one), other.map(away), &polynomial);
                let row = push(state, residual);
                let mut felt = add_tendon(model, state, row, one, 1.0);
                let mut weight = tendons.invweight0[one];
                if let Some(other) = other {
                    felt |= add_tendon(model, state, row, other, -slope);
                    weight += tendons.invweight0[other];
                }
                if !felt {
                    pop(state);
                    continue;
                }
                soften(model, state, index, row, [weight; 2]);
            }
        }
    }
}

/// How far a value is from what a polynomial in the other says, and the polynomial's slope there.
fn couple(value: f64, other: Option<f64>, polynomial: &[f64; 5]) -> (f64, f64) {
    let [a, b, c, d, e] = *polynomial;
    let Some(x) = other else {
        return (value - a, 0.0);
    };
    let along = b * x + c * x * x + d * x * x * x + e * x * x * x * x;
    let slope = b + 2.0 * c * x + 3.0 * d * x * x + 4.0 * e * x * x * x;
    (value - a - along, slope)
}

/// Adds the rows of a connection, or with a torque scale of a weld; none where neither body can move.
fn hold(
    model: &Model,
    state: &mut State,
    index: usize,
    anchors: &[Anchor; 2],
    torquescale: Option<f64>,
) {
    let trees = anchors.map(|anchor| model.tree(anchor.body));
    if trees == [None; 2] {
        return;
    }
    let places = anchors.map(|a| state.xpos[a.body] + state.xmat[a.body] * a.pos);
    let first = (places[0] - places[1])
        .to_array()
        .map(|residual| push(state, residual))[0];
    state.rows.held.push((index, first));
    let nv = model.nv;
    if let Some(scale) = torquescale {
        let [from, to] = anchors.map(|a| state.xquat[a.body] * a.quat);
        let back = to.conjugate();
        for residual in ((back * from).xyz() * scale).to_array() {
            push(state, residual);
        }
        for_both(
            model,
            state,
            anchors,
            places,
            |jacobian, dof, _, angular| {
                let turn = back * DQuat::from_vec4(angular.extend(0.0)) * from;
                for (i, x) in (turn.xyz() * 0.5 * scale)
                    .to_array()
                    .into_iter()
                    .enumerate()
                {
                    jacobian[(first + 3 + i) * nv + dof] += x;
                }
            },
        );
    }
    for_both(model, state, anchors, places, |jacobian, dof, linear, _| {
        for (i, x) in linear.to_array().into_iter().enumerate() {
            jacobian[(first + i) * nv + dof] += x;
        }
    });
    if model.trees.len() > 1 {
        trees
            .into_iter()
            .flatten()
            .for_each(|tree| state.rows.touch(tree));
    }
    let weights = [0, 1].map(|kind| {
        let [a, b] = anchors.map(|anchor| model.bodies.invweight0[anchor.body][kind]);
        a + b
    });
    soften(model, state, index, first, weights);
}

/// Calls `f` with the rows' Jacobian and each dof's share in the first anchor's velocity less the second's.
fn for_both(
    model: &Model,
    state: &mut State,
    anchors: &[Anchor; 2],
    places: [DVec3; 2],
    mut f: impl FnMut(&mut [f64], usize, DVec3, DVec3),
) {
    let mut jacobian = std::mem::take(&mut state.rows.efc_jacobian);
    for (i, sign) in [(0, 1.0), (1, -1.0)] {
        for_each_velocity(
            model,
            state,
            anchors[i].body,
            places[i],
            |dof, linear, angular| {
                f(&mut jacobian, dof, sign * linear, sign * angular);
            },
        );
    }
    state.rows.efc_jacobian = jacobian;
}

/// Adds a row whose force has no bound.
fn push(state: &mut State, residual: f64) -> usize {
    let (row, _) = state.rows.push(residual, 0.0);
    state.rows.efc_frictionloss.push(f64::INFINITY);
    state.rows.equality += 1;
    state.rows.bounded += 1;
    row
}

/// Takes the last row back.
fn pop(state: &mut State) {
    state.rows.pop();
    state.rows.efc_frictionloss.pop();
    state.rows.equality -= 1;
    state.rows.bounded -= 1;
}

/// Adds an entry to the Jacobian of the last row.
fn fill(model: &Model, state: &mut State, row: usize, dof: usize, entry: f64) {
    super::fill(model, &mut state.rows, row, [(dof, entry)]);
}

/// Sets the softness of all rows of a constraint, the inverse inertia of the first three and of the rest given.
fn soften(model: &Model, state: &mut State, index: usize, first: usize, weights: [f64; 2]) {
    let equalities = &model.equalities;
    let soft = Soft::new(model, equalities.solref[index], &equalities.solimp[index]);
    let rows = first..first + equalities.kind[index].rows();
    let residual = match state.rows.efc_pos[rows.clone()] {
        [one] => one,
        ref several => norm(several),
    };
    for row in rows {
        let weight = weights[usize::from(row - first > 2)];
        soft.soften_at(&mut state.rows, row, residual, weight);
    }
}
