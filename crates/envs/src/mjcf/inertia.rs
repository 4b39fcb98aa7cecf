//! Mass and inertia of shapes, their sum, and its principal axes.
//!
//! MuJoCo: Modeling, "Body inertias"; XML reference, `body/inertial`.

use super::orientation::unit_quat;
use crate::dynamics::matrix;
use crate::dynamics::model::GeomType;
use glam::{DMat3, DQuat, DVec3};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Off-diagonal inertia, and difference of moments, that count as none (kg m²).
const TINY: f64 = 1e-12;

/// A rigid body's mass distribution, in the frame of the body that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rigid {
    /// Mass (kg).
    pub(super) mass: f64,
    /// Centre of mass (m).
    pub(super) com: DVec3,
    /// Orientation of the principal axes.
    pub(super) quat: DQuat,
    /// Principal moments about the centre of mass (kg m²).
    pub(super) moments: DVec3,
}

/// Volume of a shape (m³); 0 for a plane, and for a mesh, which knows its own.
pub(super) fn volume(kind: GeomType, size: [f64; 3]) -> f64 {
    let [radius, half_length, height] = size;
    let ball = 4.0 * radius * radius * radius / 3.0;
    let cylinder = radius * radius * (2.0 * half_length);
    match kind {
        GeomType::Plane | GeomType::Mesh => 0.0,
        GeomType::Sphere => 4.0 * PI * radius * radius * radius / 3.0,
        GeomType::Capsule => PI * (cylinder + ball),
        GeomType::Ellipsoid => 4.0 * PI * radius * half_length * height / 3.0,
        GeomType::Cylinder => PI * radius * radius * (2.0 * half_length),
        GeomType::Box | GeomType::HField => radius * half_length * height * 8.0,
    }
}

/// Principal moments of a solid shape of this mass about its centre, in its own frame (kg m²); none of a mesh.
pub(super) fn moments(kind: GeomType, size: [f64; 3], mass: f64) -> DVec3 {
    let [radius, half_length, _] = size;
    let length = 2.0 * half_length;
    let ball = |mass: f64| 0.4 * mass * radius * radius;
    match kind {
        GeomType::Plane | GeomType::Mesh => DVec3::ZERO,
        GeomType::Sphere => DVec3::splat(ball(mass)),
        GeomType::Capsule => {
            // A cylinder and two half balls, whose centres of mass lie 3/8 of the radius beyond its ends.
            let caps = mass * 4.0 * radius / (4.0 * radius + 3.0 * length);
            let cylinder = mass - caps;
            let across = cylinder * (3.0 * radius * radius + length * length) / 12.0
                + ball(caps)
                + caps * length * (3.0 * radius + 2.0 * length) / 8.0;
            DVec3::new(
                across,
                across,
                0.5 * cylinder * radius * radius + ball(caps),
            )
        }
        GeomType::Cylinder => {
            let across = mass * (3.0 * radius * radius + length * length) / 12.0;
            DVec3::new(across, across, 0.5 * mass * radius * radius)
        }
        GeomType::Ellipsoid => across_squares(size) * (mass / 5.0),
        GeomType::Box | GeomType::HField => across_squares(size) * (mass / 3.0),
    }
}

/// For each axis the sum of the squares of the other two.
fn across_squares([x, y, z]: [f64; 3]) -> DVec3 {
    DVec3::new(y * y + z * z, x * x + z * z, x * x + y * y)
}

/// All parts as one; `None` when they weigh nothing or an inertia is not positive.
///
/// A single part keeps its axes, also where its moments are not in falling order.
pub(super) fn combine(parts: &[Rigid]) -> Option<Rigid> {
    let [first, rest @ ..] = parts else {
        return None;
    };
    if rest.is_empty() {
        return Some(*first);
    }
    let mass: f64 = parts.iter().map(|part| part.mass).sum();
    let com = parts.iter().map(|part| part.mass * part.com).sum::<DVec3>() / mass;
    let total = parts
        .iter()
        .map(|part| about(part, com))
        .fold(DMat3::ZERO, |sum, inertia| sum + inertia);
    let (moments, quat) = principal(&total)?;
    Some(Rigid {
        mass,
        com,
        quat,
        moments,
    })
}

