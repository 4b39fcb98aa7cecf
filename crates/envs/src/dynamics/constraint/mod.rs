//! Constraint rows: dry friction, limits and contacts. MuJoCo: Computation, "Constraint model".

mod contact;
mod softness;

use softness::Soft;

use super::MINVAL;
use super::math::dense::dot;
use super::math::rotation::rotation_vector;
use super::math::rotation::unit_quat;
use super::model::{JointType, Model, SolImp, SolRef};
use super::state::State;
use super::state::rows::Rows;

/// The rows of the current pose: dry friction of dofs and tendons, limits of joints and tendons, then contacts
/// in order.
pub(super) fn make_constraint(model: &Model, state: &mut State) {
    state.rows.clear();
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
        resist(model, &mut state.rows, [loss, weight], soft, [(dof, 1.0)]);
    }
    for tendon in (0..tendons.name.len()).filter(|tendon| tendons.frictionloss[*tendon] > 0.0) {
        let (solref, solimp) = (
            tendons.solref_friction[tendon],
            tendons.solimp_friction[tendon],
        );
        let soft = Soft::new(model, solref, &solimp);
        let (loss, weight) = (tendons.frictionloss[tendon], tendons.invweight0[tendon]);
        let entries = pull(model, tendon, 1.0);
        resist(model, &mut state.rows, [loss, weight], soft, entries);
    }
}

/// Adds a row of dry friction.
fn resist(
    model: &Model,
    rows: &mut Rows,
    [loss, weight]: [f64; 2],
    soft: Soft,
    entries: impl IntoIterator<Item = (usize, f64)>,
) {
    let (row, _) = rows.push(0.0, 0.0);
    fill(model, rows, row, entries);
    rows.efc_frictionloss.push(loss);
    rows.friction += 1;
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
            margin: joints.margin[joint],
            solref: joints.solref[joint],
            solimp: joints.solimp[joint],
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
            margin: tendons.margin[tendon],
            solref: tendons.solref[tendon],
            solimp: tendons.solimp[tendon],
            weight: tendons.invweight0[tendon],
        };
        for (distance, direction) in [(length - low, 1.0), (high - length, -1.0)] {
            let entries = pull(model, tendon, direction);
            limit.add(model, &mut state.rows, distance, entries);
        }
    }
}

/// A tendon's Jacobian, times `scale`.
fn pull(model: &Model, tendon: usize, scale: f64) -> impl Iterator<Item = (usize, f64)> + '_ {
    let joints = model.tendons.joints[tendon].iter();
    joints.map(move |(joint, coefficient)| (model.joints.dofadr[*joint], scale * coefficient))
}

/// What the rows of a limit share.
struct Limit {
    margin: f64,
    solref: SolRef,
    solimp: SolImp,
    weight: f64,
}

impl Limit {
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
            Soft::new(model, self.solref, &self.solimp).soften(rows, row, self.weight);
        }
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
