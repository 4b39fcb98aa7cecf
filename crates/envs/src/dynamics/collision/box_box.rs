//! Box against box.
//!
//! The direction in which they overlap least is the normal of a face or orthogonal to two edges. In either case
//! a face of one box, seen along its normal, is a rectangle, and the face of the other box towards it a
//! parallelogram: contacts are where their sides cross and where one holds a corner of the other.

use glam::DVec3;

use super::{MOST_TOUCHES, Shape, Touch, Touches};
use crate::dynamics::MINVAL;

/// An edge direction must overlap less than the faces by this factor.
const PREFER_FACES: f64 = 1.0 - 1e-12;

/// A contact may lie outside a box by this factor of its size.
const OUTSIDE: f64 = 1.01;

/// Most places before the bad ones are dropped: each of four sides crosses four, and both have four corners.
const MOST_PLACES: usize = 24;

/// Two boxes in each other's axes.
struct Boxes {
    sizes: [DVec3; 2],
    /// From each box to the other, in its own axes.
    towards: [DVec3; 2],
    /// The axes of the other box in those of each box.
    axes: [[DVec3; 3]; 2],
}

/// The direction of least overlap.
#[derive(Clone, Copy)]
enum Least {
    /// The normal of a face: of the first box or the second, and which one, as in [`TURNS`].
    Face(usize, usize),
    Edges(Edges),
}

/// An edge of each box.
#[derive(Clone, Copy)]
struct Edges {
    /// Axes that the edges are parallel to.
    axes: [usize; 2],
    /// Ends of the other axes at which they are: bit `i` for the positive end of axis `i`.
    ends: [usize; 2],
    /// Orthogonal to both, in the axes of the first box.
    normal: DVec3,
    /// Whether the normal points away from the second box.
    away: bool,
}

/// A turn of the axes of a box that brings the normal of a face to z: each new axis is an old one with a sign.
struct Turn([(usize, f64); 3]);

/// The turns of the faces at the positive ends of x, y, z, then those at the negative ends.
const TURNS: [Turn; 6] = [
    Turn([(2, -1.0), (1, 1.0), (0, 1.0)]),
    Turn([(0, 1.0), (2, -1.0), (1, 1.0)]),
    Turn([(0, 1.0), (1, 1.0), (2, 1.0)]),
    Turn([(2, 1.0), (1, 1.0), (0, -1.0)]),
    Turn([(0, 1.0), (2, 1.0), (1, -1.0)]),
    Turn([(0, -1.0), (1, 1.0), (2, -1.0)]),
];

impl Turn {
    fn apply(&self, v: DVec3) -> DVec3 {
        DVec3::from_array(self.0.map(|(axis, sign)| v[axis] * sign))
    }

    /// The turned axes of a shape, in the world.
    fn axes(&self, shape: &Shape) -> [DVec3; 3] {
        let columns = [shape.mat.x_axis, shape.mat.y_axis, shape.mat.z_axis];
        self.0.map(|(axis, sign)| columns[axis] * sign)
    }
}

/// Places of contacts in turned axes, and the distances there.
struct Places {
    count: usize,
    items: [(DVec3, f64); MOST_PLACES],
}

impl Places {
    fn new() -> Self {
        Self {
            count: 0,
            items: [(DVec3::ZERO, 0.0); MOST_PLACES],
        }
    }

    fn push(&mut self, place: DVec3, dist: f64) {
        self.items[self.count] = (place, dist);
        self.count += 1;
    }
}

/// A face of a box: a parallelogram; an edge or a corner where sides are too steep to count.
struct Quad {
    corner: DVec3,
    sides: [DVec3; 2],
    /// Number of sides.
    count: usize,
}

impl Quad {
    /// Its lines: start and direction.
    fn lines(&self) -> [(DVec3, DVec3); 4] {
        let (corner, [one, two]) = (self.corner, self.sides);
        [
            (corner, one),
            (corner, two),
            (corner + one, two),
            (corner + two, one),
        ]
    }

    fn line_count(&self) -> usize {
        [0, 1, 4][self.count]
    }