/// Inertia of `part` about the point `com`, in the body's axes.
///
/// Entry by entry, and each sum in MuJoCo's order: where moments are equal, the last bit decides which axes
/// [`principal`] finds.
fn about(part: &Rigid, com: DVec3) -> DMat3 {
    let axes = matrix(part.quat);
    let turned = |i: usize, j: usize| {
        let entry = |k: usize| axes.col(k)[i] * (axes.col(k)[j] * part.moments[k]);
        entry(0) + entry(1) + entry(2)
    };
    let spread = about_point(part.mass, part.com - com);
    let entry = |i: usize, j: usize| turned(i, j) + spread.col(j)[i];
    symmetric([
        entry(0, 0),
        entry(1, 1),
        entry(2, 2),
        entry(0, 1),
        entry(0, 2),
        entry(1, 2),
    ])
}

/// Inertia of a point mass about a point that lies `-offset` from it.
pub(super) fn about_point(mass: f64, offset: DVec3) -> DMat3 {
    let DVec3 { x, y, z } = offset;
    symmetric([
        mass * (y * y + z * z),
        mass * (x * x + z * z),
        mass * (x * x + y * y),
        -mass * x * y,
        -mass * x * z,
        -mass * y * z,
    ])
}

/// The symmetric matrix of `xx yy zz xy xz yz`.
pub(super) fn symmetric([xx, yy, zz, xy, xz, yz]: [f64; 6]) -> DMat3 {
    DMat3::from_cols(
        DVec3::new(xx, xy, xz),
        DVec3::new(xy, yy, yz),
        DVec3::new(xz, yz, zz),
    )
}

/// The turn by a half angle's cosine and sine about one of the axes.
fn about_axis(axis: usize, cosine: f64, sine: f64) -> DQuat {
    let v = DVec3::AXES[axis] * sine;
    DQuat::from_xyzw(v.x, v.y, v.z, cosine)
}

/// Principal moments in falling order and the orientation of their axes; `None` unless all are positive.
pub(super) fn principal(inertia: &DMat3) -> Option<(DVec3, DQuat)> {
    let (moments, quat) = eigen(inertia);
    (moments.is_finite() && quat.is_finite() && moments.min_element() >= 1e-14)
        .then_some((moments, quat))
}

