//! Constants that take the inertia in the reference pose: inverse weights, mean inertia, lengths of tendons and the
//! dampings of servos.
//!
//! MuJoCo: Computation, "Constraint model", diagonal approximation; `mj_setConst`.
//!
//! In the reference pose every joint displacement is zero, so frames are plain products of the tree's own. Lengths of spatial
//! tendons and moments on sites come from the dynamics.

use super::frames::{Simple, simple};
use super::inertia::about_point;
use crate::dynamics::Lengths;
use crate::dynamics::model::{JointType, Law, Model, Transmission};
use glam::{DMat3, DQuat, DVec3};

/// Pivots of the inertia matrix under which it counts as singular.
const TINY: f64 = 1e-15;

/// How a dof moves its body and all that hangs on it, in world axes.
#[derive(Clone, Copy)]
enum Motion {
    Along(DVec3),
    /// Axis and a point on it.
    About(DVec3, DVec3),
}

impl Motion {
    /// Linear and angular velocity at `point` per unit velocity of the dof.
    fn at(self, point: DVec3) -> [DVec3; 2] {
        match self {
            Self::Along(axis) => [axis, DVec3::ZERO],
            Self::About(axis, anchor) => [axis.cross(point - anchor), axis],
        }
    }
}

/// A mass distribution in world axes.
#[derive(Clone, Copy)]
struct Mass {
    mass: f64,
    com: DVec3,
    inertia: DMat3,
}

impl Mass {
    /// Both together.
    fn add(self, other: Self) -> Self {
        let mass = self.mass + other.mass;
        if mass <= 0.0 {
            return self;
        }
        let com = (self.mass * self.com + other.mass * other.com) / mass;
        let moved = |part: &Self| part.inertia + about_point(part.mass, part.com - com);
        Self {
            mass,
            com,
            inertia: moved(&self) + moved(&other),
        }
    }
}

/// Frames in the reference pose.
struct Pose {
    quat: Vec<DQuat>,
    com: Vec<DVec3>,
    motions: Vec<Motion>,
}

/// Fills `invweight0` of bodies, dofs and tendons, `meaninertia`, which dofs the inertia matrix couples, the lengths of
/// tendons, and dampings that are given as ratios.
///
/// `Err` holds the dof at which the inertia matrix is singular.
pub(super) fn fill(model: &mut Model) -> Result<(), usize> {
    let pose = Pose::of(model);
    let simple = simple(model);
    model.dofs.coupled = model.dofs.parent.clone();
    for (coupled, body) in model.dofs.coupled.iter_mut().zip(&model.dofs.body) {
        if simple[*body] != Simple::No {
            *coupled = None;
        }
    }
    let mut matrix = inertia_matrix(model, &pose);
    let nv = model.nv;
    let diagonal = |matrix: &[f64]| {
        (0..nv)
            .map(|dof| matrix[dof * nv + dof])
            .collect::<Vec<_>>()
    };
    let lengths = needs_lengths(model).then(|| Lengths::at(model, &model.qpos0));
    dampings(model, &pose, &diagonal(&matrix), lengths.as_ref());
    add_tendons(model, &mut matrix, lengths.as_ref());
    if nv > 0 {
        model.meaninertia = diagonal(&matrix).iter().sum::<f64>() / nv as f64;
    }
    let factor = Factor::new(matrix, &model.dofs.coupled)?;
    bodies(model, &pose, &simple, &factor);
    dofs(model, &simple, &factor);
    tendons(model, &factor, lengths.as_ref());
    accelerations(model, &pose, &factor, lengths.as_ref());
    Ok(())
}

/// Whether constants depend on lengths that take the dynamics.
fn needs_lengths(model: &Model) -> bool {
    let (tendons, actuators) = (&model.tendons, &model.actuators);
    let simple = |target: &Transmission| {
        use Transmission::{Joint, JointInParent, Tendon};
        matches!(target, Joint(_) | JointInParent(_) | Tendon(_))
    };
    let mut laws = actuators.gaintype.iter().chain(&actuators.biastype);
    tendons.wraps.iter().any(|wraps| !wraps.is_empty())
        || !actuators.transmission.iter().all(simple)
        || laws.any(|law| *law == Law::Muscle)
}

