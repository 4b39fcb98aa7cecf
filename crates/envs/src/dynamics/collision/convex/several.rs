//! Several contacts of two convex shapes, where a model asks for them. MuJoCo: XML reference, `flag/multiccd`.
//!
//! The search for nearest points ends at a triangle of corners of the two shapes. Where these tell of two sides, or of a
//! side and an edge, that lie on each other, one is cut to the outline of the other, and its corners are the contacts.
//! Shapes that are not all corners are turned a little, to and fro about both tangents, and searched again.

use std::cell::Cell;

use glam::DVec3;

use super::super::{Shape, Touch, Touches, frame, unit};
use super::{NO_CORNER, Places, Search, Solid};
use crate::dynamics::MINVAL;
use crate::dynamics::math::rotation::{matrix, rotation};
use crate::dynamics::model::{GeomType, Sides};
use crate::dynamics::state::convex::Corner;

/// Most corners of a side, and most sides of a corner, that are looked at.
const MOST: usize = 150;
/// Cosine from which two normals face each other, and below which an edge lies in a side.
const FACING: f64 = 0.999_998_72;
const WITHIN: f64 = 0.001_599_999_31;
/// Most contacts of two shapes that are all corners.
const MOST_CORNERS: usize = 4;
/// By how much shapes are turned (rad), and how far another contact must be from those before, as a share of the smaller
/// bounding radius.
const TURN: f64 = 1e-3;
const APART: f64 = 1e-3;

/// As many points as a polygon has, at most twice [`MOST`].
struct Polygon {
    count: usize,
    points: [DVec3; 2 * MOST],
}

impl Polygon {
    fn new() -> Self {
        Self {
            count: 0,
            points: [DVec3::ZERO; 2 * MOST],
        }
    }

    fn push(&mut self, point: DVec3) {
        if self.count < self.points.len() {
            self.points[self.count] = point;
            self.count += 1;
        }
    }

    fn points(&self) -> &[DVec3] {
        &self.points[..self.count]
    }
}

/// Directions, with the number of a side or the point at the other end of an edge.
struct Directions<T> {
    count: usize,
    list: [(DVec3, T); MOST],
}

impl<T: Copy> Directions<T> {
    fn new(nothing: T) -> Self {
        Self {
            count: 0,
            list: [(DVec3::ZERO, nothing); MOST],
        }
    }

    fn push(&mut self, direction: DVec3, what: T) {
        if self.count < MOST {
            self.list[self.count] = (direction, what);
            self.count += 1;
        }
    }

    fn list(&self) -> &[(DVec3, T)] {
        &self.list[..self.count]
    }
}

/// What the triangle at which a search ended tells of one shape: a corner, two of an edge, or three of a side.
struct Feature<'a> {
    shape: &'a Shape<'a>,
    count: usize,
    corner: [u32; 3],
    at: [DVec3; 3],
}

impl<'a> Feature<'a> {
    fn new(solid: &Solid<'a>, which: usize, triangle: &[Corner; 3]) -> Self {
        let mut corner = triangle.map(|corner| solid.corner_of(corner.index[which]));
        let mut at = triangle.map(|corner| corner.on[which]);
        let [a, b, c] = corner;
        let count = if a != b {
            if c == a || c == b { 2 } else { 3 }
        } else if a != c {
            (corner[1], at[1]) = (corner[2], at[2]);
            2
        } else {
            1
        };
        Self {
            shape: solid.shape,
            count,
            corner,
            at,
        }
    }