    fn corners(&self) -> [DVec3; 4] {
        let (corner, [one, two]) = (self.corner, self.sides);
        [corner, corner + one, corner + two, corner + one + two]
    }

    fn corner_count(&self) -> usize {
        1 << self.count
    }

    /// Its area seen along z, with a sign.
    fn area(&self) -> f64 {
        let [one, two] = self.sides;
        one.x * two.y - two.x * one.y
    }

    /// Where on its sides a point is, as fractions of them.
    fn fractions(&self, x: f64, y: f64, area: f64) -> [f64; 2] {
        let [one, two] = self.sides;
        let (x, y) = (x - self.corner.x, y - self.corner.y);
        [
            (x * two.y - y * two.x) * (1.0 / area),
            (y * one.x - x * one.y) * (1.0 / area),
        ]
    }
}

/// Where a line crosses a side of the rectangle.
struct Crossing {
    line: usize,
    /// How far along the line.
    fraction: f64,
    place: [f64; 2],
}

/// Calls with each crossing of lines and the sides of a rectangle about the origin.
fn crossings(lines: &[(DVec3, DVec3)], half: [f64; 2], mut found: impl FnMut(&Crossing)) {
    for (line, (start, direction)) in lines.iter().enumerate() {
        for (across, along) in [(0, 1), (1, 0)] {
            if direction[across].abs() <= MINVAL {
                continue;
            }
            for side in [-half[across], half[across]] {
                let fraction = (side - start[across]) * (1.0 / direction[across]);
                let other = start[along] + direction[along] * fraction;
                let outside = !(0.0..=1.0).contains(&fraction) || other.abs() > half[along];
                if !outside {
                    let mut place = [side; 2];
                    place[along] = other;
                    found(&Crossing {
                        line,
                        fraction,
                        place,
                    });
                }
            }
        }
    }
}

/// The corners of a rectangle about the origin.
fn rectangle([x, y]: [f64; 2]) -> [[f64; 2]; 4] {
    [[-x, -y], [-x, y], [x, -y], [x, y]]
}

/// Contacts in the turned axes of one of the boxes.
struct Found {
    /// Relative to the middle of the rectangle.
    places: Places,
    /// Whose face it is: 0 for the first box, 1 for the second.
    which: usize,
    turn: &'static Turn,
    /// From the middle of that box to the rectangle.
    height: f64,
    /// From the first box to the second.
    normal: DVec3,
}

/// Box against box.
pub(super) fn touch(first: &Shape, second: &Shape, margin: f64, touches: &mut Touches) {
    let boxes = Boxes::new(first, second);
    let found = match boxes.least_overlap(margin) {
        Some(Least::Face(which, turn)) => Some(boxes.on_face(which, turn, margin)),
        Some(Least::Edges(edges)) => boxes.between_edges(&edges, margin),
        None => None,
    };
    if let Some(found) = found {
        found.push_good([first, second], margin, touches);
    }
}

impl Found {
    /// Adds the contacts, but none far outside a box, and of several at the same place the last.
    fn push_good(&self, shapes: [&Shape; 2], margin: f64, touches: &mut Touches) {
        let own = shapes[self.which];
        let axes = self.turn.axes(own);
        let rotate = |v: DVec3| axes[0] * v.x + axes[1] * v.y + axes[2] * v.z;
        let normal = rotate(self.normal);
        let at =
            |place: DVec3| rotate(DVec3::new(place.x, place.y, place.z + self.height)) + own.pos;
        let items = &self.places.items[..self.places.count];
        let mut good = [None; MOST_PLACES];
        for (good, &(place, dist)) in good.iter_mut().zip(items) {
            let pos = at(place);
            let [a, b] = shapes.map(|shape| side_of(pos, shape, margin));
            let bad = (a == Side::Outside && b != Side::Inside)
                || (b == Side::Outside && a != Side::Inside);
            *good = (!bad).then_some((pos, dist));
        }
        for (i, &this) in good.iter().enumerate() {
            let Some((pos, dist)) = this else { continue };
            let again = good[i + 1..].iter().flatten().any(|later| later.0 == pos);
            if !again && touches.count < MOST_TOUCHES {
                touches.push(Touch {
                    dist,
                    pos,
                    normal,
                    tangent: DVec3::ZERO,
                });
            }
        }
    }
}

