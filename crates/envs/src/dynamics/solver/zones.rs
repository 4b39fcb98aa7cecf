//! How each row pushes at a residual `J a − aref`, and what that costs.
//!
//! A row's force is minus the slope of its cost. MuJoCo: Computation, "Constraint solver", Reduced primal
//! problem; the three zones of an elliptic cone are those of its figure.

use crate::dynamics::state::rows::{ConeRows, Rows};

/// Most rows of an elliptic contact.
pub(super) const MOST_CONE_ROWS: usize = 6;

/// The force of a row at a residual, and how fast the force falls as the residual rises.
pub(super) fn push(rows: &Rows, row: usize, residual: f64) -> (f64, f64) {
    let d = rows.efc_d[row];
    if row < rows.bounded {
        // Quadratic until the force reaches its bound.
        let loss = rows.efc_frictionloss[row];
        let force = -d * residual;
        if force >= loss {
            (loss, 0.0)
        } else if force <= -loss {
            (-loss, 0.0)
        } else {
            (force, d)
        }
    } else if residual < 0.0 {
        (-d * residual, d)
    } else {
        (0.0, 0.0)
    }
}

/// Twice the cost of a row at a residual.
pub(super) fn twice_cost(rows: &Rows, row: usize, residual: f64) -> f64 {
    let d = rows.efc_d[row];
    if row < rows.bounded {
        let loss = rows.efc_frictionloss[row];
        if residual.abs() * d >= loss {
            loss * (2.0 * residual.abs() - loss / d)
        } else {
            d * residual * residual
        }
    } else if residual < 0.0 {
        d * residual * residual
    } else {
        0.0
    }
}

/// Where the residual of an elliptic contact lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// No force is needed.
    Satisfied,
    /// Every row pushes on its own: the cone does not bind.
    Quadratic,
    /// The force lies on the cone.
    Cone,
}

/// The answer of an elliptic contact to a residual.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConePush {
    pub(super) zone: Zone,
    pub(super) twice_cost: f64,
    pub(super) force: [f64; MOST_CONE_ROWS],
    /// The residual with all directions scaled to a circular cone, and the length of its tangent part.
    scaled: [f64; MOST_CONE_ROWS],
    tangent: f64,
}

/// The answer of an elliptic contact to the residuals of its rows.
pub(super) fn cone_push(rows: &Rows, cone: &ConeRows, residual: &[f64]) -> ConePush {
    let ConeRows {
        first,
        dim,
        mu,
        friction,
    } = *cone;
    let d = &rows.efc_d[first..][..dim];
    let mut scaled = [0.0; MOST_CONE_ROWS];
    scaled[0] = residual[0] * mu;
    for i in 1..dim {
        scaled[i] = residual[i] * friction[i - 1];
    }
    let normal = scaled[0];
    let tangent = scaled[1..dim].iter().map(|u| u * u).sum::<f64>().sqrt();
    let mut push = ConePush {
        zone: Zone::Satisfied,
        twice_cost: 0.0,
        force: [0.0; MOST_CONE_ROWS],
        scaled,
        tangent,
    };
    if normal >= mu * tangent || (tangent <= 0.0 && normal >= 0.0) {
        return push;
    }
    if mu * normal + tangent <= 0.0 || (tangent <= 0.0 && normal < 0.0) {
        push.zone = Zone::Quadratic;
        for i in 0..dim {
            push.force[i] = -d[i] * residual[i];
            push.twice_cost += d[i] * residual[i] * residual[i];
        }
        return push;
    }
    push.zone = Zone::Cone;
    let weight = d[0] / (mu * mu * (1.0 + mu * mu));
    let outside = normal - mu * tangent;
    push.twice_cost = weight * outside * outside;
    push.force[0] = -weight * outside * mu;
    for i in 1..dim {
        push.force[i] = -push.force[0] / tangent * scaled[i] * friction[i - 1];
    }
    push
}

impl ConePush {
    /// Adds twice the cost to a sum as MuJoCo does, a row at a time where each pushes on its own: the last bit of a
    /// large cost decides when a solver stops.
    pub(super) fn add_cost(&self, sum: f64, rows: &Rows, cone: &ConeRows, residual: &[f64]) -> f64 {
        if self.zone != Zone::Quadratic {
            return sum + self.twice_cost;
        }
        let d = &rows.efc_d[cone.first..][..cone.dim];
        let terms = d.iter().zip(residual).map(|(d, x)| d * x * x);
        terms.fold(sum, |sum, term| sum + term)
    }

    /// Second derivatives of the cost by the residuals, `[dim, dim]` in the corner.
    pub(super) fn hessian(
        &self,
        rows: &Rows,
        cone: &ConeRows,
    ) -> [[f64; MOST_CONE_ROWS]; MOST_CONE_ROWS] {
        let mut hessian = [[0.0; MOST_CONE_ROWS]; MOST_CONE_ROWS];
        let (mu, dim) = (cone.mu, cone.dim);
        let d = &rows.efc_d[cone.first..][..dim];
        match self.zone {
            Zone::Satisfied => {}
            Zone::Quadratic => (0..dim).for_each(|i| hessian[i][i] = d[i]),
            Zone::Cone => {
                let weight = d[0] / (mu * mu * (1.0 + mu * mu));
                let (u, t, n) = (&self.scaled, self.tangent, self.scaled[0]);
                let scale = |i: usize| if i == 0 { mu } else { cone.friction[i - 1] };
                let entry = |i: usize, j: usize| match (i, j) {
                    (0, 0) => 1.0,
                    (0, j) => -mu * u[j] / t,
                    (i, j) => {
                        let diagonal = if i == j { mu * mu - mu * n / t } else { 0.0 };
                        mu * n / (t * t * t) * u[i] * u[j] + diagonal
                    }
                };
                for (i, line) in hessian[..dim].iter_mut().enumerate() {
                    for (j, value) in line[..dim].iter_mut().enumerate() {
                        *value = weight * entry(i.min(j), i.max(j)) * scale(i) * scale(j);
                    }
                }
            }
        }
        hessian
    }
}

/// Calls `f` with each row that pushes alone: all but those of elliptic contacts.
pub(super) fn for_each_single(rows: &Rows, mut f: impl FnMut(usize)) {
    let mut next = 0;
    for cone in &rows.cones {
        (next..cone.first).for_each(&mut f);
        next = cone.first + cone.dim;
    }
    (next..rows.len()).for_each(&mut f);
}
