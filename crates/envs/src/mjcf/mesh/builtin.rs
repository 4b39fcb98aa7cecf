//! Shapes that a mesh can be without a file. MuJoCo: XML reference, `mesh/builtin`.
//!
//! Superquadrics bend a circle by raising its cosine and sine, without their signs, to a power.

use std::collections::HashMap;
use std::f64::consts::{FRAC_PI_2, PI};

use super::super::asset::Builtin;
use super::Surface;
use crate::dynamics::sin_cos;

/// Most points around or along a shape.
const MOST: f64 = 1000.0;

/// A whole number between two.
fn whole(name: &str, value: f64, [low, high]: [f64; 2]) -> Result<usize, String> {
    // As in MuJoCo fractions are cut off.
    let value = value.trunc();
    if (low..=high).contains(&value) {
        Ok(value as usize)
    } else {
        Err(format!("{name} is {value}; it must be {low} to {high}"))
    }
}

/// A shape by its parameters.
///
/// # Errors
/// When there are too many or few of these, or one is out of range.
pub(super) fn shape(kind: Builtin, params: &[f64]) -> Result<Surface, String> {
    match (kind, params) {
        (Builtin::Sphere, [divisions]) => Ok(sphere(whole(
            "the number of divisions",
            *divisions,
            [0.0, 4.0],
        )?)),
        (Builtin::Hemisphere, [rows]) => {
            Ok(hemisphere(whole("the number of rows", *rows, [0.0, 10.0])?))
        }
        (Builtin::Cone, [edges, radius]) => Ok(cone(
            whole("the number of edges", *edges, [3.0, MOST])?,
            *radius,
        )),
        (Builtin::Supersphere, [points, e, n]) => {
            at_least("e", *e)?;
            at_least("n", *n)?;
            Ok(supersphere(
                whole("the number of points", *points, [3.0, MOST])?,
                *e,
                *n,
            ))
        }
        (Builtin::Supertorus, [points, radius, s, t]) => {
            if !(*radius > 0.0 && *radius <= 1.0) {
                return Err(format!(
                    "the radius is {radius}; it must be greater than 0 and at most 1"
                ));
            }
            if !(*s > 0.0 && *t > 0.0) {
                return Err(format!(
                    "s and t are {s} and {t}; they must be greater than 0"
                ));
            }
            Ok(supertorus(
                whole("the number of points", *points, [3.0, MOST])?,
                *radius,
                [*s, *t],
            ))
        }
        (Builtin::Plate, [rows, columns]) => Ok(plate([
            whole("the number of rows", *rows, [1.0, MOST])?,
            whole("the number of columns", *columns, [1.0, MOST])?,
        ])),
        _ => Err(format!(
            "params has {} numbers, which is too many or too few for this builtin",
            params.len()
        )),
    }
}

fn at_least(name: &str, value: f64) -> Result<(), String> {
    if value >= 0.0 {
        Ok(())
    } else {
        Err(format!("{name} is {value}; it must be 0 or more"))
    }
}

fn single(point: [f64; 3]) -> [f32; 3] {
    point.map(|x| x as f32)
}

/// Cosine and sine of an angle, their sizes raised to a power.
fn bent(angle: f64, power: f64) -> [f64; 2] {
    let (sin, cos) = sin_cos(angle);
    [cos, sin].map(|x| libm::pow(x.abs(), power).copysign(x))
}

/// An icosahedron, each of whose triangles becomes four, again and again; its corners lie on a ball.
fn sphere(divisions: usize) -> Surface {
    let golden = ((1.0 + 5f64.sqrt()) / 2.0) as f32;
    let length = (1.0 + f64::from(golden * golden)).sqrt();
    let mut vert = Vec::new();
    for (first, second) in [(0, 1), (1, 2), (2, 0)] {
        // Pairs of coordinates (±1, ±golden) in each of three planes.
        for (short, long) in [(-1.0, 1.0), (1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)] {
            let mut point = [0.0; 3];
            point[first] = short;
            point[second] = long * golden;
            vert.push(point.map(|x: f32| (f64::from(x) / length) as f32));
        }
    }
    let mut face: Vec<[usize; 3]> = ICOSAHEDRON_FACES.to_vec();
    for _ in 0..divisions {
        let mut middles = HashMap::new();
        let mut middle = |a: usize, b: usize| {
            *middles.entry([a.min(b), a.max(b)]).or_insert_with(|| {
                let [p, q] = [vert[a], vert[b]];
                let point: [f32; 3] = std::array::from_fn(|i| (p[i] + q[i]) / 2.0);
                let [x, y, z] = point;
                let length = (x * x + y * y + z * z).sqrt();
                vert.push(point.map(|x| x / length));
                vert.len() - 1
            })
        };
        let mut finer = Vec::with_capacity(4 * face.len());
        for [a, b, c] in face {
            let [ab, bc, ca] = [middle(a, b), middle(b, c), middle(c, a)];
            finer.extend([[a, ab, ca], [b, bc, ab], [c, ca, bc], [ab, bc, ca]]);
        }
        face = finer;
    }
    Surface { vert, face }
}

const ICOSAHEDRON_FACES: [[usize; 3]; 20] = [
    [0, 11, 5],
    [0, 5, 1],
    [0, 1, 7],
    [0, 7, 10],
    [0, 10, 11],
    [1, 5, 9],
    [5, 11, 4],
    [11, 10, 2],
    [10, 7, 6],
    [7, 1, 8],
    [3, 9, 4],
    [3, 4, 2],
    [3, 2, 6],
    [3, 6, 8],
    [3, 8, 9],
    [4, 9, 5],
    [2, 4, 11],
    [6, 2, 10],
    [8, 6, 7],
    [9, 8, 1],
];