/// Where a point is seen from a box.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Inside,
    Near,
    Outside,
}

fn side_of(point: DVec3, shape: &Shape, margin: f64) -> Side {
    let local = shape.local(point - shape.pos).abs();
    let size = DVec3::from_array(*shape.size) + DVec3::splat(margin);
    if local.cmpgt(size * OUTSIDE).any() {
        Side::Outside
    } else if local.cmplt(size / OUTSIDE).all() {
        Side::Inside
    } else {
        Side::Near
    }
}

impl Boxes {
    fn new(first: &Shape, second: &Shape) -> Self {
        let second_axes = [second.mat.x_axis, second.mat.y_axis, second.mat.z_axis];
        let columns = second_axes.map(|axis| first.local(axis));
        let row = |i: usize| DVec3::new(columns[0][i], columns[1][i], columns[2][i]);
        Self {
            sizes: [first, second].map(|shape| DVec3::from_array(*shape.size)),
            towards: [
                first.local(second.pos - first.pos),
                second.local(first.pos - second.pos),
            ],
            axes: [columns, [row(0), row(1), row(2)]],
        }
    }

    /// The direction of least overlap; `None` where there is one in which the boxes are apart by more than the
    /// margin.
    fn least_overlap(&self, margin: f64) -> Option<Least> {
        let mut best = margin + (self.sizes[0] * 3.0 + self.sizes[1] * 3.0).element_sum();
        let mut least = None;
        for face in 0..3 {
            for which in 0..2 {
                let (own, other) = (self.sizes[which], self.sizes[1 - which]);
                let towards = self.towards[which][face];
                // The face's normal in the axes of the other box.
                let across = self.axes[1 - which][face].abs().dot(other);
                let overlap = -towards.abs() + own[face] + across;
                if overlap < -margin {
                    return None;
                }
                if overlap < best {
                    best = overlap;
                    least = Some(Least::Face(which, face + if towards < 0.0 { 3 } else { 0 }));
                }
            }
        }
        for i in 0..3 {
            for j in 0..3 {
                let Some((overlap, edges)) = self.overlap_across([i, j]) else {
                    continue;
                };
                if overlap < -margin {
                    return None;
                }
                if overlap < best * PREFER_FACES {
                    best = overlap;
                    least = Some(Least::Edges(edges));
                }
            }
        }
        least
    }

    /// The overlap in the direction orthogonal to an edge of each box, and the edges that meet there; `None`
    /// where they are parallel.
    fn overlap_across(&self, axes: [usize; 2]) -> Option<(f64, Edges)> {
        let [i, j] = axes;
        let across = DVec3::AXES[i].cross(self.axes[0][j]);
        let length = across.length();
        if length < MINVAL {
            return None;
        }
        let normal = across * (1.0 / length);
        let towards = self.towards[0].dot(normal);
        let away = towards < 0.0;
        // Of the third axes of each box, how much of the other's edge is along it.
        let third = |k: usize| self.axes[1][i][3 - k - j];
        let others = |axis: usize| (0..3).filter(move |&k| k != axis);
        let mut overlap = 0.0;
        let mut ends = [0, 0];
        for k in others(i) {
            overlap += self.sizes[0][k] * normal[k].abs();
            ends[0] |= usize::from((normal[k] > 0.0) != away) << k;
        }
        for k in others(j) {
            overlap += self.sizes[1][k] * third(k).abs() / length;
            let up = (third(k) > 0.0) != away;
            ends[1] |= usize::from(up != ((k + 3 - j) % 3 == 1)) << k;
        }
        let edges = Edges {
            axes,
            ends,
            normal,
            away,
        };
        Some((overlap - towards.abs(), edges))
    }

