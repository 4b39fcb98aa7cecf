//! Boxes against planes, spheres and capsules.

use glam::DVec3;

use super::{Ball, Shape, Touch, Touches};
use crate::dynamics::MINVAL;

/// Corners of a box by number: bit `i` says whether the corner is at the positive end of axis `i`.
fn corner(number: usize, size: [f64; 3]) -> DVec3 {
    let end = |axis: usize| {
        if number & (1 << axis) == 0 {
            -size[axis]
        } else {
            size[axis]
        }
    };
    DVec3::new(end(0), end(1), end(2))
}

/// Plane against box: its first four corners below its middle.
pub(super) fn plane(plane: &Ball, cube: &Shape, margin: f64, touches: &mut Touches) {
    let normal = plane.axis;
    let height = (cube.pos - plane.centre).dot(normal);
    for number in 0..8 {
        let corner = *cube.mat * corner(number, *cube.size);
        let below = normal.dot(corner);
        let dist = height + below;
        if dist > margin || below > 0.0 || touches.count == 4 {
            continue;
        }
        touches.push(Touch {
            dist,
            pos: corner + cube.pos - normal * (dist / 2.0),
            normal,
            tangent: DVec3::ZERO,
        });
    }
}

/// Sphere against box.
pub(super) fn sphere(ball: &Ball, cube: &Shape, margin: f64) -> Option<Touch> {
    let size = DVec3::from_array(*cube.size);
    let centre = cube.local(ball.centre - cube.pos);
    let nearest = centre.clamp(-size, size);
    let towards = nearest - centre;
    let outside = towards.length();
    if outside - ball.radius > margin {
        return None;
    }
    let (dist, pos, normal) = if outside <= MINVAL {
        let (depth, inwards) = way_out(centre, cube.size);
        let pos = centre + inwards * ((ball.radius - depth) / 2.0);
        (-depth, pos, inwards)
    } else {
        let normal = towards * (1.0 / outside);
        let deepest = centre + normal * ball.radius;
        (outside, nearest * 0.5 + deepest * 0.5, normal)
    };
    Some(Touch {
        dist: dist - ball.radius,
        pos: *cube.mat * pos + cube.pos,
        normal: *cube.mat * normal,
        tangent: DVec3::ZERO,
    })
}

/// How deep a point is inside a box, and the direction from the nearest face inwards.
fn way_out(point: DVec3, size: &[f64; 3]) -> (f64, DVec3) {
    let mut best = ((size[0] + size[1] + size[2]) * 2.0, DVec3::ZERO);
    for axis in 0..3 {
        for side in [-1.0, 1.0] {
            let depth = (side * size[axis] - point[axis]).abs();
            if depth < best.0 {
                best = (depth, DVec3::AXES[axis] * -side);
            }
        }
    }
    best
}

/// A capsule's segment in the axes of a box.
struct Segment {
    middle: DVec3,
    /// Unit direction.
    axis: DVec3,
    /// From the middle to the end.
    half: DVec3,
    half_length: f64,
}

impl Segment {
    /// Whether it goes towards the positive end of each axis, as the number of a corner.
    fn octant(&self) -> usize {
        (0..3).map(|i| usize::from(self.half[i] > 0.0) << i).sum()
    }
}

/// The part of a box that a segment comes nearest to.
#[derive(Clone, Copy)]
enum Part {
    /// A face, by its axis, or the inside of the box.
    Face(Option<usize>),
    Corner(usize),
    /// An edge: its axis, the corner at its negative end, and where on it in half-lengths.
    Edge(usize, usize, f64),
}

/// Capsule against box: the nearest point of the segment, as a sphere, and a second one where the capsule lies
/// along a face or an edge.
pub(super) fn capsule(capsule: &Shape, cube: &Shape, margin: f64, touches: &mut Touches) {
    let axis = cube.local(capsule.mat.z_axis);
    let [radius, half_length, _] = *capsule.size;
    let segment = Segment {
        middle: cube.local(capsule.pos - cube.pos),
        axis,
        half: axis * half_length,
        half_length,
    };
    let [x, y, z] = *cube.size;
    let far = margin + 2.0 * (radius + half_length + x + y + z);
    let Some((place, part)) = nearest(&segment, cube.size, far) else {
        return;
    };
    let mut touch_at = |along: f64| {
        let local = segment.middle + segment.half * along;
        let ball = Ball {
            centre: *cube.mat * local + cube.pos,
            radius,
            axis: capsule.mat.z_axis,
        };
        touches.extend(sphere(&ball, cube, margin));
    };
    touch_at(place);
    if let Some(further) = second(&segment, cube.size, place, part) {
        touch_at(further + place);
    }
}

/// The place of a segment nearest to a box, in half-lengths, and what of the box is there: the ends against the
/// faces, then the segment against the edges.
fn nearest(segment: &Segment, size: &[f64; 3], far: f64) -> Option<(f64, Part)> {
    let mut best = far;
    let mut found = None;
    for end in [-1.0, 1.0] {
        let point = segment.middle + segment.half * end;
        let limit = DVec3::from_array(*size);
        let clamped = point.clamp(-limit, limit);
        let mut beyond = (0..3).filter(|&i| clamped[i] != point[i]);
        let (face, other) = (beyond.next(), beyond.next());
        let square = (clamped - point).length_squared();
        if other.is_none() && square < best {
            best = square;
            found = Some((end, Part::Face(face)));
        }
    }
    for axis in 0..3 {
        for number in (0..8).filter(|number| number & (1 << axis) == 0) {
            let mut middle = corner(number, *size);
            middle[axis] = 0.0;
            let from = middle - segment.middle;
            let Some(near) = near_edge(segment, size[axis], from, axis) else {
                continue;
            };
            // As near means parallel to the box, where rounding decides.
            if near.square < best - MINVAL {
                best = near.square;
                let part = match near.end {
                    Some(true) => Part::Corner(number | 1 << axis),
                    Some(false) => Part::Corner(number),
                    None => Part::Edge(axis, number, near.on_edge),
                };
                found = Some((near.along, part));
            }
        }
    }
    found
}

