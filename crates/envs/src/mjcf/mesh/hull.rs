//! The convex hull of points in space, by Barber, Dobkin and Huhdanpaa (1996), "The Quickhull algorithm for convex
//! hulls".
//!
//! On which side of a plane a point lies is decided without error (Shewchuk 1997), and what lies in the plane counts as
//! seen, so flat sides need no tolerance. A point that is out of a plane by less than qhull's threshold is none of the
//! hull's: beside a corner at the same place to the last bit, a walk from corner to corner would end there.
//!
//! Where the choice is free (the first four points, which facet and which point is next, how a flat side is cut into
//! triangles) it is that of the program qhull, which MuJoCo uses: the order of corners and neighbours decides which of
//! them a plane touches.

use glam::DVec3;
use robust::{Coord3D, orient3d};

use crate::dynamics::model::ConvexHull;

/// A hull as triangles.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hull {
    /// Corners, in the order in which they got their last facets: indices of points.
    pub(super) corners: Vec<usize>,
    /// Triangles, anticlockwise from outside: indices of points.
    pub(super) faces: Vec<[usize; 3]>,
    /// For each point, which corner it was in the order in which they were found; from 1.
    rank: Vec<u32>,
}

/// A triangle while the hull grows.
#[derive(Clone, Debug)]
struct Facet {
    /// Anticlockwise from outside.
    corners: [usize; 3],
    /// The facets behind the edges from each corner to the next.
    neighbours: [usize; 3],
    /// Outward unit normal, as far as rounding lets it be.
    normal: DVec3,
    /// Twice its area.
    twice_area: f64,
    /// Points that see it and no earlier facet, the farthest last.
    outside: Vec<usize>,
    removed: bool,
}

struct Builder<'a> {
    points: &'a [DVec3],
    facets: Vec<Facet>,
    rank: Vec<u32>,
    count: u32,
    /// Corners that still are some.
    live: usize,
    /// When each point last became the corner of a new facet.
    moved: Vec<u32>,
    moves: u32,
    /// A point must be farther out of a facet's plane than this to be outside: twice qhull's distance of what a point sees, which is
    /// twice the rounding where facets are merged (`qh_detroundoff`).
    least: f64,
}

/// The hull of `points`, or of the first that make `most` corners; `None` where they all lie in one plane.
pub(super) fn hull(points: &[DVec3], most: Option<usize>) -> Option<Hull> {
    let mut builder = Builder {
        points,
        facets: Vec::new(),
        rank: vec![0; points.len()],
        count: 0,
        live: 4,
        moved: vec![0; points.len()],
        moves: 0,
        least: 4.0 * rounding(points),
    };
    builder.start()?;
    // First the one of the four that has the farthest point, then all in the order in which they were made.
    let first = builder.tallest();
    let mut waiting = std::iter::once(first).chain((0..4).filter(|facet| *facet != first));
    let mut next = waiting.next();
    let mut made = 4;
    while let Some(facet) = next {
        match builder.facets[facet].outside.pop() {
            Some(_) if most.is_some_and(|most| builder.live >= most) => break,
            Some(point) if !builder.facets[facet].removed => builder.add(facet, point),
            _ => {
                next = waiting.next().or_else(|| {
                    made += 1;
                    (made <= builder.facets.len()).then_some(made - 1)
                });
            }
        }
    }
    Some(builder.finish())
}

/// A point's distance from the plane of three others, times twice their triangle's area; the sign is right, and positive
/// where they turn anticlockwise from the point.
fn above([a, b, c]: [DVec3; 3], point: DVec3) -> f64 {
    let coord = |v: DVec3| Coord3D {
        x: v.x,
        y: v.y,
        z: v.z,
    };
    -orient3d(coord(a), coord(b), coord(c), coord(point))
}

/// How far off the distance of one of the points from a plane may be by rounding: qhull's `qh_distround`.
fn rounding(points: &[DVec3]) -> f64 {
    let reach = points.iter().fold(DVec3::ZERO, |r, p| r.max(p.abs()));
    let most = reach.max_element();
    let sum = (3_f64.sqrt() * most).min(reach.element_sum());
    f64::EPSILON * (3.0 * sum * 1.01 + most)
}

