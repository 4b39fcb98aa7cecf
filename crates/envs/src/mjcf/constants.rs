//! Constants that take the inertia in the reference pose: inverse weights and mean inertia.
//!
//! MuJoCo: Computation, "Constraint model", diagonal approximation; `mj_setConst`.
//!
//! In the reference pose every joint displacement is zero, so frames are plain products of the tree's own;
//! a dense inertia matrix built from Jacobians suffices, and leaves this module free of the dynamics.

use crate::dynamics::model::{JointType, Model};
use glam::{DMat3, DQuat, DVec3};

/// Pivots of the inertia matrix under which it counts as singular.
const TINY: f64 = 1e-15;

/// A body's Jacobian: each dof that moves it, with the linear and angular velocity of the body's centre of
/// mass per unit velocity of the dof.
type Jacobian = Vec<(usize, [DVec3; 2])>;

/// Fills `invweight0` of bodies and dofs and `meaninertia`.
///
/// `Err` holds the dof at which the inertia matrix is singular.
pub(super) fn fill(model: &mut Model) -> Result<(), usize> {
    let (jacobians, inertias) = jacobians(model);
    let nv = model.nv;
    let mut mass_matrix = vec![0.0; nv * nv];
    for (body, jacobian) in jacobians.iter().enumerate() {
        let (mass, inertia) = (model.bodies.mass[body], inertias[body]);
        for (row, [linear, angular]) in jacobian {
            let (force, torque) = (*linear * mass, inertia * *angular);
            for (column, other) in jacobian {
                mass_matrix[row * nv + column] += force.dot(other[0]) + torque.dot(other[1]);
            }
        }
    }
    for dof in 0..nv {
        mass_matrix[dof * nv + dof] += model.dofs.armature[dof];
    }
    if nv > 0 {
        model.meaninertia = (0..nv).map(|dof| mass_matrix[dof * nv + dof]).sum::<f64>() / nv as f64;
    }
    let factor = Cholesky::new(mass_matrix, nv)?;
    for (body, jacobian) in jacobians.iter().enumerate() {
        model.bodies.invweight0[body] = if model.bodies.weld[body] == 0 {
            [0.0; 2]
        } else if slides_only(model, body) {
            [1.0 / model.bodies.mass[body], 0.0]
        } else {
            let seen = |part: usize, axis: usize| {
                factor.inverse_weight(jacobian.iter().map(|(dof, j)| (*dof, j[part][axis])))
            };
            [0, 1].map(|part| (seen(part, 0) + seen(part, 1) + seen(part, 2)) / 3.0)
        };
    }
    for dof in 0..nv {
        let body = model.dofs.body[dof];
        model.dofs.invweight0[dof] = if slides_only(model, body) {
            1.0 / model.bodies.mass[body]
        } else {
            factor.inverse_weight([(dof, 1.0)])
        };
    }
    Ok(())
}

/// Whether the body is a free-standing mass on slides along its own axes, whose inertia is its mass.
fn slides_only(model: &Model, body: usize) -> bool {
    let bodies = &model.bodies;
    let parent = bodies.parent[body];
    let stands_alone =
        bodies.root[body] == body || (bodies.parent[parent] == 0 && bodies.dofs[parent].1 == 0);
    let centred = bodies.ipos[body] == DVec3::ZERO && bodies.iquat[body] == DQuat::IDENTITY;
    let leaf = !bodies
        .parent
        .iter()
        .enumerate()
        .any(|(child, parent)| child > 0 && *parent == body);
    let (first, count) = bodies.joints[body];
    let along_axes = (first..first + count).all(|joint| {
        let axis = model.joints.axis[joint];
        model.joints.kind[joint] == JointType::Slide
            && model.joints.pos[joint] == DVec3::ZERO
            && axis.to_array().iter().filter(|x| x.abs() > 1e-14).count() == 1
    });
    body != 0 && count > 0 && stands_alone && centred && leaf && along_axes
}

/// Jacobians of all bodies' centres of mass, and their inertias in world axes, in the reference pose.
fn jacobians(model: &Model) -> (Vec<Jacobian>, Vec<DMat3>) {
    let bodies = &model.bodies;
    let count = bodies.name.len();
    let (mut pos, mut quat) = (vec![DVec3::ZERO; count], vec![DQuat::IDENTITY; count]);
    // The point and the axis about or along which each dof moves.
    let mut motions = vec![(DVec3::ZERO, DVec3::ZERO); model.nv];
    let mut last: Vec<Option<usize>> = vec![None; count];
    let mut jacobians: Vec<Jacobian> = vec![Vec::new(); count];
    let mut inertias = vec![DMat3::ZERO; count];
    for body in 1..count {
        let parent = bodies.parent[body];
        pos[body] = pos[parent] + quat[parent] * bodies.pos[body];
        quat[body] = (quat[parent] * bodies.quat[body]).normalize();
        last[body] = last[parent];
        let (first, dofs) = bodies.dofs[body];
        for (dof, motion) in motions.iter_mut().enumerate().skip(first).take(dofs) {
            let joint = model.dofs.joint[dof];
            let anchor = pos[body] + quat[body] * model.joints.pos[joint];
            *motion = (anchor, quat[body] * model.joints.axis[joint]);
            last[body] = Some(dof);
        }
        let com = pos[body] + quat[body] * bodies.ipos[body];
        let mut next = last[body];
        while let Some(dof) = next {
            let (anchor, axis) = motions[dof];
            let velocity = match model.joints.kind[model.dofs.joint[dof]] {
                JointType::Slide => [axis, DVec3::ZERO],
                JointType::Hinge => [axis.cross(com - anchor), axis],
                JointType::Free | JointType::Ball => unreachable!("the reader refuses them"),
            };
            jacobians[body].push((dof, velocity));
            next = model.dofs.parent[dof];
        }
        let axes = DMat3::from_quat((quat[body] * bodies.iquat[body]).normalize());
        inertias[body] = axes * DMat3::from_diagonal(bodies.inertia[body]) * axes.transpose();
    }
    (jacobians, inertias)
}

/// Lower Cholesky factor of a dense matrix `[n, n]`.
struct Cholesky {
    lower: Vec<f64>,
    n: usize,
}

impl Cholesky {
    /// Factors `a`; `Err` holds the row at which it is not positive.
    fn new(mut a: Vec<f64>, n: usize) -> Result<Self, usize> {
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
                let rest = a[i * n + j] - dot;
                if i != j {
                    a[i * n + j] = rest / a[j * n + j];
                } else if rest.is_finite() && rest > TINY {
                    a[i * n + i] = rest.sqrt();
                } else {
                    return Err(i);
                }
            }
        }
        Ok(Self { lower: a, n })
    }

    /// `xᵀ A⁻¹ x` for the vector with these entries.
    fn inverse_weight(&self, x: impl IntoIterator<Item = (usize, f64)>) -> f64 {
        let mut y = vec![0.0; self.n];
        for (i, value) in x {
            y[i] = value;
        }
        for i in 0..self.n {
            let row = &self.lower[i * self.n..];
            let dot: f64 = (0..i).map(|k| row[k] * y[k]).sum();
            y[i] = (y[i] - dot) / row[i];
        }
        y.iter().map(|v| v * v).sum()
    }
}