/// The nearest places of an edge and a segment.
struct NearEdge {
    /// On the edge, in half-lengths from its middle.
    on_edge: f64,
    /// Whether the edge was cut at its positive end, or at its negative one.
    end: Option<bool>,
    /// On the segment, in half-lengths.
    along: f64,
    /// Squared distance.
    square: f64,
}

/// The nearest places of an edge and a segment; `None` where they are parallel. `from` leads from the middle of
/// the segment to that of the edge.
fn near_edge(segment: &Segment, half_edge: f64, from: DVec3, axis: usize) -> Option<NearEdge> {
    let (aa, ab, bb) = (
        half_edge * half_edge,
        -half_edge * segment.half[axis],
        segment.half_length * segment.half_length,
    );
    let (u, v) = (-half_edge * from[axis], segment.half.dot(from));
    let determinant = aa * bb - ab * ab;
    if determinant.abs() < MINVAL {
        return None;
    }
    let inverse = 1.0 / determinant;
    let mut x = (bb * u - ab * v) * inverse;
    let mut y = (aa * v - ab * u) * inverse;
    let mut end = None;
    if x.abs() > 1.0 {
        end = Some(x > 0.0);
        x = x.signum();
        y = (v - ab * x) * (1.0 / bb);
    }
    if y.abs() > 1.0 {
        y = y.signum();
        x = (u - ab * y) * (1.0 / aa);
        // A first cut still counts, even if the place is now off that end.
        if x.abs() > 1.0 {
            end = Some(x > 0.0);
            x = x.signum();
        }
    }
    let mut between = from - segment.half * y;
    between[axis] += half_edge * x;
    Some(NearEdge {
        on_edge: x,
        end,
        along: y,
        square: between.length_squared(),
    })
}

/// How far from the nearest place of the segment, in half-lengths, a second one is useful.
fn second(segment: &Segment, size: &[f64; 3], place: f64, part: Part) -> Option<f64> {
    match part {
        Part::Face(face) => beside_face(segment, size, place, face?),
        Part::Corner(number) => beside_corner(segment, size, place, number),
        Part::Edge(axis, number, on_edge) => {
            beside_edge(segment, size, place, (axis, number, on_edge))
        }
    }
}

/// The segment's length, in half-lengths, over the whole width of a box along an axis.
fn width(segment: &Segment, size: &[f64; 3], axis: usize) -> f64 {
    2.0 * size[axis] / segment.half[axis].abs()
}

/// An end is nearest to a face: the other end, or where the segment leaves the space above the face.
fn beside_face(segment: &Segment, size: &[f64; 3], place: f64, face: usize) -> Option<f64> {
    let inwards = -place;
    let end = segment.middle + segment.half * place;
    let mut length = 2.0;
    for axis in (0..3).filter(|&axis| axis != face) {
        for side in [size[axis], -size[axis]] {
            let leaves = (side - end[axis]) / segment.half[axis] * inwards;
            if leaves > 0.0 && leaves < length {
                length = leaves;
            }
        }
    }
    Some(length * inwards)
}

/// A corner is nearest: along the edge or the face that the segment follows, if it does.
fn beside_corner(segment: &Segment, size: &[f64; 3], place: f64, number: usize) -> Option<f64> {
    let turn = segment.octant() ^ number;
    // Towards the end of the segment that follows one axis only, or away from it.
    let (forwards, odd) = match turn {
        1 | 2 | 4 => (1.0, turn),
        3 | 5 | 6 => (-1.0, 7 - turn),
        // Pointing at the corner or away.
        _ => return None,
    };
    let axis = odd.trailing_zeros() as usize;
    if segment.axis[axis] * segment.axis[axis] > 0.5 {
        let length = 1.0 - forwards * place;
        Some(shorter(width(segment, size, axis), length) * forwards)
    } else {
        let mut length = 1.0 + forwards * place;
        for other in [(axis + 1) % 3, (axis + 2) % 3] {
            length = shorter(width(segment, size, other), length);
        }
        Some(length * -forwards)
    }
}

/// An edge is nearest: across the face that makes the smaller angle with the segment, if it points over one.
fn beside_edge(
    segment: &Segment,
    size: &[f64; 3],
    place: f64,
    (axis, number, on_edge): (usize, usize, f64),
) -> Option<f64> {
    let octant = segment.octant();
    let turn = (octant ^ number) & !(1 << axis);
    if !turn.is_power_of_two() {
        return None;
    }
    let (one, two) = ((axis + 1) % 3, (axis + 2) % 3);
    let across = if segment.axis[one].abs() > segment.axis[two].abs() {
        one
    } else {
        two
    };
    let up = turn & (1 << across) != 0;
    let forwards = if up { 1.0 } else { -1.0 };
    let length = shorter(width(segment, size, across), 1.0 - forwards * place);
    let rest = if (octant & (1 << axis) != 0) == up {
        1.0 - on_edge
    } else {
        1.0 + on_edge
    };
    let to_end = size[axis] * rest / segment.half[axis].abs();
    Some(shorter(to_end, length) * forwards)
}

/// The smaller number; the second where the first is NaN.
fn shorter(first: f64, second: f64) -> f64 {
    if first < second { first } else { second }
}