impl Builder<'_> {
    /// Whether a point lies outside a facet, by more than rounding.
    fn is_outside(&self, facet: usize, point: usize) -> bool {
        self.above(facet, point) > self.least * self.facets[facet].twice_area
    }

    fn above(&self, facet: usize, point: usize) -> f64 {
        let corners = self.facets[facet].corners.map(|corner| self.points[corner]);
        above(corners, self.points[point])
    }

    fn rank(&mut self, point: usize) {
        self.count += 1;
        self.rank[point] = self.count;
    }

    /// The point for which a measure is largest, the first of equals; `None` where it is nowhere positive.
    fn largest(&self, measure: impl Fn(DVec3) -> f64) -> Option<usize> {
        let mut best = (0.0, None);
        for (index, point) in self.points.iter().enumerate() {
            let size = measure(*point);
            if size > best.0 {
                best = (size, Some(index));
            }
        }
        best.1
    }

    /// A tetrahedron of points far apart: of those that are farthest along an axis the ends along x, and twice the one
    /// that adds most to the shadow on the floor or to the volume. All points are asked where that is next to nothing.
    fn start(&mut self) -> Option<()> {
        let p = self.points;
        let mut ends = Vec::new();
        for axis in 0..3 {
            let (mut low, mut high) = (0, 0);
            for (index, point) in p.iter().enumerate() {
                if point[axis] > p[high][axis] {
                    high = index;
                } else if point[axis] < p[low][axis] {
                    low = index;
                }
            }
            ends.extend([low, high]);
        }
        let width = |axis: usize| p[ends[2 * axis + 1]][axis] - p[ends[2 * axis]][axis];
        let width = width(0).max(width(1)).max(width(2));
        let (low, mut high) = (ends[0], ends[1]);
        if p[low].x == p[high].x {
            high = self.largest(|point| (point - p[low]).length_squared())?;
        }
        let along = p[high] - p[low];
        let shadow = |point: DVec3| along.cross(point - p[low]).z.abs();
        let length = along.x.max(0.0);
        let third = match self.clear(&ends, &shadow, length * width) {
            Some(third) => third,
            None => self.largest(|point| along.cross(point - p[low]).length_squared())?,
        };
        let plane = [p[low], p[high], p[third]];
        let volume = |point: DVec3| above(plane, point).abs();
        let fourth = match self.clear(&ends, &volume, shadow(p[third]) * width) {
            Some(fourth) => fourth,
            None => self.largest(volume)?,
        };
        // What is flat but for rounding has no inside.
        let base = along.cross(p[third] - p[low]).length();
        if volume(p[fourth]) <= self.least * base {
            return None;
        }
        for corner in [low, high, third, fourth] {
            self.rank(corner);
        }
        for corner in [fourth, third, high, low] {
            self.moves += 1;
            self.moved[corner] = self.moves;
        }
        // Of a tetrahedron each facet leaves out one corner; from its side the others turn anticlockwise.
        for (left_out, corners) in [
            (fourth, [low, high, third]),
            (third, [low, fourth, high]),
            (high, [low, third, fourth]),
            (low, [high, fourth, third]),
        ] {
            let [a, b, c] = corners;
            let inside_out = above(corners.map(|i| p[i]), p[left_out]) > 0.0;
            self.push(if inside_out { [a, c, b] } else { corners });
        }
        for facet in 0..4 {
            for edge in 0..3 {
                let [from, to] = self.edge(facet, edge);
                let is_behind =
                    |other: &usize| (0..3).any(|edge| self.edge(*other, edge) == [to, from]);
                self.facets[facet].neighbours[edge] = (0..4).find(is_behind)?;
            }
        }
        for point in 0..p.len() {
            if self.rank[point] > 0 {
                continue;
            }
            if let Some(facet) = (0..4).find(|facet| self.is_outside(*facet, point)) {
                self.put(point, facet);
            }
        }
        Some(())
    }

    /// The one of `ends` for which a measure is largest; of all points where that is under a thousandth of `most`.
    fn clear(&self, ends: &[usize], measure: &dyn Fn(DVec3) -> f64, most: f64) -> Option<usize> {
        let mut best = (0.0, None);
        for &end in ends {
            let size = measure(self.points[end]);
            if size > best.0 {
                best = (size, Some(end));
            }
        }
        if best.0 < 1e-3 * most {
            for (index, point) in self.points.iter().enumerate() {
                let size = measure(*point);
                if size > best.0 {
                    best = (size, Some(index));
                    if size > 1e-2 * most {
                        break;
                    }
                }
            }
        }
        // So little may be rounding.
        (best.0 > 1e-9 * most).then_some(best.1).flatten()
    }

    fn edge(&self, facet: usize, edge: usize) -> [usize; 2] {
        let corners = self.facets[facet].corners;
        [corners[edge], corners[(edge + 1) % 3]]
    }

    /// Adds a facet whose neighbours are not known yet.
    fn push(&mut self, corners: [usize; 3]) {
        let [a, b, c] = corners.map(|corner| self.points[corner]);
        let normal = (b - a).cross(c - a);
        self.facets.push(Facet {
            corners,
            neighbours: [0; 3],
            normal: normal.normalize_or_zero(),
            twice_area: normal.length(),
            outside: Vec::new(),
            removed: false,
        });
    }

    /// Edges of a facet, that across from the corner found last first.
    fn edges(&self, facet: usize) -> [usize; 3] {
        let corners = self.facets[facet].corners;
        let mut edges = [0, 1, 2];
        edges.sort_unstable_by_key(|edge| std::cmp::Reverse(self.rank[corners[(edge + 2) % 3]]));
        edges
    }

    /// Gives a point to a facet that it sees.
    fn put(&mut self, point: usize, facet: usize) {
        let height = self.above(facet, point);
        let last = self.facets[facet].outside.last().copied();
        let farthest = last.is_none_or(|last| self.above(facet, last) < height);
        let outside = &mut self.facets[facet].outside;
        let end = outside.len();
        outside.insert(if farthest { end } else { end - 1 }, point);
    }

    /// A point's distance from a facet's plane, as far as rounding lets it be.
    fn height(&self, facet: usize, point: usize) -> f64 {
        let Facet {
            corners, normal, ..
        } = &self.facets[facet];
        normal.dot(self.points[point] - self.points[corners[0]])
    }

    /// The first of the first four facets whose farthest point is farthest.
    fn tallest(&self) -> usize {
        let mut best = (f64::NEG_INFINITY, 0);
        for facet in 0..4 {
            if let Some(point) = self.facets[facet].outside.last() {
                let height = self.height(facet, *point);
                if height > best.0 {
                    best = (height, facet);
                }
            }
        }
        best.1
    }

    /// Gives a point to one of the new facets that it sees, found by walking from a facet to neighbours that it is less
    /// far below.
    fn place(&mut self, point: usize, new: std::ops::Range<usize>, from: usize) {
        let height = |facet: usize| self.height(facet, point);
        let (mut facet, mut best) = (from, height(from));
        let found = loop {
            if self.is_outside(facet, point) {
                break Some(facet);
            }
            let behind = self
                .edges(facet)
                .map(|edge| self.facets[facet].neighbours[edge]);
            let better = |other: &usize| new.contains(other) && height(*other) > best;
            match behind.into_iter().find(better) {
                Some(other) => (facet, best) = (other, height(other)),
                // The walk may end early, by rounding.
                None => break new.clone().find(|facet| self.is_outside(*facet, point)),
            }
        };
        if let Some(facet) = found {
            self.put(point, facet);
        }
    }

    /// Makes a point that sees the facet `start` a corner.
    fn add(&mut self, start: usize, point: usize) {
        self.rank(point);
        // All that it sees, in the order in which it is found, and the edges around that.
        let mut seen = vec![start];
        self.facets[start].removed = true;
        let (mut rim, mut next) = (Vec::new(), 0);
        while next < seen.len() {
            for edge in self.edges(seen[next]) {
                let behind = self.facets[seen[next]].neighbours[edge];
                if !self.facets[behind].removed && self.above(behind, point) >= 0.0 {
                    self.facets[behind].removed = true;
                    seen.push(behind);
                }
            }
            next += 1;
        }
        self.live += 1;
        let first = self.facets.len();
        // The new facet that is made last in the place of each.
        let mut heirs = Vec::new();
        for &facet in &seen {
            let before = rim.len();
            for edge in self.edges(facet) {
                let behind = self.facets[facet].neighbours[edge];
                if !self.facets[behind].removed {
                    rim.push((self.edge(facet, edge), behind));
                }
            }
            let has_heir = rim.len() > before;
            heirs.push(if has_heir {
                first + rim.len() - 1
            } else {
                first
            });
        }
        // The facet that starts its edge at a corner of the rim.
        let mut from = std::collections::HashMap::new();
        for (i, ([a, _], _)) in rim.iter().enumerate() {
            from.insert(*a, first + i);
        }
        // Corners within the rim are none any more.
        let corners = seen.iter().flat_map(|facet| self.facets[*facet].corners);
        let mut lost: Vec<usize> = corners.filter(|c| !from.contains_key(c)).collect();
        lost.sort_unstable();
        lost.dedup();
        self.live -= lost.len();
        for (i, ([a, b], behind)) in rim.iter().enumerate() {
            let new = first + i;
            let edge = self.facets[*behind].corners.iter().position(|c| c == b);
            self.facets[*behind].neighbours[edge.unwrap_or(0)] = new;
            self.push([*a, *b, point]);
            self.facets[new].neighbours = [*behind, from[b], 0];
        }
        self.move_up(first);
        for new in first..self.facets.len() {
            let after = self.facets[new].neighbours[1];
            self.facets[after].neighbours[2] = new;
        }
        let last = self.facets.len();
        for (facet, heir) in seen.into_iter().zip(heirs) {
            for point in std::mem::take(&mut self.facets[facet].outside) {
                self.place(point, first..last, heir);
            }
        }
    }

    /// Moves the corners of the facets from `first` on to the end of the order.
    fn move_up(&mut self, first: usize) {
        let before = self.moves;
        for facet in first..self.facets.len() {
            let mut corners = self.facets[facet].corners;
            corners.sort_unstable_by_key(|corner| std::cmp::Reverse(self.rank[*corner]));
            for corner in corners {
                if self.moved[corner] <= before {
                    self.moves += 1;
                    self.moved[corner] = self.moves;
                }
            }
        }
    }

    /// The triangles, those of one flat side as a fan from the corner that was found last.
    fn finish(self) -> Hull {
        let (mut faces, mut fans) = (Vec::new(), Vec::new());
        let mut done = vec![false; self.facets.len()];
        for start in 0..self.facets.len() {
            if self.facets[start].removed || done[start] {
                continue;
            }
            let side = self.flat_side(start, &mut done);
            if let [facet] = side[..] {
                faces.push(self.facets[facet].corners);
                continue;
            }
            let mut to = std::collections::HashMap::new();
            for &facet in &side {
                let Facet {
                    corners,
                    neighbours,
                    ..
                } = &self.facets[facet];
                for edge in 0..3 {
                    if !side.contains(&neighbours[edge]) {
                        to.insert(corners[edge], corners[(edge + 1) % 3]);
                    }
                }
            }
            let Some(&apex) = to.keys().max_by_key(|corner| self.rank[**corner]) else {
                continue;
            };
            let mut corner = to[&apex];
            while let Some(&after) = to.get(&corner).filter(|after| **after != apex) {
                fans.push([apex, corner, after]);
                corner = after;
            }
        }
        faces.append(&mut fans);
        let mut corners: Vec<usize> = faces.as_flattened().to_vec();
        corners.sort_unstable_by_key(|corner| self.moved[*corner]);
        corners.dedup();
        Hull {
            corners,
            faces,
            rank: self.rank,
        }
    }

    /// The facets that lie in one plane with a facet and hang together with it.
    fn flat_side(&self, start: usize, done: &mut [bool]) -> Vec<usize> {
        let (mut side, mut next) = (vec![start], 0);
        done[start] = true;
        while next < side.len() {
            for behind in self.facets[side[next]].neighbours {
                let corners = self.facets[behind].corners;
                if !done[behind]
                    && corners
                        .iter()
                        .all(|corner| self.above(start, *corner) == 0.0)
                {
                    done[behind] = true;
                    side.push(behind);
                }
            }
            next += 1;
        }
        side
    }
}

