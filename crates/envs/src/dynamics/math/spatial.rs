//! Six-dimensional motions, forces and inertias (Featherstone), rotation first.
//!
//! All are expressed in world axes about one point per kinematic tree: the tree's centre of mass, which keeps
//! the numbers small. MuJoCo: Computation, "General framework".

use glam::{DMat3, DVec3};

/// A motion (angular and linear velocity) or a force (torque and force).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spatial {
    /// Angular velocity (rad/s) or torque (N m).
    pub angular: DVec3,
    /// Linear velocity (m/s) or force (N).
    pub linear: DVec3,
}

impl Spatial {
    /// The motion of a unit velocity about `axis`, seen `offset` away from a point on the axis.
    pub(in crate::dynamics) fn hinge(axis: DVec3, offset: DVec3) -> Self {
        Self {
            angular: axis,
            linear: axis.cross(offset),
        }
    }

    /// The motion of a unit velocity along `axis`.
    pub(in crate::dynamics) fn slide(axis: DVec3) -> Self {
        Self {
            angular: DVec3::ZERO,
            linear: axis,
        }
    }

    /// All six numbers, rotation first.
    #[must_use]
    pub fn to_array(&self) -> [f64; 6] {
        let ([a, b, c], [d, e, f]) = (self.angular.to_array(), self.linear.to_array());
        [a, b, c, d, e, f]
    }

    /// Power of a force over a motion.
    pub(in crate::dynamics) fn dot(&self, other: &Self) -> f64 {
        self.angular.dot(other.angular) + self.linear.dot(other.linear)
    }

    /// Rate of change of a motion that moves with velocity `self`.
    pub(in crate::dynamics) fn cross_motion(&self, motion: &Self) -> Self {
        Self {
            angular: self.angular.cross(motion.angular),
            linear: self.angular.cross(motion.linear) + self.linear.cross(motion.angular),
        }
    }

    /// Rate of change of a force (or momentum) that moves with velocity `self`.
    pub(in crate::dynamics) fn cross_force(&self, force: &Self) -> Self {
        Self {
            angular: self.angular.cross(force.angular) + self.linear.cross(force.linear),
            linear: self.angular.cross(force.linear),
        }
    }

    /// Adds `scale` times another one.
    pub(in crate::dynamics) fn add_scaled(&mut self, other: &Self, scale: f64) {
        self.angular += other.angular * scale;
        self.linear += other.linear * scale;
    }

    /// Adds another one.
    pub(in crate::dynamics) fn add(&mut self, other: &Self) {
        self.angular += other.angular;
        self.linear += other.linear;
    }
}

/// Inertia of a rigid body about a point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpatialInertia {
    /// Rotational inertia about the point, `xx, yy, zz, xy, xz, yz` (kg m²).
    pub rotational: [f64; 6],
    /// Mass times the centre of mass relative to the point (kg m).
    pub moment: DVec3,
    /// Mass (kg).
    pub mass: f64,
}

impl SpatialInertia {
    /// Inertia of a body with principal moments `inertia` along the columns of `axes`, whose centre of mass
    /// lies `offset` from the point.
    pub(in crate::dynamics) fn new(inertia: DVec3, axes: &DMat3, offset: DVec3, mass: f64) -> Self {
        let [a, b, c] = [axes.x_axis, axes.y_axis, axes.z_axis];
        let entry = |i: usize, j: usize| {
            a[i] * a[j] * inertia.x + b[i] * b[j] * inertia.y + c[i] * c[j] * inertia.z
        };
        let square = offset * offset;
        Self {
            rotational: [
                entry(0, 0) + mass * (square.y + square.z),
                entry(1, 1) + mass * (square.x + square.z),
                entry(2, 2) + mass * (square.x + square.y),
                entry(0, 1) - mass * offset.x * offset.y,
                entry(0, 2) - mass * offset.x * offset.z,
                entry(1, 2) - mass * offset.y * offset.z,
            ],
            moment: offset * mass,
            mass,
        }
    }

    /// All ten numbers in MuJoCo's order: rotational inertia, moment, mass.
    #[must_use]
    pub fn to_array(&self) -> [f64; 10] {
        let ([xx, yy, zz, xy, xz, yz], m) = (self.rotational, self.moment);
        [xx, yy, zz, xy, xz, yz, m.x, m.y, m.z, self.mass]
    }

    /// Momentum of a motion.
    pub(in crate::dynamics) fn mul(&self, v: &Spatial) -> Spatial {
        let [xx, yy, zz, xy, xz, yz] = self.rotational;
        let w = v.angular;
        let rotated = DVec3::new(
            xx * w.x + xy * w.y + xz * w.z,
            xy * w.x + yy * w.y + yz * w.z,
            xz * w.x + yz * w.y + zz * w.z,
        );
        Spatial {
            angular: rotated + self.moment.cross(v.linear),
            linear: v.linear * self.mass - self.moment.cross(w),
        }
    }

    /// Adds the inertia of another body about the same point.
    pub(in crate::dynamics) fn add(&mut self, other: &Self) {
        for (a, b) in self.rotational.iter_mut().zip(other.rotational) {
            *a += b;
        }
        self.moment += other.moment;
        self.mass += other.mass;
    }
}