/// The upper half of a ball, from the pole in rows of four sides, and its flat side as a fan.
fn hemisphere(rows: usize) -> Surface {
    const EQUATOR: [[f64; 3]; 4] = [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [-1.0, 0.0, 0.0],
        [0.0, -1.0, 0.0],
    ];
    let mut vert = vec![[0.0, 0.0, 1.0]];
    for row in 0..=rows {
        let share = (row + 1) as f64 / (rows + 1) as f64;
        let toward = |end: [f64; 3]| [share * end[0], share * end[1], 1.0 + share * (end[2] - 1.0)];
        for side in 0..4 {
            let (start, end) = (toward(EQUATOR[side]), toward(EQUATOR[(side + 1) % 4]));
            for i in 0..=row {
                let step = |axis: usize| (end[axis] - start[axis]) / (row + 1) as f64;
                let point: [f64; 3] =
                    std::array::from_fn(|axis| start[axis] + i as f64 * step(axis));
                let [x, y, z] = point;
                let length = (x * x + y * y + z * z).sqrt();
                vert.push(single(point.map(|x| x / length)));
            }
        }
    }
    let centre = vert.len();
    vert.push([0.0; 3]);
    let mut face = vec![[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 1]];
    for row in 0..rows {
        let (here, count) = (2 * row * (row + 1) + 1, 4 * (row + 1));
        let (next, next_count) = (here + count, 4 * (row + 2));
        for side in 0..4 {
            for i in 0..row + 2 {
                let (a, b) = (i + (row + 1) * side, i + (row + 2) * side);
                let after = next + (b + 1) % next_count;
                face.push([here + a % count, next + b % next_count, after]);
                if i <= row {
                    face.push([here + a % count, after, here + (a + 1) % count]);
                }
            }
        }
    }
    let (last, count) = (2 * rows * (rows + 1) + 1, 4 * (rows + 1));
    face.extend((0..count).map(|i| [last + i, centre, last + (i + 1) % count]));
    Surface { vert, face }
}

/// A regular polygon below and a smaller one, or a point, above; the hull gives the triangles.
fn cone(edges: usize, radius: f64) -> Surface {
    let corner = |i: usize, radius: f64, z: f64| {
        let (sin, cos) = sin_cos((2 * i) as f64 * PI / edges as f64);
        single([radius * cos, radius * sin, z])
    };
    let mut vert: Vec<_> = (0..edges).map(|i| corner(i, 1.0, -1.0)).collect();
    if radius > 0.0 {
        vert.extend((edges..2 * edges).map(|i| corner(i, radius, 1.0)));
    } else {
        vert.push([0.0, 0.0, 1.0]);
    }
    Surface {
        vert,
        face: Vec::new(),
    }
}

/// Rings between two poles.
fn supersphere(points: usize, e: f64, n: f64) -> Surface {
    let mut vert = vec![[0.0, 0.0, -1.0]];
    for i in 1..points {
        let [across, up] = bent(-FRAC_PI_2 + i as f64 * PI / points as f64, n);
        for j in 0..points {
            let [x, y] = bent(-PI + (j * 2) as f64 * PI / points as f64, e);
            vert.push(single([across * x, across * y, up]));
        }
    }
    let top = vert.len();
    vert.push([0.0, 0.0, 1.0]);
    let on = |ring: usize, j: usize| 1 + ring * points + j % points;
    let mut face: Vec<_> = (0..points).map(|j| [0, on(0, j + 1), on(0, j)]).collect();
    for ring in 0..points - 2 {
        for j in 0..points {
            let [a, b] = [on(ring, j), on(ring, j + 1)];
            let [d, c] = [on(ring + 1, j), on(ring + 1, j + 1)];
            face.extend([[a, b, d], [b, c, d]]);
        }
    }
    face.extend((0..points).map(|j| [on(points - 2, j), on(points - 2, j + 1), top]));
    Surface { vert, face }
}

/// Rings around a ring.
fn supertorus(points: usize, radius: f64, [s, t]: [f64; 2]) -> Surface {
    let (mut vert, mut face) = (Vec::new(), Vec::new());
    let angle = |i: usize| 2.0 * PI * i as f64 / points as f64;
    for i in 0..points {
        let [x, y] = bent(angle(i), t);
        for j in 0..points {
            let [out, up] = bent(angle(j), s);
            let across = 1.0 + radius * out;
            vert.push(single([across * x, across * y, radius * up]));
            let (next, beside) = ((i + 1) % points, (j + 1) % points);
            let [a, b] = [i * points + j, next * points + j];
            let [d, c] = [i * points + beside, next * points + beside];
            face.extend([[a, b, d], [b, c, d]]);
        }
    }
    Surface { vert, face }
}

/// A grid of points on the lower side of a cube, in the middles of its cells.
fn plate([rows, columns]: [usize; 2]) -> Surface {
    let (mut vert, mut face) = (Vec::new(), Vec::new());
    for i in 0..rows {
        for j in 0..columns {
            let middle = |k: usize, count: usize| -1.0 + (k as f64 + 0.5) * (2.0 / count as f64);
            vert.push(single([middle(i, rows), middle(j, columns), -1.0]));
            if i > 0 && j > 0 {
                let at = |i: usize, j: usize| i * columns + j;
                let [near, far] = [at(i, j - 1), at(i - 1, j)];
                face.extend([[at(i - 1, j - 1), near, far], [at(i, j), far, near]]);
            }
        }
    }
    Surface { vert, face }
}
