//! How soft a constraint is. MuJoCo: Modeling, "Solver parameters"; Computation, "Constraint solver",
//! Parameters.

use crate::dynamics::MINVAL;
use crate::dynamics::model::{Model, SolImp, SolRef};
use crate::dynamics::state::rows::Rows;

/// Bounds of an impedance.
const IMPEDANCE: [f64; 2] = [0.0001, 0.9999];

/// A constraint's softness.
pub(super) struct Soft {
    pub(super) stiffness: f64,
    pub(super) damping: f64,
    pub(super) solimp: SolImp,
}

impl Soft {
    pub(super) fn new(model: &Model, solref: SolRef, solimp: &SolImp) -> Self {
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
            let least = if model.opt.refsafe {
                2.0 * model.opt.timestep
            } else {
                0.0
            };
            let time = first.max(least);
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
    pub(super) fn impedance(&self, distance: f64) -> f64 {
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

    /// Sets a row's stiffness, damping, impedance and regularisation from the inverse inertia that it sees.
    pub(super) fn soften(&self, rows: &mut Rows, row: usize, inverse_inertia: f64) {
        let distance = rows.efc_pos[row] - rows.efc_margin[row];
        self.soften_at(rows, row, distance, inverse_inertia);
    }

    /// As [`soften`](Self::soften), with the impedance at a distance that is not the row's alone.
    pub(super) fn soften_at(
        &self,
        rows: &mut Rows,
        row: usize,
        distance: f64,
        inverse_inertia: f64,
    ) {
        let impedance = self.impedance(distance);
        rows.efc_kbi[row] = [self.stiffness, self.damping, impedance];
        rows.weigh(row, regularisation(impedance, inverse_inertia));
    }
}

/// The regularisation at an impedance of a row that sees an inverse inertia.
pub(super) fn regularisation(impedance: f64, inverse_inertia: f64) -> f64 {
    ((1.0 - impedance) * inverse_inertia / impedance).max(MINVAL)
}

/// `base` to the `exponent`; the usual exponents by products, others by a power whose bits are the same
/// everywhere.
fn power(base: f64, exponent: f64) -> f64 {
    if (0.0..=8.0).contains(&exponent) && exponent.fract() == 0.0 {
        (0..exponent as usize).fold(1.0, |product, _| product * base)
    } else {
        libm::pow(base, exponent)
    }
}