    /// Contacts on a face of a box: what of the other box's lowest face is over it.
    fn on_face(&self, which: usize, face: usize, margin: f64) -> Found {
        let turn = &TURNS[face];
        let size = turn.apply(self.sizes[which]).abs();
        let other = self.sizes[1 - which];
        let axes = self.axes[which].map(|axis| turn.apply(axis));
        let mut corner = turn.apply(self.towards[which]);
        corner.z -= size.z;
        let mut quad = Quad {
            corner,
            sides: [DVec3::ZERO; 2],
            count: 0,
        };
        for (i, axis) in axes.into_iter().enumerate() {
            let up = if axis.z < 0.0 { 1.0 } else { -1.0 };
            quad.corner += axis * (other[i] * up);
            if axis.z.abs() < 0.5 {
                quad.sides[quad.count] = axis * (other[i] * (-2.0 * up));
                quad.count += 1;
            }
        }

        let half = [size.x, size.y];
        let mut places = Places::new();
        let mut add = |place: DVec3| {
            if place.z <= margin {
                // Halfway between the boxes. MuJoCo takes that for the distance too.
                let z = place.z * 0.5;
                places.push(DVec3::new(place.x, place.y, z), z);
            }
        };
        let lines = &quad.lines()[..quad.line_count()];
        crossings(lines, half, |crossing| {
            let (start, direction) = lines[crossing.line];
            add(start + direction * crossing.fraction);
        });
        if quad.count == 2 {
            let area = quad.area();
            for [x, y] in rectangle(half) {
                let [u, v] = quad.fractions(x, y, area);
                if u > 0.0 && v > 0.0 && u < 1.0 && v < 1.0 {
                    let z = quad.corner.z + u * quad.sides[0].z + v * quad.sides[1].z;
                    add(DVec3::new(x, y, z));
                }
            }
        }
        for (i, corner) in quad.corners()[..quad.corner_count()].iter().enumerate() {
            if i == 0 || (corner.x.abs() < half[0] && corner.y.abs() < half[1]) {
                add(*corner);
            }
        }
        Found {
            places,
            which,
            turn,
            height: size.z,
            normal: if which == 0 { DVec3::Z } else { DVec3::NEG_Z },
        }
    }

    /// Of two axes of a box other than that of an edge, the one that the normal is nearer to first.
    fn by_steepness(edge: usize, other: DVec3) -> (usize, usize) {
        let (one, two) = [(1, 2), (0, 2), (1, 0)][edge];
        if other[one].abs() < other[two].abs() {
            (two, one)
        } else {
            (one, two)
        }
    }

    /// Contacts around two edges that cross: the face of the second box that its edge bounds, seen on the face
    /// of the first along the normal.
    fn between_edges(&self, edges: &Edges, margin: f64) -> Option<Found> {
        let [i, j] = edges.axes;
        // Of the second box, the axis that its face spans with the edge, and the one across the face; of the
        // first, the axis of its face.
        let (span, across) = Self::by_steepness(j, self.axes[1][i]);
        let (_, face) = Self::by_steepness(i, self.axes[0][j]);
        let positive = edges.ends[0] & (1 << face) != 0;
        let turn = &TURNS[if positive { face } else { face + 3 }];
        let size = turn.apply(self.sizes[0]).abs();
        let normal = turn.apply(edges.normal);
        if normal.z.abs() < MINVAL {
            return None;
        }
        let axes = self.axes[0].map(|axis| turn.apply(axis));
        let mut middle = turn.apply(self.towards[0]);
        middle.z -= size.z;
        let other = self.sizes[1];
        let end = |k: usize| {
            let sign = if edges.ends[1] & (1 << k) == 0 {
                -1.0
            } else {
                1.0
            };
            other[k] * sign
        };
        let corner = |span_sign: f64, edge_sign: f64| {
            let on_edge = axes[span] * (end(span) * span_sign);
            middle + on_edge + axes[across] * end(across) + axes[j] * (other[j] * edge_sign)
        };
        let sight = Sight {
            corners: [
                corner(1.0, 1.0),
                corner(1.0, -1.0),
                corner(-1.0, 1.0),
                corner(-1.0, -1.0),
            ],
            normal,
            slope: (1.0 / normal.z) * if edges.away { -1.0 } else { 1.0 },
            half: [size.x, size.y],
            margin,
        };
        Some(Found {
            places: sight.places(),
            which: 0,
            turn,
            height: size.z,
            normal: if edges.away { -normal } else { normal },
        })
    }
}

