//! Constraint rows: equalities, dry friction, limits and contacts. MuJoCo: Computation, "Constraint model".

mod contact;
mod equality;
mod softness;

use softness::Soft;

use super::MINVAL;
use super::math::dense::dot;
use super::math::rotation::rotation_vector;
use super::math::rotation::unit_quat;
use super::model::{JointType, Model, SolImp, SolRef};
use super::state::State;
use super::state::rows::{Limited, Rows};
use super::tendon::for_each_tendon_moment;

/// The rows of the current pose: equality constraints, dry friction of dofs and tendons, limits of joints and tendons,
/// then contacts in order.
pub(super) fn make_constraint(model: &Model, state: &mut State) {
    state.rows.clear();
    equality::rows(model, state);
    dry_friction(model, state);
    joint_limits(model, state);
    tendon_limits(model, state);
    contact::rows(model, state);
}

/// Dofs and tendons that resist motion with a bounded force.
fn dry_friction(model: &Model, state: &mut State) {
    let (dofs, tendons) = (&model.dofs, &model.tendons);
    for dof in (0..model.nv).filter(|dof| dofs.frictionloss[*dof] > 0.0) {
        let soft = Soft::new(model, dofs.solref[dof], &dofs.solimp[dof]);
        let (loss, weight) = (dofs.frictionloss[dof], dofs.invweight0[dof]);
        let rows = &mut state.rows;
        let row = rows.push(0.0, 0.0).0;
        fill(model, rows, row, [(dof, 1.0)]);
        resist(rows, row, [loss, weight], soft);
    }
    for tendon in (0..tendons.name.len()).filter(|tendon| tendons.frictionloss[*tendon] > 0.0) {
        let (solref, solimp) = (
            tendons.solref_friction[tendon],
            tendons.solimp_friction[tendon],
        );
        let soft = Soft::new(model, solref, &solimp);
        let (loss, weight) = (tendons.frictionloss[tendon], tendons.invweight0[tendon]);
        let row = state.rows.push(0.0, 0.0).0;
        if add_tendon(model, state, row, tendon, 1.0) {
            resist(&mut state.rows, row, [loss, weight], soft);
        } else {
            state.rows.pop();
        }
    }
}

/// Makes the last row one of dry friction.
fn resist(rows: &mut Rows, row: usize, [loss, weight]: [f64; 2], soft: Soft) {
    rows.efc_frictionloss.push(loss);
    rows.bounded += 1;
    // Nothing pulls a dof back to where it was.
    let soft = Soft {
        stiffness: 0.0,
        ..soft
    };
    soft.soften(rows, row, weight);
}

/// Adds entries to the Jacobian of a new row.
fn fill(
    model: &Model,
    rows: &mut Rows,
    row: usize,
    entries: impl IntoIterator<Item = (usize, f64)>,
) {
    for (dof, entry) in entries {
        rows.efc_jacobian[row * model.nv + dof] += entry;
        if model.trees.len() > 1 && entry != 0.0 {
            rows.touch(model.dofs.tree[dof]);
        }
    }
}

/// Joints at or past a limit.
fn joint_limits(model: &Model, state: &mut State) {
    let joints = &model.joints;
    for joint in (0..joints.kind.len()).filter(|joint| joints.limited[*joint]) {
        let (dof, [low, high]) = (joints.dofadr[joint], joints.range[joint]);
        let position = &state.qpos[joints.qposadr[joint]..];
        let limit = Limit {
            of: Limited::Joint(joint),
            margin: joints.margin[joint],
            solref: joints.solref[joint],
            solimp: &joints.solimp[joint],
            weight: model.dofs.invweight0[dof],
        };
        match joints.kind[joint] {
            JointType::Slide | JointType::Hinge => {
                for (distance, direction) in [(position[0] - low, 1.0), (high - position[0], -1.0)]
                {
                    limit.add(model, &mut state.rows, distance, [(dof, direction)]);
                }
            }
            JointType::Ball => {
                let turned = rotation_vector(unit_quat(position));
                let angle = turned.length();
                let axis = turned / angle.max(MINVAL);
                let entries = [0, 1, 2].map(|i| (dof + i, -axis[i]));
                limit.add(model, &mut state.rows, low.max(high) - angle, entries);
            }
            JointType::Free => {}
        }
    }
}

/// Tendons at or past a limit.
fn tendon_limits(model: &Model, state: &mut State) {
    let tendons = &model.tendons;
    for tendon in (0..tendons.name.len()).filter(|tendon| tendons.limited[*tendon]) {
        let (length, [low, high]) = (state.ten_length[tendon], tendons.range[tendon]);
        let limit = Limit {
            of: Limited::Tendon(tendon),
            margin: tendons.margin[tendon],
            solref: tendons.solref[tendon],
            solimp: &tendons.solimp[tendon],
            weight: tendons.invweight0[tendon],
        };
        for (distance, direction) in [(length - low, 1.0), (high - length, -1.0)] {
            if distance < limit.margin {
                let row = state.rows.push(distance, limit.margin).0;
                if add_tendon(model, state, row, tendon, direction) {
                    limit.soften(model, &mut state.rows, row);
                } else {
                    state.rows.pop();
                }
            }
        }
    }
}

/// Adds a tendon's slopes times `scale` to the last row; whether any is not zero: MuJoCo adds no empty row.
fn add_tendon(model: &Model, state: &mut State, row: usize, tendon: usize, scale: f64) -> bool {
    let mut rows = std::mem::take(&mut state.rows);
    let mut felt = false;
    for_each_tendon_moment(model, state, tendon, |dof, moment| {
        felt |= moment != 0.0;
        fill(model, &mut rows, row, [(dof, scale * moment)]);
    });
    state.rows = rows;
    felt
}

/// What the rows of a limit share.
struct Limit<'a> {
    of: Limited,
    margin: f64,
    solref: SolRef,
    solimp: &'a SolImp,
    weight: f64,
}

impl Limit<'_> {
    /// Adds a row if the distance is less than the margin.
    fn add(
        &self,
        model: &Model,
        rows: &mut Rows,
        distance: f64,
        entries: impl IntoIterator<Item = (usize, f64)>,
    ) {
        if distance < self.margin {
            let (row, _) = rows.push(distance, self.margin);
            fill(model, rows, row, entries);
            self.soften(model, rows, row);
        }
    }

    fn soften(&self, model: &Model, rows: &mut Rows, row: usize) {
        rows.limits.push((self.of, row));
        Soft::new(model, self.solref, self.solimp).soften(rows, row, self.weight);
    }
}

/// Reference accelerations: springs and dampers that pull each row back to its margin.
pub(super) fn reference_constraint(model: &Model, state: &mut State) {
    let (nv, rows) = (model.nv, &mut state.rows);
    for row in 0..rows.len() {
        let jacobian = &rows.efc_jacobian[row * nv..][..nv];
        let velocity = dot(jacobian, &state.qvel);
        let [stiffness, damping, impedance] = rows.efc_kbi[row];
        let distance = rows.efc_pos[row] - rows.efc_margin[row];
        rows.efc_aref[row] = -damping * velocity - stiffness * impedance * distance;
    }
}