    fn sides(&self) -> Option<&'a Sides> {
        self.shape.mesh.map(|mesh| &mesh.hull.sides)
    }

    fn corners(&self) -> &[u32] {
        &self.corner[..self.count]
    }

    /// Outward normals of the sides that hold the corners; `out` leads out of a box.
    fn normals(&self, out: DVec3) -> Directions<usize> {
        let mut found = Directions::new(0);
        let world = |normal: DVec3| *self.shape.mat * normal;
        match self.sides() {
            Some(sides) => {
                let [first, rest @ ..] = self.corners() else {
                    return found;
                };
                let most = if rest.is_empty() {
                    MOST
                } else {
                    3 - rest.len()
                };
                let holds = |side: &&u32| {
                    let mut around = rest.iter().map(|corner| &sides.around[*corner as usize]);
                    around.all(|list| list.contains(side))
                };
                let list = sides.around[*first as usize].iter().filter(holds);
                for side in list.take(most) {
                    found.push(world(sides.normal[*side as usize]), *side as usize);
                }
            }
            None => {
                // A side is x, −x, y, −y, z or −z.
                for axis in 0..3 {
                    let up = |corner: &u32| corner >> axis & 1 == 1;
                    let sign = match self.corners() {
                        all if all.iter().all(up) => 1.0,
                        all if !all.iter().any(up) => -1.0,
                        _ => continue,
                    };
                    let side = 2 * axis + usize::from(sign < 0.0);
                    found.push(world(DVec3::AXES[axis] * sign), side);
                }
                if self.count > 1 && found.count != 4 - self.count {
                    found.count = 0;
                    let local = self.shape.local(out);
                    let local = local * (1.0 / local.dot(local).sqrt());
                    for side in 0..6 {
                        let sign = if side % 2 == 0 { 1.0 } else { -1.0 };
                        let normal = DVec3::AXES[side / 2] * sign;
                        if local.dot(normal) > FACING {
                            found.push(world(normal), side);
                            break;
                        }
                    }
                }
            }
        }
        found
    }

    /// Directions of the edges that hold the corners, from the first, and their other ends.
    fn edges(&self) -> Directions<DVec3> {
        let mut found = Directions::new(DVec3::ZERO);
        let [first, second, _] = self.at;
        let mut push = |end: DVec3| found.push(unit(end - first), end);
        if self.count == 2 {
            push(second);
            return found;
        }
        let world = |point: DVec3| *self.shape.mat * point + self.shape.pos;
        let corner = self.corner[0];
        match (self.sides(), self.shape.mesh) {
            (Some(sides), Some(mesh)) => {
                for side in sides.around[corner as usize].iter().take(MOST) {
                    let outline = &sides.corners[*side as usize];
                    if let Some(place) = outline.iter().position(|other| *other == corner) {
                        let before = outline[(place + outline.len() - 1) % outline.len()];
                        let vert = mesh.vert[before as usize].map(f64::from);
                        push(world(DVec3::from_array(vert)));
                    }
                }
            }
            _ => {
                let half = DVec3::from_array(*self.shape.size);
                let sign = |axis: usize| if corner >> axis & 1 == 1 { 1.0 } else { -1.0 };
                for turned in 0..3 {
                    let end = |axis: usize| {
                        if axis == turned {
                            -sign(axis)
                        } else {
                            sign(axis)
                        }
                    };
                    push(world(half * DVec3::new(end(0), end(1), end(2))));
                }
            }
        }
        found
    }

    /// The corners of a side, clockwise from outside.
    fn outline(&self, side: usize) -> Polygon {
        let mut polygon = Polygon::new();
        let world = |point: DVec3| *self.shape.mat * point + self.shape.pos;
        match (self.sides(), self.shape.mesh) {
            (Some(sides), Some(mesh)) => {
                let corners = &sides.corners[side];
                for corner in corners[..corners.len().min(MOST)].iter().rev() {
                    let vert = mesh.vert[*corner as usize].map(f64::from);
                    polygon.push(world(DVec3::from_array(vert)));
                }
            }
            _ => {
                let half = DVec3::from_array(*self.shape.size);
                for signs in BOX_SIDES[side] {
                    polygon.push(world(half * DVec3::from_array(signs)));
                }
            }
        }
        polygon
    }
}

/// Signs of the corners of a box's sides x, −x, y, −y, z and −z, clockwise from outside.
const BOX_SIDES: [[[f64; 3]; 4]; 6] = [
    [
        [1.0, 1.0, 1.0],
        [1.0, 1.0, -1.0],
        [1.0, -1.0, -1.0],
        [1.0, -1.0, 1.0],
    ],
    [
        [-1.0, 1.0, -1.0],
        [-1.0, 1.0, 1.0],
        [-1.0, -1.0, 1.0],
        [-1.0, -1.0, -1.0],
    ],
    [
        [-1.0, 1.0, -1.0],
        [1.0, 1.0, -1.0],
        [1.0, 1.0, 1.0],
        [-1.0, 1.0, 1.0],
    ],
    [
        [-1.0, -1.0, 1.0],
        [1.0, -1.0, 1.0],
        [1.0, -1.0, -1.0],
        [-1.0, -1.0, -1.0],
    ],
    [
        [-1.0, 1.0, 1.0],
        [1.0, 1.0, 1.0],
        [1.0, -1.0, 1.0],
        [-1.0, -1.0, 1.0],
    ],
    [
        [1.0, 1.0, -1.0],
        [-1.0, 1.0, -1.0],
        [-1.0, -1.0, -1.0],
        [1.0, -1.0, -1.0],
    ],
];