/// Accelerations by unit forces of actuators.
fn accelerations(model: &mut Model, pose: &Pose, factor: &Factor, lengths: Option<&Lengths>) {
    for actuator in 0..model.nu {
        let mut x = vec![0.0; model.nv];
        for (dof, slope) in slopes(model, pose, actuator, lengths) {
            x[dof] += slope;
        }
        factor.solve(&mut x);
        model.actuators.acc0[actuator] = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    }
}

impl Pose {
    fn of(model: &Model) -> Self {
        let bodies = &model.bodies;
        let count = bodies.name.len();
        let (mut pos, mut quat) = (vec![DVec3::ZERO; count], vec![DQuat::IDENTITY; count]);
        let mut com = vec![DVec3::ZERO; count];
        let mut motions = Vec::with_capacity(model.nv);
        for body in 1..count {
            let parent = bodies.parent[body];
            pos[body] = pos[parent] + quat[parent] * bodies.pos[body];
            quat[body] = (quat[parent] * bodies.quat[body]).normalize();
            com[body] = pos[body] + quat[body] * bodies.ipos[body];
            let (first, joints) = bodies.joints[body];
            for joint in first..first + joints {
                let anchor = pos[body] + quat[body] * model.joints.pos[joint];
                let axis = quat[body] * model.joints.axis[joint];
                let ball = DVec3::AXES.map(|axis| Motion::About(quat[body] * axis, anchor));
                match model.joints.kind[joint] {
                    JointType::Free => {
                        motions.extend(DVec3::AXES.map(Motion::Along));
                        motions.extend(ball);
                    }
                    JointType::Ball => motions.extend(ball),
                    JointType::Slide => motions.push(Motion::Along(axis)),
                    JointType::Hinge => motions.push(Motion::About(axis, anchor)),
                }
            }
        }
        Self { quat, com, motions }
    }
}

/// The dof and its ancestors, from the last to the first.
fn chain(parents: &[Option<usize>], dof: Option<usize>) -> impl Iterator<Item = usize> {
    std::iter::successors(dof, |dof| parents[*dof])
}

/// Inertia matrix `[nv, nv]`, its lower triangle: for each dof, the momentum that it gives to all it moves, felt by
/// its ancestors.
fn inertia_matrix(model: &Model, pose: &Pose) -> Vec<f64> {
    let (bodies, nv) = (&model.bodies, model.nv);
    let mut subtree: Vec<Mass> = (0..bodies.name.len())
        .map(|body| {
            let axes = DMat3::from_quat((pose.quat[body] * bodies.iquat[body]).normalize());
            let moments = DMat3::from_diagonal(bodies.inertia[body]);
            Mass {
                mass: bodies.mass[body],
                com: pose.com[body],
                inertia: axes * moments * axes.transpose(),
            }
        })
        .collect();
    for body in (1..subtree.len()).rev() {
        let parent = bodies.parent[body];
        subtree[parent] = subtree[parent].add(subtree[body]);
    }
    let mut matrix = vec![0.0; nv * nv];
    for dof in 0..nv {
        let body = model.dofs.body[dof];
        let moved = subtree[body];
        let [linear, angular] = pose.motions[dof].at(moved.com);
        let (momentum, spin) = (moved.mass * linear, moved.inertia * angular);
        for other in chain(&model.dofs.coupled, Some(dof)) {
            let [linear, angular] = pose.motions[other].at(moved.com);
            matrix[dof * nv + other] = momentum.dot(linear) + spin.dot(angular);
        }
        matrix[dof * nv + dof] += model.dofs.armature[dof];
    }
    matrix
}

/// Inertia along tendons; as in MuJoCo only between dofs that the matrix couples.
fn add_tendons(model: &Model, matrix: &mut [f64], lengths: Option<&Lengths>) {
    let (tendons, nv) = (&model.tendons, model.nv);
    for (tendon, armature) in tendons.armature.iter().enumerate() {
        let mut jacobian = vec![0.0; nv];
        for (joint, coefficient) in &tendons.joints[tendon] {
            jacobian[model.joints.dofadr[*joint]] = *coefficient;
        }
        if let (false, Some(lengths)) = (tendons.wraps[tendon].is_empty(), lengths) {
            jacobian.copy_from_slice(&lengths.tendon_slopes[tendon * nv..][..nv]);
        }
        for (dof, slope) in jacobian
            .iter()
            .enumerate()
            .filter(|(_, slope)| **slope != 0.0)
        {
            for other in chain(&model.dofs.coupled, Some(dof)) {
                matrix[dof * nv + other] += armature * slope * jacobian[other];
            }
        }
    }
}

