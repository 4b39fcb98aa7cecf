//! Constants that take the inertia in the reference pose: inverse weights, mean inertia, damping ratios.
//!
//! MuJoCo: Computation, "Constraint model", diagonal approximation; `mj_setConst`.

use crate::dynamics::model::{JointType, Model, Transmission};
use crate::dynamics::{State, for_each_velocity, pose};
use glam::{DQuat, DVec3};

/// Pivots of the inertia matrix under which it counts as singular.
const TINY: f64 = 1e-15;

/// Fills `invweight0` of bodies, dofs and tendons, `meaninertia`, and the damping of servos given by ratio.
///
/// `Err` holds the dof at which the inertia matrix is singular.
pub(super) fn fill(model: &mut Model) -> Result<(), usize> {
    let mut state = State::new(model);
    pose(model, &mut state);
    let nv = model.nv;
    let diagonal: Vec<f64> = (0..nv)
        .map(|dof| state.mass_matrix[dof * nv + dof])
        .collect();
    if nv > 0 {
        model.meaninertia = diagonal.iter().sum::<f64>() / nv as f64;
    }
    let factor = Cholesky::new(state.mass_matrix.clone(), nv)?;
    for body in 1..model.bodies.name.len() {
        model.bodies.invweight0[body] = if model.bodies.weld[body] == 0 {
            [0.0; 2]
        } else if slides_only(model, body) {
            [1.0 / model.bodies.mass[body], 0.0]
        } else {
            let mut jacobian = Vec::new();
            for_each_velocity(
                model,
                &state,
                body,
                state.xipos[body],
                |dof, linear, angular| {
                    jacobian.push((dof, [linear, angular]));
                },
            );
            let seen = |part: usize, axis: usize| {
                factor.inverse_weight(jacobian.iter().map(|(dof, j)| (*dof, j[part][axis])))
            };
            [0, 1].map(|part| (seen(part, 0) + seen(part, 1) + seen(part, 2)) / 3.0)
        };
    }
    let alone = |dof: usize| factor.inverse_weight([(dof, 1.0)]);
    for joint in 0..model.joints.kind.len() {
        let (first, body) = (model.joints.dofadr[joint], model.joints.body[joint]);
        let simple = slides_only(model, body);
        let weights = &mut model.dofs.invweight0;
        // The three axes of a place or an orientation count alike.
        let mut triple = |first: usize| {
            let mean = (alone(first) + alone(first + 1) + alone(first + 2)) / 3.0;
            weights[first..first + 3].fill(mean);
        };
        match model.joints.kind[joint] {
            JointType::Free => {
                triple(first);
                triple(first + 3);
            }
            JointType::Ball => triple(first),
            JointType::Slide if simple => weights[first] = 1.0 / model.bodies.mass[body],
            JointType::Slide | JointType::Hinge => weights[first] = alone(first),
        }
    }
    for tendon in 0..model.tendons.name.len() {
        let joints = model.tendons.joints[tendon].iter();
        let entries =
            joints.map(|(joint, coefficient)| (model.joints.dofadr[*joint], *coefficient));
        model.tendons.invweight0[tendon] = factor.inverse_weight(entries);
    }
    // What a servo sees is the inertia of the bodies; that of tendons does not count.
    let mut seen = diagonal;
    for (joints, armature) in model.tendons.joints.iter().zip(&model.tendons.armature) {
        for (joint, coefficient) in joints {
            seen[model.joints.dofadr[*joint]] -= armature * coefficient * coefficient;
        }
    }
    damping_ratios(model, &seen);
    Ok(())
}

/// Servos whose damping is given as a share of the critical one, at the inertia that they see.
fn damping_ratios(model: &mut Model, diagonal: &[f64]) {
    for actuator in 0..model.nu {
        let (gain, bias) = (
            model.actuators.gainprm[actuator],
            model.actuators.biasprm[actuator],
        );
        if gain[0] != -bias[1] || bias[2] <= 0.0 {
            continue;
        }
        let gear = model.actuators.gear[actuator];
        let dof = |joint: usize| model.joints.dofadr[joint];
        let moments: Vec<(usize, f64)> = match model.actuators.transmission[actuator] {
            Transmission::Tendon(tendon) => {
                let joints = model.tendons.joints[tendon].iter();
                joints.map(|(j, c)| (dof(*j), gear[0] * c)).collect()
            }
            Transmission::Joint(joint) | Transmission::JointInParent(joint) => {
                let count = model.joints.kind[joint].nv();
                (0..count).map(|i| (dof(joint) + i, gear[i])).collect()
            }
        };
        let squares = moments.iter().map(|(dof, moment)| (dof, moment * moment));
        let squares = squares.filter(|(_, square)| *square > TINY);
        let mass: f64 = squares.map(|(dof, square)| diagonal[*dof] / square).sum();
        model.actuators.biasprm[actuator][2] = -bias[2] * 2.0 * (gain[0] * mass).sqrt();
    }
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
            y[i] += value;
        }
        for i in 0..self.n {
            let row = &self.lower[i * self.n..];
            let dot: f64 = (0..i).map(|k| row[k] * y[k]).sum();
            y[i] = (y[i] - dot) / row[i];
        }
        y.iter().map(|v| v * v).sum()
    }
}