/// Whether two shapes are a box or a mesh each, so that sides can lie on each other.
pub(super) fn have_sides(solids: &[Solid; 2]) -> bool {
    let mut all = solids.iter();
    all.all(|solid| {
        solid.growth == 0.0 && matches!(solid.shape.kind, GeomType::Box | GeomType::Mesh)
    })
}

/// Contacts of two shapes whose sides, or a side of one and an edge of the other, lie on each other; none where they do not.
/// `triangle` is where the search ended, with these nearest `places`.
pub(super) fn of_sides(
    solids: &[Solid; 2],
    places: &Places,
    triangle: &[Corner; 3],
    touches: &mut Touches,
) {
    let features = [0, 1].map(|i| Feature::new(&solids[i], i, triangle));
    let out = places.on[1] - places.on[0];
    let normals = [features[0].normals(-out), features[1].normals(out)];
    let [sides_a, sides_b] = &normals;
    let depth = out.length();
    let facing = sides_a.list().iter().find_map(|(a, side_a)| {
        let other = sides_b.list().iter().find(|(b, _)| a.dot(*b) < -FACING);
        other.map(|(b, side_b)| (*a, *side_a, *b, *side_b))
    });
    if let Some((a, side_a, b, side_b)) = facing {
        let [cutter, cut] = [features[0].outline(side_a), features[1].outline(side_b)];
        clip(places, &cutter, cut, a, b * depth, touches);
        return;
    }
    // An edge of the one that has the smaller feature in a side of the other.
    let which = if features[0].count < 3 && features[0].count <= features[1].count {
        0
    } else if features[1].count < 3 {
        1
    } else {
        return;
    };
    let other = 1 - which;
    let edges = features[which].edges();
    let lying = normals[other].list().iter().find_map(|(normal, side)| {
        let edge = edges.list().iter();
        let mut lying = edge.filter(|(along, _)| along.dot(*normal).abs() < WITHIN);
        lying.next().map(|(_, end)| (*normal, *side, *end))
    });
    if let Some((normal, side, end)) = lying {
        let mut edge = Polygon::new();
        edge.push(triangle[0].on[which]);
        edge.push(end);
        let sign = if which == 0 { depth } else { -depth };
        let cutter = features[other].outline(side);
        clip(places, &cutter, edge, normal, normal * sign, touches);
    }
}

/// Cuts a polygon to the prism over another one of this normal; what is left are the contacts, each `along` apart.
fn clip(
    places: &Places,
    cutter: &Polygon,
    mut polygon: Polygon,
    normal: DVec3,
    along: DVec3,
    touches: &mut Touches,
) {
    let outline = cutter.points();
    if outline.len() < 3 {
        return;
    }
    for (i, from) in outline.iter().enumerate() {
        let to = outline[(i + 1) % outline.len()];
        let inward = (to - from).cross((from + normal) - from);
        let level = inward.dot(*from);
        let is_inside = |point: DVec3| (point - from).dot(inward) > -MINVAL;
        let mut left = Polygon::new();
        for (j, p) in polygon.points().iter().enumerate() {
            let q = polygon.points[(j + 1) % polygon.count];
            match (is_inside(*p), is_inside(q)) {
                (false, false) => continue,
                (true, true) => {}
                _ => {
                    let edge = q - p;
                    let rise = inward.dot(edge);
                    let share = (level - inward.dot(*p)) / rise;
                    if rise != 0.0 && (0.0..=1.0).contains(&share) {
                        left.push(p + edge * share);
                    }
                    if !is_inside(q) {
                        continue;
                    }
                }
            }
            left.push(q);
        }
        polygon = left;
    }
    let mut push = |point: DVec3| {
        let other = point - along;
        touches.push(Touch {
            dist: places.dist,
            pos: (other + point) * 0.5,
            normal: unit(other - point),
            tangent: DVec3::ZERO,
        });
    };
    let points = polygon.points();
    if points.len() > MOST_CORNERS {
        for i in four_corners(points) {
            push(points[i]);
        }
        return;
    }
    let mut kept: [Option<DVec3>; MOST_CORNERS] = [None; MOST_CORNERS];
    for (i, point) in points.iter().enumerate() {
        let near = |other: &Option<DVec3>| {
            other.is_some_and(|other| (other - *point).abs().max_element() < MINVAL)
        };
        if !kept.iter().any(near) {
            kept[i] = Some(*point);
            push(*point);
        }
    }
}