/// A factor `LᵀDL` of an inertia matrix, which couples only a dof and its ancestors and so fills nothing in.
struct Factor {
    /// L below the diagonal, D on it, `[n, n]`.
    matrix: Vec<f64>,
    parents: Vec<Option<usize>>,
}

impl Factor {
    /// Factors the lower triangle of `a`; `Err` holds the dof at which it is not positive.
    fn new(mut a: Vec<f64>, parents: &[Option<usize>]) -> Result<Self, usize> {
        let n = parents.len();
        for k in (0..n).rev() {
            let pivot = a[k * n + k];
            if !(pivot.is_finite() && pivot > TINY) {
                return Err(k);
            }
            for i in chain(parents, parents[k]) {
                let share = a[k * n + i] / pivot;
                for j in chain(parents, Some(i)) {
                    a[i * n + j] -= share * a[k * n + j];
                }
                a[k * n + i] = share;
            }
        }
        let parents = parents.to_vec();
        Ok(Self { matrix: a, parents })
    }

    /// `xᵀ A⁻¹ x` for each of `N` vectors with these entries.
    fn inverse_weights<const N: usize>(
        &self,
        entries: impl IntoIterator<Item = (usize, [f64; N])>,
    ) -> [f64; N] {
        let n = self.parents.len();
        let mut x = vec![[0.0; N]; n];
        for (i, value) in entries {
            x[i] = value;
        }
        let mut sum = [0.0; N];
        for k in (0..n).rev() {
            let row = x[k];
            if row == [0.0; N] {
                continue;
            }
            for (sum, x) in sum.iter_mut().zip(row) {
                *sum += x * x / self.matrix[k * n + k];
            }
            for i in chain(&self.parents, self.parents[k]) {
                let share = self.matrix[k * n + i];
                for (x, value) in x[i].iter_mut().zip(row) {
                    *x -= share * value;
                }
            }
        }
        sum
    }

    /// `A⁻¹ x` in place.
    fn solve(&self, x: &mut [f64]) {
        let n = self.parents.len();
        for k in (0..n).rev() {
            for i in chain(&self.parents, self.parents[k]) {
                x[i] -= self.matrix[k * n + i] * x[k];
            }
        }
        for k in 0..n {
            x[k] /= self.matrix[k * n + k];
            for i in chain(&self.parents, self.parents[k]) {
                x[k] -= self.matrix[k * n + i] * x[i];
            }
        }
    }

    /// `xᵀ A⁻¹ x` for the vector with these entries.
    fn inverse_weight(&self, entries: impl IntoIterator<Item = (usize, f64)>) -> f64 {
        let [weight] = self.inverse_weights(entries.into_iter().map(|(i, x)| (i, [x])));
        weight
    }
}

fn bodies(model: &mut Model, pose: &Pose, simple: &[Simple], factor: &Factor) {
    for (body, simple) in simple.iter().enumerate() {
        let weld = model.bodies.weld[body];
        model.bodies.invweight0[body] = if weld == 0 {
            [0.0; 2]
        } else if *simple == Simple::Slides {
            [1.0 / model.bodies.mass[body].max(TINY), 0.0]
        } else {
            let (first, count) = model.bodies.dofs[weld];
            let last = Some(first + count - 1);
            let entry = |dof: usize| {
                let [linear, angular] = pose.motions[dof].at(pose.com[body]);
                let DVec3 { x, y, z } = angular;
                (dof, [linear.x, linear.y, linear.z, x, y, z])
            };
            let [a, b, c, d, e, f] =
                factor.inverse_weights(chain(&model.dofs.parent, last).map(entry));
            [(a + b + c) / 3.0, (d + e + f) / 3.0]
        };
    }
}

fn dofs(model: &mut Model, simple: &[Simple], factor: &Factor) {
    for dof in 0..model.nv {
        let body = model.dofs.body[dof];
        model.dofs.invweight0[dof] = if simple[body] == Simple::Slides {
            1.0 / model.bodies.mass[body].max(TINY)
        } else {
            factor.inverse_weight([(dof, 1.0)])
        };
    }
    // A ball's three, and a free joint's two times three, share their mean.
    for joint in 0..model.joints.kind.len() {
        let count = model.joints.kind[joint].nv();
        let first = model.joints.dofadr[joint];
        if count > 1 {
            for three in model.dofs.invweight0[first..first + count].chunks_mut(3) {
                let mean = three.iter().sum::<f64>() / 3.0;
                three.fill(mean);
            }
        }
    }
}

