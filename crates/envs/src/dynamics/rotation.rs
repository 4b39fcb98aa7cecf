//! Rotations as vectors: axis times angle. MuJoCo: Computation, "Numerical integration", quaternions.

use std::f64::consts::{PI, TAU};

use glam::{DQuat, DVec3};

use super::MINVAL;
use super::kinematics::{rotation, unit_quat};

/// The rotation's axis times its angle, at most π (rad).
pub(super) fn rotation_vector(quat: DQuat) -> DVec3 {
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
pub(super) fn turn(wxyz: &mut [f64], velocity: DVec3, time: f64) {
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