/// Four corners of a polygon of more: each is moved on while that makes what counts as the area larger. As in MuJoCo that is
/// the sum of two triangles on the side from the first to the second, by the way they turn.
fn four_corners(points: &[DVec3]) -> [usize; 4] {
    let count = points.len();
    let next = |i: usize| if i == count - 1 { 0 } else { i + 1 };
    let area = |corners: [usize; 4]| {
        let [a, b, c, d] = corners.map(|i| points[i]);
        0.5 * ((d - a).cross(b - d) + (c - b).cross(a - c)).length()
    };
    let [mut a, mut b, mut c, mut d] = [0, 1, 2, 3];
    let mut best = ([a, b, c, d], area([a, b, c, d]));
    while a < count {
        // Moves one corner on if that adds to the area.
        let mut gains = |corners: [usize; 4]| {
            let size = area(corners);
            let larger = size > best.1;
            if larger {
                best = (corners, size);
            }
            larger
        };
        while gains([a, b, c, next(d)]) {
            d = next(d);
            while gains([a, b, next(c), d]) {
                c = next(c);
            }
            while gains([a, next(b), c, d]) {
                b = next(b);
            }
        }
        if b == a {
            b = next(b);
            if c == b {
                c = next(c);
                if d == c {
                    d = next(d);
                }
            }
        }
        a += 1;
    }
    best.0
}

/// Adds contacts that shapes turned a little about a first one have, as deep as that.
pub(super) fn by_turning(
    shapes: [&Shape; 2],
    margin: f64,
    radius: f64,
    search: &mut Search,
    touches: &mut Touches,
) {
    let first = touches.items[0];
    let axes = frame(first.normal, first.tangent);
    for axis in &axes[1..] {
        for angle in [-TURN, TURN] {
            let turn = matrix(rotation(*axis, angle));
            let turns = [turn, turn.transpose()];
            let mats = [0, 1].map(|i| turns[i] * *shapes[i].mat);
            let moved = |i: usize| {
                let arm = first.pos - shapes[i].pos;
                Shape {
                    pos: shapes[i].pos - (turns[i] * arm - arm),
                    mat: &mats[i],
                    ..*shapes[i]
                }
            };
            let Some(touch) = once(&moved(0), &moved(1), margin, search) else {
                continue;
            };
            let mut known = touches.as_slice().iter();
            if known.all(|other| (other.pos - touch.pos).length() > APART * radius) {
                touches.push(Touch {
                    dist: first.dist,
                    ..touch
                });
            }
        }
    }
}

/// Where two convex shapes come closest, if within the margin.
fn once(first: &Shape, second: &Shape, margin: f64, search: &mut Search) -> Option<Touch> {
    let corners = [Cell::new(NO_CORNER), Cell::new(NO_CORNER)];
    let solids = [(first, &corners[0]), (second, &corners[1])];
    let solids = solids.map(|(shape, corner)| Solid::new(shape, 0.5 * margin, corner));
    super::nearest(&solids, margin, search).map(|(touch, _)| touch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_of_a_box_turn_clockwise_from_outside() {
        for (side, corners) in BOX_SIDES.iter().enumerate() {
            let [a, b, c, _] = corners.map(DVec3::from_array);
            let out = DVec3::AXES[side / 2] * if side % 2 == 0 { 1.0 } else { -1.0 };
            assert!((b - a).cross(c - b).dot(out) < 0.0, "{side}");
            assert!(
                corners
                    .iter()
                    .all(|corner| DVec3::from_array(*corner).dot(out) == 1.0)
            );
        }
    }
}