impl Hull {
    /// The triangles, each with the corner that was found first last, as in `mesh_graph`: where the outline of a flat side
    /// starts follows from that.
    pub(super) fn turned(&self) -> Vec<[usize; 3]> {
        let turn = |[a, b, c]: &[usize; 3]| {
            let turns = [[*a, *b, *c], [*b, *c, *a], [*c, *a, *b]];
            let first = |corners: &[usize; 3]| self.rank[corners[2]];
            turns.into_iter().min_by_key(first).unwrap_or([*a, *b, *c])
        };
        self.faces.iter().map(turn).collect()
    }

    /// As a graph of corners; `points` are those of the mesh.
    pub(super) fn graph(&self, points: &[DVec3]) -> ConvexHull {
        let mut local = vec![0; points.len()];
        for (i, corner) in self.corners.iter().enumerate() {
            local[*corner] = i as u32;
        }
        let mut around = vec![Vec::new(); self.corners.len()];
        for face in &self.faces {
            let mut corners = *face;
            corners.sort_unstable_by_key(|corner| std::cmp::Reverse(self.rank[*corner]));
            for corner in corners {
                let neighbours = &mut around[local[corner] as usize];
                for other in corners {
                    if other != corner && !neighbours.contains(&local[other]) {
                        neighbours.push(local[other]);
                    }
                }
            }
        }
        let mut graph = ConvexHull {
            points: self.corners.iter().map(|corner| points[*corner]).collect(),
            index: self.corners.iter().map(|corner| *corner as u32).collect(),
            ..ConvexHull::default()
        };
        let first = graph.points[0];
        graph.bounds = graph.points.iter().fold([first; 2], |[low, high], point| {
            [low.min(*point), high.max(*point)]
        });
        graph.start.push(0);
        for neighbours in around {
            graph.neighbours.extend(neighbours);
            graph.start.push(graph.neighbours.len() as u32);
        }
        graph
    }
}