fn tendons(model: &mut Model, factor: &Factor, lengths: Option<&Lengths>) {
    let at_rest = lengths.map(|_| Lengths::at(model, &model.qpos_spring));
    let nv = model.nv;
    let address = |joint: usize| model.joints.qposadr[joint];
    let tendons = &mut model.tendons;
    for (tendon, joints) in tendons.joints.iter().enumerate() {
        if !tendons.wraps[tendon].is_empty()
            && let (Some(lengths), Some(at_rest)) = (lengths, &at_rest)
        {
            tendons.length0[tendon] = lengths.tendons[tendon];
            if tendons.lengthspring[tendon] == [-1.0; 2] {
                tendons.lengthspring[tendon] = [at_rest.tendons[tendon]; 2];
            }
            let slopes = &lengths.tendon_slopes[tendon * nv..][..nv];
            let slopes = slopes.iter().copied().enumerate();
            tendons.invweight0[tendon] = factor.inverse_weight(slopes);
            continue;
        }
        let path = &tendons.path[tendon];
        let length = |qpos: &[f64]| -> f64 {
            let parts = path.iter().map(|(joint, c)| c * qpos[address(*joint)]);
            parts.sum()
        };
        tendons.length0[tendon] = length(&model.qpos0);
        if tendons.lengthspring[tendon] == [-1.0; 2] {
            tendons.lengthspring[tendon] = [length(&model.qpos_spring); 2];
        }
        let jacobian = joints
            .iter()
            .map(|(joint, c)| (model.joints.dofadr[*joint], *c));
        tendons.invweight0[tendon] = factor.inverse_weight(jacobian);
    }
}

/// Position servos whose damping is given as a ratio: a positive third coefficient of the bias.
fn dampings(model: &mut Model, pose: &Pose, inertia: &[f64], lengths: Option<&Lengths>) {
    for actuator in 0..model.nu {
        let (gain, bias) = (
            model.actuators.gainprm[actuator],
            model.actuators.biasprm[actuator],
        );
        if gain[0] != -bias[1] || bias[2] <= 0.0 {
            continue;
        }
        let moment = slopes(model, pose, actuator, lengths);
        let felt: f64 = moment
            .iter()
            .filter(|(_, moment)| moment * moment > TINY)
            .map(|(dof, moment)| inertia[*dof] / (moment * moment))
            .sum();
        model.actuators.biasprm[actuator][2] = -(bias[2] * 2.0 * (gain[0] * felt).sqrt());
    }
}

/// As [`moment`], from the dynamics where they were needed.
fn slopes(
    model: &Model,
    pose: &Pose,
    actuator: usize,
    lengths: Option<&Lengths>,
) -> Vec<(usize, f64)> {
    match lengths {
        None => moment(model, pose, actuator),
        Some(lengths) => {
            let slopes = &lengths.actuator_slopes[actuator * model.nv..][..model.nv];
            slopes.iter().copied().enumerate().collect()
        }
    }
}

/// Dofs that an actuator moves, and their velocities' shares in the velocity of its length.
fn moment(model: &Model, pose: &Pose, actuator: usize) -> Vec<(usize, f64)> {
    let gear = model.actuators.gear[actuator];
    let (joint, in_parent) = match model.actuators.transmission[actuator] {
        Transmission::Joint(joint) => (joint, false),
        Transmission::JointInParent(joint) => (joint, true),
        Transmission::Tendon(tendon) => {
            let joints = model.tendons.joints[tendon].iter();
            let dof = |joint: usize| model.joints.dofadr[joint];
            return joints
                .map(|(joint, c)| (dof(*joint), gear[0] * c))
                .collect();
        }
        // Their moments take the dynamics.
        Transmission::Site(..) | Transmission::SliderCrank(..) | Transmission::Body(_) => {
            return Vec::new();
        }
    };
    let count = model.joints.kind[joint].nv();
    let first = model.joints.dofadr[joint];
    let mut moment = gear;
    // In the reference pose a ball's frame is its parent's.
    if count == 6 && in_parent {
        let turn = pose.quat[model.joints.body[joint]].inverse();
        let torque = turn * DVec3::from_slice(&gear[3..]);
        moment[3..].copy_from_slice(&torque.to_array());
    }
    (0..count).map(|i| (first + i, moment[i])).collect()
}