/// Eigenvalues in falling order and the orientation of their axes.
///
/// Jacobi's method on the largest off-diagonal element. Axes are swapped by quarter turns, and moments that
/// differ by less than 1e-12 keep their order, as in MuJoCo: its quaternions result, not just equivalent ones.
pub(super) fn eigen(inertia: &DMat3) -> (DVec3, DQuat) {
    let mut quat = DQuat::IDENTITY;
    let mut moments = DVec3::ZERO;
    for _ in 0..500 {
        let axes = matrix(quat);
        let d = axes.transpose() * *inertia * axes;
        moments = DVec3::new(d.x_axis.x, d.y_axis.y, d.z_axis.z);
        let (xy, xz, yz) = (d.y_axis.x, d.z_axis.x, d.z_axis.y);
        let (row, column, axis, off) = if xy.abs() > xz.abs() && xy.abs() > yz.abs() {
            (0, 1, 2, xy)
        } else if xz.abs() > yz.abs() {
            (0, 2, 1, xz)
        } else {
            (1, 2, 0, yz)
        };
        if off.abs() < TINY {
            break;
        }
        let tau = (moments[column] - moments[row]) / (2.0 * off);
        let tangent = 1.0 / (tau.abs() + (1.0 + tau * tau).sqrt());
        let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
        if cosine > 1.0 - TINY {
            break;
        }
        let sine = (0.5 - 0.5 * cosine).sqrt();
        let forward = (tau >= 0.0) == (axis == 1);
        let sine = if forward { sine } else { -sine };
        let turn = about_axis(axis, (1.0 - sine * sine).sqrt(), sine);
        quat = unit_quat(quat * unit_quat(turn));
    }
    for lead in [0, 1, 0] {
        if moments[lead] + TINY < moments[lead + 1] {
            (moments[lead], moments[lead + 1]) = (moments[lead + 1], moments[lead]);
            let quarter = about_axis((lead + 2) % 3, FRAC_1_SQRT_2, FRAC_1_SQRT_2);
            quat = unit_quat(quat * quarter);
        }
    }
    (moments, quat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capsule_agrees_with_slices() {
        // Thin discs along the axis: the definition of inertia, not the closed form.
        let (radius, half, density) = (0.3_f64, 0.7_f64, 250.0);
        let (mut mass, mut along, mut across) = (0.0, 0.0, 0.0);
        let n = 400_000;
        let step = 2.0 * (half + radius) / f64::from(n);
        for i in 0..n {
            let z = (f64::from(i) + 0.5) * step - half - radius;
            let over = (z.abs() - half).max(0.0);
            let r2 = radius * radius - over * over;
            let m = density * PI * r2 * step;
            mass += m;
            along += 0.5 * m * r2;
            across += m * (0.25 * r2 + z * z);
        }
        let size = [radius, half, 0.0];
        approx::assert_relative_eq!(
            density * volume(GeomType::Capsule, size),
            mass,
            max_relative = 1e-9
        );
        let found = moments(GeomType::Capsule, size, mass);
        approx::assert_relative_eq!(found.z, along, max_relative = 1e-9);
        approx::assert_relative_eq!(found.x, across, max_relative = 1e-9);
        assert_eq!(found.x, found.y);
    }

    #[test]
    fn a_capsule_without_length_is_a_sphere() {
        let size = [0.2, 0.0, 0.0];
        let ball = moments(GeomType::Sphere, size, 3.0);
        assert!((moments(GeomType::Capsule, size, 3.0) - ball).length() < 1e-15);
        approx::assert_relative_eq!(
            volume(GeomType::Capsule, size),
            volume(GeomType::Sphere, size)
        );
    }

    #[test]
    fn principal_axes_rebuild_the_matrix() {
        let full = symmetric([2.0, 3.0, 4.0, 0.3, -0.2, 0.5]);
        let (moments, quat) = principal(&full).unwrap();
        let axes = DMat3::from_quat(quat);
        let rebuilt = axes * DMat3::from_diagonal(moments) * axes.transpose();
        // The last turn is left out when it is under 1.4e-6 rad.
        assert!(
            (rebuilt - full)
                .to_cols_array()
                .iter()
                .all(|x| x.abs() < 5e-6)
        );
        // MuJoCo 3.3.7 on the same matrix.
        let axes = DQuat::from_xyzw(
            0.6473311205070227,
            0.007648037859624923,
            0.7186278657466176,
            0.2539250253765588,
        );
        assert!(quat.abs_diff_eq(axes, 1e-10), "{quat}");
        assert!(moments.abs_diff_eq(
            DVec3::new(4.209414984516053, 2.9272573058452216, 1.8633277096387282),
            1e-12
        ));
    }

    #[test]
    fn not_positive_is_none() {
        assert_eq!(principal(&symmetric([1.0, 1.0, -1.0, 0.0, 0.0, 0.0])), None);
        assert_eq!(principal(&DMat3::ZERO), None);
    }

    #[test]
    fn two_balls_are_a_dumbbell() {
        let ball = |x: f64| Rigid {
            mass: 2.0,
            com: DVec3::new(x, 0.0, 0.0),
            quat: DQuat::IDENTITY,
            moments: DVec3::splat(0.1),
        };
        let both = combine(&[ball(-1.0), ball(3.0)]).unwrap();
        assert_eq!((both.mass, both.com), (4.0, DVec3::X));
        // Two masses at distance 2 from the middle: 2·2·2² on top of the balls' own.
        assert!((both.moments - DVec3::new(16.2, 16.2, 0.2)).length() < 1e-12);
    }
}