/// A parallelogram seen along a normal on a rectangle in the xy plane.
struct Sight {
    corners: [DVec3; 4],
    normal: DVec3,
    /// Distance along the normal per height over the plane.
    slope: f64,
    /// Half the lengths of the rectangle.
    half: [f64; 2],
    margin: f64,
}

impl Sight {
    fn places(&self) -> Places {
        let quad = |[a, b, c, _]: [DVec3; 4]| Quad {
            corner: a,
            sides: [b - a, c - a],
            count: 2,
        };
        let seen = self
            .corners
            .map(|corner| corner + self.normal * (-corner.z * (1.0 / self.normal.z)));
        let mut places = Places::new();
        self.add_crossings(&quad(self.corners), &quad(seen), &mut places);
        let crossed = places.count > 0;
        self.add_rectangle(&quad(seen), crossed, &mut places);
        let held = places.count > 0;
        for (corner, seen) in self.corners.into_iter().zip(seen) {
            self.add_corner(corner, seen, [crossed, held], &mut places);
        }
        places
    }

    /// Where the sides cross those of the rectangle.
    fn add_crossings(&self, quad: &Quad, seen: &Quad, places: &mut Places) {
        let lines = quad.lines();
        crossings(&seen.lines(), self.half, |crossing| {
            let (start, direction) = lines[crossing.line];
            let height = start.z + direction.z * crossing.fraction;
            if height * self.slope > self.margin {
                return;
            }
            let mut place = start * 0.5 + direction * (0.5 * crossing.fraction);
            place.x += 0.5 * crossing.place[0];
            place.y += 0.5 * crossing.place[1];
            places.push(place, place.z * self.slope * 2.0);
        });
    }

    /// The rectangle's corners that are seen inside the parallelogram; where no sides cross, those that are
    /// between either pair of its sides.
    fn add_rectangle(&self, seen: &Quad, crossed: bool, places: &mut Places) {
        let [origin, one, two, _] = self.corners;
        let mut area = seen.area();
        for [x, y] in rectangle(self.half) {
            let [u, v] = seen.fractions(x, y, area);
            let (u_out, v_out) = (!(0.0..=1.0).contains(&u), !(0.0..=1.0).contains(&v));
            if (u_out && v_out) || (crossed && (u_out || v_out)) {
                continue;
            }
            let (u, v) = (u.clamp(0.0, 1.0), v.clamp(0.0, 1.0));
            let nearest = origin * (1.0 - u - v) + one * u + two * v;
            let corner = DVec3::new(x, y, 0.0);
            let square = (corner - nearest).length_squared();
            // MuJoCo stores this over the area, so later corners use it.
            area = square;
            if nearest.z > 0.0 && square > self.margin * self.margin {
                continue;
            }
            places.push((corner + nearest) * 0.5, signed_root(square, nearest.z));
        }
    }

    /// A corner of the parallelogram if it is seen inside the rectangle; where no sides cross, also if it is
    /// seen above or beside it, or if there is nothing else.
    fn add_corner(
        &self,
        corner: DVec3,
        seen: DVec3,
        [crossed, held]: [bool; 2],
        places: &mut Places,
    ) {
        let [half_x, half_y] = self.half;
        let (x_out, y_out) = (seen.x.abs() > half_x, seen.y.abs() > half_y);
        if (crossed && (x_out || y_out)) || (held && x_out && y_out) {
            return;
        }
        let nearest = [seen.x.clamp(-half_x, half_x), seen.y.clamp(-half_y, half_y)];
        let mut square = 0.0;
        for (seen, nearest) in [seen.x, seen.y].into_iter().zip(nearest) {
            square += (seen - nearest) * (seen - nearest);
        }
        square += corner.z * self.slope * corner.z * self.slope;
        if corner.z > 0.0 && square > self.margin * self.margin {
            return;
        }
        let place = DVec3::new(nearest[0] * 0.5, nearest[1] * 0.5, 0.0) + corner * 0.5;
        places.push(place, signed_root(square, corner.z));
    }
}

/// The root of a squared distance, negative below the plane.
fn signed_root(square: f64, height: f64) -> f64 {
    square.sqrt() * if height < 0.0 { -1.0 } else { 1.0 }
}
