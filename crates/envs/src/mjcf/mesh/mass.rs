//! Volume, centre of mass and inertia of a surface of triangles: sums over the pyramids between a point and the
//! triangles, or over the triangles themselves.
//!
//! MuJoCo: XML reference, `mesh/inertia`; Modeling, "Meshes". Sums are in MuJoCo's order.

use super::MeshInertia;
use crate::mjcf::inertia::symmetric;
use glam::{DMat3, DVec3};

/// Areas and volumes under this count as none.
pub(super) const TINY: f64 = 1e-15;

/// A triangle's middle, unit normal and area; area 0 and no normal where it is too thin.
fn triangle([a, b, c]: [DVec3; 3]) -> (DVec3, DVec3, f64) {
    let middle = (a + b + c) / 3.0;
    let normal = (b - a).cross(c - a);
    let length = normal.length();
    if length < TINY {
        (middle, normal, 0.0)
    } else {
        (middle, normal / length, 0.5 * length)
    }
}

/// A triangle's area (m²).
pub(super) fn area(triangle_: [DVec3; 3]) -> f64 {
    triangle(triangle_).2
}

/// What a surface weighs at density 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weight {
    /// Volume (m³), or area (m²) of a shell.
    pub(super) volume: f64,
    pub(super) com: DVec3,
    /// About the centre of mass.
    pub(super) inertia: DMat3,
}

/// What the surface of these triangles weighs; `all` are those of the mesh, `faces` those that are summed, which differ
/// for a convex hull.
pub(super) fn weigh(
    vert: &[DVec3],
    all: &[[usize; 3]],
    faces: &[[usize; 3]],
    rule: MeshInertia,
) -> Result<Weight, String> {
    let at = |face: &[usize; 3]| face.map(|corner| vert[corner]);
    let (mut centre, mut area) = (DVec3::ZERO, 0.0);
    for face in all {
        let (middle, _, size) = triangle(at(face));
        centre += size * middle;
        area += size;
    }
    if area < TINY || !area.is_finite() {
        return Err(format!("its area is {area} m², too little or too much"));
    }
    centre /= area;
    let shell = rule == MeshInertia::Shell;
    // The pyramid between a point and a triangle, or the triangle.
    let size = |(middle, normal, area): (DVec3, DVec3, f64), from: DVec3| {
        let volume = if shell {
            area
        } else {
            (middle - from).dot(normal) * area / 3.0
        };
        if rule == MeshInertia::Legacy {
            volume.abs()
        } else {
            volume
        }
    };
    let (mut com, mut volume) = (DVec3::ZERO, 0.0);
    for face in faces {
        let part = triangle(at(face));
        let size = size(part, centre);
        volume += size;
        com += size * (part.0 * 3.0 / 4.0 + centre / 4.0);
    }
    if volume < TINY || !volume.is_finite() {
        return Err(if volume < 0.0 {
            format!("its volume is {volume} m³: its triangles are turned inside out")
        } else {
            format!(
                "its volume is {volume} m³, too little or too much; inertia=`shell` takes its area"
            )
        });
    }
    com /= volume;
    let mut products = [0.0; 6];
    let mut volume = 0.0;
    for face in faces {
        let corners = at(face).map(|corner| corner - com);
        let size = size(triangle(corners), DVec3::ZERO);
        volume += size;
        let share = size / if shell { 12.0 } else { 20.0 };
        let [d, e, f] = corners;
        for (sum, [i, j]) in
            products
                .iter_mut()
                .zip([[0, 0], [1, 1], [2, 2], [0, 1], [0, 2], [1, 2]])
        {
            let squares = d[i] * d[j] + e[i] * e[j] + f[i] * f[j];
            let pairs = [(d, e), (d, f), (e, f)];
            let all = pairs
                .iter()
                .fold(2.0 * squares, |sum, (a, b)| sum + a[i] * b[j] + a[j] * b[i]);
            *sum += share * all;
        }
    }
    let [xx, yy, zz, xy, xz, yz] = products;
    Ok(Weight {
        volume,
        com,
        inertia: symmetric([yy + zz, xx + zz, xx + yy, -xy, -xz, -yz]),
    })
}
