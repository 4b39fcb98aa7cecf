//! Constraint rows: joint limits and contacts. MuJoCo: Computation, "Constraint model"; Modeling, "Solver
//! parameters".

use super::MINVAL;
use super::collision::max_contacts;
use super::dense::{add_scaled, dot};
use super::kinematics::for_each_velocity;
use super::model::{Model, SolImp, SolRef};
use super::state::State;

/// Bounds of an impedance.
const IMPEDANCE: [f64; 2] = [0.0001, 0.9999];

/// Rows of a pyramidal contact in three dimensions.
const PYRAMID: usize = 4;

/// Unilateral constraints `J qacc ≥ aref`, softened: a row pushes with `D (aref − J qacc)` when positive.
/// Only the first [`len`](Rows::len) rows count; the memory for the most is there from the start.
#[derive(Clone, Debug)]
pub struct Rows {
    count: usize,
    nv: usize,
    /// Jacobian, row-major `[len, nv]`.
    pub(super) jacobian: Vec<f64>,
    /// Distance to the constraint (m or rad), `[len]`.
    pub(super) pos: Vec<f64>,
    /// Distance under which it acts (m or rad), `[len]`.
    pub(super) margin: Vec<f64>,
    /// Stiffness, damping and impedance, `[len]`.
    kbi: Vec<[f64; 3]>,
    /// Regularisation R, inverse weight of the row, `[len]`.
    r: Vec<f64>,
    /// Its inverse D, `[len]`.
    pub(super) d: Vec<f64>,
    /// Reference acceleration, `[len]`.
    pub(super) aref: Vec<f64>,
    /// Force, `[len]`.
    pub(super) force: Vec<f64>,
    /// Jacobians of a contact's point along its frame, `[3, nv]`.
    directions: Vec<f64>,
}

