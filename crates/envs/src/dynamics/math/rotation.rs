//! Rotations as quaternions, matrices, and vectors: axis times angle. MuJoCo: Computation, "Numerical integration",
//! quaternions.

use std::f64::consts::{PI, TAU};

use glam::{DMat3, DQuat, DVec3};

use super::trig::sin_cos;
use crate::dynamics::MINVAL;

/// The quaternion at length one; no rotation where it has no length.
///
/// As in MuJoCo one that is a rounding away from length one stays as it is: a quarter turn then gives a matrix of
/// zeros and ones, and boxes that stand square to each other touch face to face.
pub(in crate::dynamics) fn unit(quat: DQuat) -> DQuat {
    let length = quat.length();
    if length < MINVAL {
        DQuat::IDENTITY
    } else if (length - 1.0).abs() > MINVAL {
        quat * (1.0 / length)
    } else {
        quat
    }
}

/// The rotation of a quaternion `w x y z` of any length; none where it has no length.
pub(in crate::dynamics) fn unit_quat(wxyz: &[f64]) -> DQuat {
    unit(DQuat::from_xyzw(wxyz[1], wxyz[2], wxyz[3], wxyz[0]))
}

/// The rotation by `angle` (rad) about a unit axis.
pub(in crate::dynamics) fn rotation(axis: DVec3, angle: f64) -> DQuat {
    let (sin, cos) = sin_cos(0.5 * angle);
    DQuat::from_vec4((axis * sin).extend(cos))
}

/// The matrix of a unit quaternion, local to world, by differences of squares: exact for quarter turns.
pub(crate) fn matrix(quat: DQuat) -> DMat3 {
    let DQuat { x, y, z, w } = quat;
    let (ww, xx, yy, zz) = (w * w, x * x, y * y, z * z);
    let (wx, wy, wz) = (w * x, w * y, w * z);
    let (xy, xz, yz) = (x * y, x * z, y * z);
    DMat3::from_cols(
        DVec3::new(ww + xx - yy - zz, 2.0 * (xy + wz), 2.0 * (xz - wy)),
        DVec3::new(2.0 * (xy - wz), ww - xx + yy - zz, 2.0 * (yz + wx)),
        DVec3::new(2.0 * (xz + wy), 2.0 * (yz - wx), ww - xx - yy + zz),
    )
}

/// The rotation's axis times its angle, at most π (rad).
pub(in crate::dynamics) fn rotation_vector(quat: DQuat) -> DVec3 {
    let axis = quat.xyz();
    let sin = axis.length();
    if sin < MINVAL {
        return DVec3::ZERO;
    }
    // The crate's arc tangent has the same bits on every CPU, the C library's has not.
    let angle = 2.0 * libm::atan2(sin, quat.w);
    let angle = if angle > PI { angle - TAU } else { angle };
    axis * (angle / sin)
}

/// Turns a quaternion `w x y z` in place by an angular velocity (rad/s, in the turned frame) over a time (s).
pub(in crate::dynamics) fn turn(wxyz: &mut [f64], velocity: DVec3, time: f64) {
    let speed = velocity.length();
    let mut quat = unit_quat(wxyz);
    if speed >= MINVAL {
        quat *= rotation(velocity / speed, time * speed);
    }
    wxyz[..4].copy_from_slice(&[quat.w, quat.x, quat.y, quat.z]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is square stays square; glam's own matrix has a diagonal of -2e-16 here.
    #[test]
    fn quarter_turns_have_zeros_in_their_matrices() {
        for axis in DVec3::AXES {
            let half = std::f64::consts::FRAC_1_SQRT_2;
            let quat = unit(DQuat::from_vec4((axis * half).extend(half)));
            assert_eq!(quat.w, half);
            let zeros = matrix(quat).to_cols_array();
            assert_eq!(zeros.iter().filter(|x| **x == 0.0).count(), 6, "{axis}");
        }
    }

    #[test]
    fn matrices_turn_as_quaternions_do() {
        let quat = unit(DQuat::from_xyzw(0.3, -0.7, 0.2, 0.5));
        assert!((quat.length() - 1.0).abs() < 1e-15);
        for v in DVec3::AXES {
            assert!((matrix(quat) * v - quat * v).length() < 1e-15);
        }
        assert_eq!(
            unit(DQuat::from_xyzw(0.0, 0.0, 0.0, 1e-20)),
            DQuat::IDENTITY
        );
    }

    #[test]
    fn vectors_undo_turns() {
        for angle in [0.0, 1e-9, 0.3, 3.0, -3.1] {
            let axis = DVec3::new(1.0, -2.0, 0.5).normalize();
            let mut quat = [2.0, 0.0, 0.0, 0.0];
            turn(&mut quat, axis * angle, 1.0);
            let found = rotation_vector(unit_quat(&quat));
            assert!((found - axis * angle).length() < 1e-14, "{angle}: {found}");
        }
    }

    #[test]
    fn more_than_half_a_turn_is_less_the_other_way() {
        let mut quat = [1.0, 0.0, 0.0, 0.0];
        turn(&mut quat, DVec3::Z, 4.0);
        assert!((rotation_vector(unit_quat(&quat)).z - (4.0 - TAU)).abs() < 1e-14);
    }
}
