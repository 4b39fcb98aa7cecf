//! Orientations: the five ways in which MJCF writes one.
//!
//! MuJoCo: Modeling, "Frame orientations".

use super::element::Element;
use super::spec::Compiler;
use crate::Result;
use glam::{DMat3, DQuat, DVec3};

/// Lengths under which a direction counts as none.
const TINY: f64 = 1e-14;

const WAYS: [&str; 5] = ["quat", "axisangle", "xyaxes", "zaxis", "euler"];

/// The element's orientation in its parent's frame; `None` when it gives none.
pub(super) fn read(element: &Element, compiler: &Compiler) -> Result<Option<DQuat>> {
    let given = element.present(&WAYS);
    if given.len() > 1 {
        return Err(element.error(format!(
            "{} all give an orientation; give one",
            given.join(", ")
        )));
    }
    let unit = if compiler.degrees {
        std::f64::consts::PI / 180.0
    } else {
        1.0
    };
    if let Some([w, x, y, z]) = element.exactly::<4>("quat")? {
        return normalized(element, DQuat::from_xyzw(x, y, z, w)).map(Some);
    }
    if let Some([x, y, z, angle]) = element.exactly::<4>("axisangle")? {
        let axis = direction(element, "axisangle", DVec3::new(x, y, z))?;
        return Ok(Some(DQuat::from_axis_angle(axis, angle * unit)));
    }
    if let Some([a, b, c, d, e, f]) = element.exactly::<6>("xyaxes")? {
        let x = direction(element, "xyaxes", DVec3::new(a, b, c))?;
        let y = DVec3::new(d, e, f);
        let y = direction(element, "xyaxes", y - x * x.dot(y))?;
        return Ok(Some(DQuat::from_mat3(&DMat3::from_cols(x, y, x.cross(y)))));
    }
    if let Some(z) = element.exactly::<3>("zaxis")? {
        return Ok(Some(from_z(direction(
            element,
            "zaxis",
            DVec3::from_array(z),
        )?)));
    }
    let euler = element.exactly::<3>("euler")?;
    Ok(euler.map(|angles| from_euler(angles.map(|a| a * unit), &compiler.eulerseq)))
}

/// The direction of `v`, unless it is too short to have one.
pub(super) fn direction(element: &Element, attribute: &str, v: DVec3) -> Result<DVec3> {
    unit(v).ok_or_else(|| {
        element.error(format!(
            "{attribute} has no direction in ({}, {}, {})",
            v.x, v.y, v.z
        ))
    })
}

/// `v` at length one; `None` when it is too short or too long to have a direction.
pub(super) fn unit(v: DVec3) -> Option<DVec3> {
    let length = v.length();
    (length > TINY && length.is_finite()).then(|| v / length)
}

fn normalized(element: &Element, q: DQuat) -> Result<DQuat> {
    let length = q.length();
    if length > TINY && length.is_finite() {
        Ok(q / length)
    } else {
        Err(element.error(format!("quat has length {length}; it must not be zero")))
    }
}

/// The smallest rotation that takes the z axis to the unit vector `to`; half a turn about x for -z.
pub(super) fn from_z(to: DVec3) -> DQuat {
    let cross = DVec3::Z.cross(to);
    let sine = cross.length();
    let axis = if sine < 1e-10 { DVec3::X } else { cross / sine };
    DQuat::from_axis_angle(axis, sine.atan2(to.z))
}

/// Rotations about the axes of `sequence` in turn; `true` marks an axis that stays fixed.
fn from_euler(angles: [f64; 3], sequence: &[(usize, bool); 3]) -> DQuat {
    let mut total = DQuat::IDENTITY;
    for (angle, &(axis, fixed)) in angles.into_iter().zip(sequence) {
        let turn = DQuat::from_axis_angle(DVec3::AXES[axis], angle);
        total = if fixed { turn * total } else { total * turn };
    }
    total.normalize()
}