impl Rows {
    /// Room for every row that the model can have.
    pub(super) fn new(model: &Model) -> Self {
        let limits = 2 * model.joints.limited.iter().filter(|l| **l).count();
        let most = limits + PYRAMID * max_contacts(model);
        let zeros = || vec![0.0; most];
        Self {
            count: 0,
            nv: model.nv,
            jacobian: vec![0.0; most * model.nv],
            pos: zeros(),
            margin: zeros(),
            kbi: vec![[0.0; 3]; most],
            r: zeros(),
            d: zeros(),
            aref: zeros(),
            force: zeros(),
            directions: vec![0.0; 3 * model.nv],
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Most rows that there can be.
    pub(super) fn capacity(&self) -> usize {
        self.pos.len()
    }

    /// Jacobian, row-major `[len, nv]`.
    #[must_use]
    pub fn jacobian(&self) -> &[f64] {
        &self.jacobian[..self.count * self.nv]
    }

    /// Distance of each row to its constraint (m or rad).
    #[must_use]
    pub fn pos(&self) -> &[f64] {
        &self.pos[..self.count]
    }

    /// Regularisation of each row.
    #[must_use]
    pub fn r(&self) -> &[f64] {
        &self.r[..self.count]
    }

    /// Weight of each row, the inverse of its regularisation.
    #[must_use]
    pub fn d(&self) -> &[f64] {
        &self.d[..self.count]
    }

    /// Reference acceleration of each row.
    #[must_use]
    pub fn aref(&self) -> &[f64] {
        &self.aref[..self.count]
    }

    /// Force of each row.
    #[must_use]
    pub fn force(&self) -> &[f64] {
        &self.force[..self.count]
    }

    /// Adds a row and gives its number and its Jacobian, cleared.
    fn push(&mut self, pos: f64, margin: f64) -> (usize, &mut [f64]) {
        let row = self.count;
        self.count += 1;
        self.pos[row] = pos;
        self.margin[row] = margin;
        let jacobian = &mut self.jacobian[row * self.nv..][..self.nv];
        jacobian.fill(0.0);
        (row, jacobian)
    }

    /// Sets a row's regularisation.
    fn weigh(&mut self, row: usize, r: f64) {
        self.r[row] = r;
        self.d[row] = 1.0 / r;
    }
}

/// The rows of the current pose: limits by joint, then contacts in order.
pub(super) fn build(model: &Model, state: &mut State) {
    state.rows.count = 0;
    limits(model, state);
    contacts(model, state);
}

/// Joints at or past a limit.
fn limits(model: &Model, state: &mut State) {
    let joints = &model.joints;
    for joint in 0..joints.kind.len() {
        if !joints.limited[joint] {
            continue;
        }
        let position = state.qpos[joints.qposadr[joint]];
        let [low, high] = joints.range[joint];
        let dof = joints.dofadr[joint];
        for (distance, direction) in [(position - low, 1.0), (high - position, -1.0)] {
            let margin = joints.margin[joint];
            if distance < margin {
                let (row, jacobian) = state.rows.push(distance, margin);
                jacobian[dof] = direction;
                let soft = Soft::new(model, joints.solref[joint], &joints.solimp[joint]);
                soften(&mut state.rows, row, &soft, model.dofs.invweight0[dof]);
            }
        }
    }
}

/// Contacts nearer than their margin.
fn contacts(model: &Model, state: &mut State) {
    let nv = model.nv;
    for index in 0..state.contacts.len() {
        let contact = state.contacts[index];
        if contact.dist >= contact.includemargin {
            continue;
        }
        let bodies = contact.geoms.map(|geom| model.geoms.body[geom]);
        let mut directions = std::mem::take(&mut state.rows.directions);
        directions.fill(0.0);
        for (body, sign) in [(bodies[1], 1.0), (bodies[0], -1.0)] {
            for_each_velocity(model, state, body, contact.pos, |dof, motion, _| {
                for (axis, direction) in contact.frame.iter().enumerate() {
                    directions[axis * nv + dof] += sign * direction.dot(motion);
                }
            });
        }
        let weight: f64 = bodies.map(|b| model.bodies.invweight0[b][0]).iter().sum();
        let soft = Soft::new(model, contact.solref, &contact.solimp);
        let rows = &mut state.rows;
        if contact.dim == 1 {
            let (row, jacobian) = rows.push(contact.dist, contact.includemargin);
            jacobian.copy_from_slice(&directions[..nv]);
            soften(rows, row, &soft, weight);
        } else {
            let friction = contact.friction[0];
            let first = rows.len();
            for (tangent, sign) in [(1, 1.0), (1, -1.0), (2, 1.0), (2, -1.0)] {
                let (_, jacobian) = rows.push(contact.dist, contact.includemargin);
                jacobian.copy_from_slice(&directions[..nv]);
                add_scaled(jacobian, &directions[tangent * nv..], sign * friction);
            }
            soften(rows, first, &soft, weight + friction * friction * weight);
            // All edges get the weight with which the pyramid matches the elliptic cone's friction.
            let mu = friction * (1.0 / model.opt.impratio.max(MINVAL)).sqrt();
            let edge = 2.0 * mu * mu * rows.r[first];
            for row in first..first + PYRAMID {
                rows.kbi[row] = rows.kbi[first];
                rows.weigh(row, edge);
            }
        }
        state.rows.directions = directions;
    }
}

/// A constraint's softness.
struct Soft {
    stiffness: f64,
    damping: f64,
    solimp: SolImp,
}

impl Soft {
    fn new(model: &Model, solref: SolRef, solimp: &SolImp) -> Self {
        let [low, high] = IMPEDANCE;
        let solimp = [
            solimp[0].clamp(low, high),
            solimp[1].clamp(low, high),
            solimp[2].max(0.0),
            solimp[3].clamp(low, high),
            solimp[4].max(1.0),
        ];
        // Signs that differ mean nothing; MuJoCo falls back to its default then.
        let mixed = (solref[0] > 0.0) != (solref[1] > 0.0);
        let [first, second] = if mixed { [0.02, 1.0] } else { solref };
        let width = solimp[1];
        if first > 0.0 {
            let time = first.max(2.0 * model.opt.timestep);
            let square = width * width * time * time * second * second;
            Self {
                stiffness: 1.0 / square.max(MINVAL),
                damping: 2.0 / (width * time).max(MINVAL),
                solimp,
            }
        } else {
            Self {
                stiffness: -first / (width * width).max(MINVAL),
                damping: -second / width.max(MINVAL),
                solimp,
            }
        }
    }

    /// Impedance `distance` from where the constraint begins to act.
    fn impedance(&self, distance: f64) -> f64 {
        let [start, end, width, midpoint, exponent] = self.solimp;
        if start == end || width <= MINVAL {
            return 0.5 * (start + end);
        }
        let x = (distance / width).abs();
        if x >= 1.0 {
            return end;
        }
        let y = if exponent == 1.0 {
            x
        } else if x <= midpoint {
            power(x, exponent) / power(midpoint, exponent - 1.0)
        } else {
            1.0 - power(1.0 - x, exponent) / power(1.0 - midpoint, exponent - 1.0)
        };
        start + y * (end - start)
    }
}

/// `base` to the `exponent`; the usual exponents by products, which every machine rounds alike.
fn power(base: f64, exponent: f64) -> f64 {
    if (0.0..=8.0).contains(&exponent) && exponent.fract() == 0.0 {
        (0..exponent as usize).fold(1.0, |product, _| product * base)
    } else {
        base.powf(exponent)
    }
}

/// Sets a row's stiffness, damping, impedance and regularisation from the inverse inertia that it sees.
fn soften(rows: &mut Rows, row: usize, soft: &Soft, inverse_inertia: f64) {
    let impedance = soft.impedance(rows.pos[row] - rows.margin[row]);
    rows.kbi[row] = [soft.stiffness, soft.damping, impedance];
    rows.weigh(
        row,
        ((1.0 - impedance) * inverse_inertia / impedance).max(MINVAL),
    );
}

/// Reference accelerations: springs and dampers that pull each row back to its margin.
pub(super) fn reference(model: &Model, state: &mut State) {
    let (nv, rows) = (model.nv, &mut state.rows);
    for row in 0..rows.count {
        let jacobian = &rows.jacobian[row * nv..][..nv];
        let velocity = dot(jacobian, &state.qvel);
        let [stiffness, damping, impedance] = rows.kbi[row];
        let distance = rows.pos[row] - rows.margin[row];
        rows.aref[row] = -damping * velocity - stiffness * impedance * distance;
    }
}
