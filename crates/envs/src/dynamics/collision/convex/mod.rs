//! Convex shapes in general: the nearest points of two shapes apart, and of two that overlap the shortest way
//! out. MuJoCo: Computation, "Collision detection", Convex collisions.
//!
//! All is asked of the set of differences between points of the first shape and points of the second, known
//! only by its farthest corner in any direction. The shapes touch where that set holds the origin. [`gjk`] finds
//! the place of the set nearest to the origin; where the origin is inside, [`epa`] finds the nearest place of
//! its boundary. Shapes grow by half the margin each, so that near shapes overlap too.

mod epa;
mod gjk;
mod several;

use std::cell::Cell;

use glam::DVec3;

use super::mesh::{apart, climb};
use super::{Shape, Touch, Touches, unit};
use crate::dynamics::MINVAL;
use crate::dynamics::model::{GeomType, Mesh};
use crate::dynamics::state::convex::{ConvexScratch, Corner};

/// How far and how long to search, and its scratch memory.
#[derive(Debug)]
pub(super) struct Search<'a> {
    /// Error (m) at which the search stops.
    pub(super) tolerance: f64,
    /// Most iterations of each of its parts.
    pub(super) iterations: usize,
    pub(super) scratch: &'a mut ConvexScratch,
    /// Where several contacts of a pair are asked for, the smaller bounding radius (m).
    pub(super) several: Option<f64>,
}

/// A shape as the search sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solid<'a> {
    shape: &'a Shape<'a>,
    /// How far its surface is moved out (m).
    growth: f64,
    /// Whether only its middle point (sphere) or segment (capsule) counts.
    core: bool,
    /// The corner of a box or a mesh that was found last; [`NO_CORNER`] before.
    corner: &'a Cell<u32>,
}

/// No corner yet.
pub(super) const NO_CORNER: u32 = u32::MAX;
/// Meshes with fewer corners than this are searched whole.
const LEAST_CLIMB: usize = 10;

impl<'a> Solid<'a> {
    /// A shape whose surface is moved out by a length.
    pub(super) fn new(shape: &'a Shape<'a>, growth: f64, corner: &'a Cell<u32>) -> Self {
        Self {
            shape,
            growth,
            core: false,
            corner,
        }
    }

    /// The farthest point in a direction of length 1.
    pub(super) fn farthest(&self, direction: DVec3) -> DVec3 {
        let point = self.shape_farthest(direction);
        if self.growth > 0.0 {
            point + direction * self.growth
        } else {
            point
        }
    }

    fn shape_farthest(&self, direction: DVec3) -> DVec3 {
        let Shape {
            kind,
            pos,
            mat,
            size,
            ..
        } = *self.shape;
        if kind == GeomType::Sphere {
            let radius = if self.core { 0.0 } else { size[0] };
            return direction * radius + pos;
        }
        let local = self.shape.local(direction);
        let end = |half: f64, along: f64| if along >= 0.0 { half } else { -half };
        let point = match kind {
            GeomType::Capsule => {
                let ball = if self.core {
                    DVec3::ZERO
                } else {
                    local * size[0]
                };
                ball + DVec3::Z * end(size[1], local.z)
            }
            GeomType::Cylinder => {
                let square = local.x * local.x + local.y * local.y;
                let z = end(size[1], local.z);
                if square > MINVAL * MINVAL {
                    let scale = size[0] / square.sqrt();
                    DVec3::new(local.x * scale, local.y * scale, z)
                } else {
                    DVec3::new(0.0, 0.0, z)
                }
            }
            GeomType::Ellipsoid => on_ellipsoid(local, DVec3::from_array(*size)),
            GeomType::Mesh => self.mesh_farthest(local),
            GeomType::HField => self.prism_farthest(local),
            _ => {
                let point = DVec3::new(
                    end(size[0], local.x),
                    end(size[1], local.y),
                    end(size[2], local.z),
                );
                let [x, y, z] = point.to_array().map(|x| u32::from(x > 0.0));
                self.corner.set(x | y << 1 | z << 2);
                point
            }
        };
        *mat * point + pos
    }

    /// The farthest corner of a part of a height field, at the top or the bottom as the direction leads up or down.
    fn prism_farthest(&self, direction: DVec3) -> DVec3 {
        let Some(prism) = self.shape.prism else {
            return DVec3::ZERO;
        };
        let [bottom, top] = [&prism[..3], &prism[3..]];
        let side = if direction.z < 0.0 { bottom } else { top };
        let mut best = side[0];
        for corner in &side[1..] {
            if corner.dot(direction) > best.dot(direction) {
                best = *corner;
            }
        }
        best
    }

    /// Which corner of the box or the mesh a number in a [`Corner`] is.
    fn corner_of(&self, index: u32) -> u32 {
        match self.shape.mesh {
            Some(mesh) if climbs(mesh) => mesh.hull.index[index as usize],
            _ => index,
        }
    }

    /// The farthest corner of a mesh, in its own axes; of equals, the one that was found last or comes first.
    fn mesh_farthest(&self, direction: DVec3) -> DVec3 {
        let Some(mesh) = self.shape.mesh else {
            return DVec3::ZERO;
        };
        let known = self.corner.get();
        if climbs(mesh) {
            let from = if known == NO_CORNER { 0 } else { known };
            let corner = climb(&mesh.hull, direction, from as usize);
            self.corner.set(corner as u32);
            return mesh.hull.points[corner];
        }
        let at = |corner: usize| DVec3::from_array(mesh.vert[corner].map(f64::from));
        let (mut best, mut corner) = (f64::NEG_INFINITY, 0);
        if known != NO_CORNER {
            corner = known as usize;
            best = direction.dot(at(corner));
        }
        for other in 0..mesh.vert.len() {
            let along = direction.dot(at(other));
            if along > best {
                (best, corner) = (along, other);
            }
        }
        self.corner.set(corner as u32);
        at(corner)
    }
}

/// Whether corners of a mesh are found on its hull, by climbing.
fn climbs(mesh: &Mesh) -> bool {
    mesh.vert.len() >= LEAST_CLIMB && !mesh.hull.points.is_empty()
}

/// The farthest point of an ellipsoid about the origin in a direction.
pub(super) fn on_ellipsoid(direction: DVec3, radii: DVec3) -> DVec3 {
    let scaled = direction * radii;
    let length = scaled.length();
    if length < MINVAL {
        DVec3::new(radii.x, 0.0, 0.0)
    } else {
        scaled * (radii * (1.0 / length))
    }
}

/// The corner of the set of differences farthest in a direction of length 1.
fn corner(solids: &[Solid; 2], direction: DVec3) -> Corner {
    let on = [
        solids[0].farthest(direction),
        solids[1].farthest(-direction),
    ];
    Corner {
        at: on[0] - on[1],
        on,
        index: [solids[0].corner.get(), solids[1].corner.get()],
    }
}

/// Whether both shapes have corners and nothing round: then the set of differences has too, and a search ends at one
/// of them without error.
fn discrete(solids: &[Solid; 2]) -> bool {
    solids.iter().all(|solid| {
        let kind = solid.shape.kind;
        solid.growth == 0.0 && matches!(kind, GeomType::Box | GeomType::Mesh | GeomType::HField)
    })
}

/// Where two convex shapes come closest, if within the margin.
pub(super) fn touch(
    first: &Shape,
    second: &Shape,
    margin: f64,
    search: &mut Search,
) -> Option<Touch> {
    if second.kind == GeomType::Mesh && apart(first, second, margin) {
        return None;
    }
    let corners = [Cell::new(NO_CORNER), Cell::new(NO_CORNER)];
    let solids = [(first, &corners[0]), (second, &corners[1])];
    let solids = solids.map(|(shape, corner)| Solid::new(shape, 0.5 * margin, corner));
    nearest(&solids, margin, search).map(|(touch, _)| touch)
}

/// As [`touch`], or where several contacts are asked for, all that there are.
pub(super) fn touches(
    first: &Shape,
    second: &Shape,
    margin: f64,
    search: &mut Search,
    touches: &mut Touches,
) {
    let Some(radius) = search.several else {
        touches.extend(touch(first, second, margin, search));
        return;
    };
    let corners = [Cell::new(NO_CORNER), Cell::new(NO_CORNER)];
    let solids = [(first, &corners[0]), (second, &corners[1])];
    let solids = solids.map(|(shape, corner)| Solid::new(shape, 0.5 * margin, corner));
    let Some((touch, places)) = nearest(&solids, margin, search) else {
        return;
    };
    if several::have_sides(&solids) {
        let triangle = search.scratch.hull.found();
        several::of_sides(&solids, &places, &triangle, touches);
        if touches.count == 0 {
            touches.push(touch);
        }
        return;
    }
    touches.push(touch);
    let round = |shape: &Shape| matches!(shape.kind, GeomType::Sphere | GeomType::Ellipsoid);
    if !round(first) && !round(second) {
        several::by_turning([first, second], margin, radius, search, touches);
    }
}

/// Where two solids come closest, if within the margin.
fn nearest(solids: &[Solid; 2], margin: f64, search: &mut Search) -> Option<(Touch, Places)> {
    let centres = [solids[0].shape.pos, solids[1].shape.pos];
    let places = places(solids, centres, None, search)?;
    (places.dist < 0.0).then(|| {
        let [a, b] = places.on;
        let touch = Touch {
            dist: margin + places.dist,
            pos: (a + b) * 0.5,
            normal: unit(a - b),
            tangent: DVec3::ZERO,
        };
        (touch, places)
    })
}

/// How far two shapes are apart, or, negative, how deep they overlap, and the places between which; `None` where they are
/// farther apart than `reach`, or where that is 0 and they are apart at all.
pub(super) fn distance(
    first: &Shape,
    second: &Shape,
    reach: f64,
    search: &mut Search,
) -> Option<(f64, [DVec3; 2])> {
    let corners = [Cell::new(NO_CORNER), Cell::new(NO_CORNER)];
    let solids = [
        Solid::new(first, 0.0, &corners[0]),
        Solid::new(second, 0.0, &corners[1]),
    ];
    let centres = [first.pos, second.pos];
    let found = places(&solids, centres, (reach > 0.0).then_some(reach), search)?;
    (found.dist < reach).then_some((found.dist, found.on))
}

/// The nearest places of two shapes if they overlap, or, where a `reach` is given, if they are not farther apart than that;
/// `centres` are where the search starts.
pub(super) fn places(
    solids: &[Solid; 2],
    centres: [DVec3; 2],
    reach: Option<f64>,
    search: &mut Search,
) -> Option<Places> {
    if let Some((cores, growths)) = cores(solids) {
        // Balls that overlap less deep than their radius: the nearest points of their cores are enough.
        let beyond = growths[0] + growths[1] + reach.unwrap_or(0.0);
        let near = gjk::nearest(&cores, centres, Some(beyond), search);
        if near.dist > search.tolerance {
            return Some(grown(&near, growths));
        }
    }
    let near = gjk::nearest(solids, centres, reach, search);
    if near.dist <= search.tolerance && near.count >= 2 {
        return overlap(solids, &near, search);
    }
    let apart = reach.is_some() && near.dist.is_finite();
    apart.then_some(Places {
        dist: near.dist,
        on: near.on,
    })
}

/// The shapes with spheres and capsules as their cores, and how far each core is from its surface; `None`
/// without a sphere or capsule.
fn cores<'a>(solids: &[Solid<'a>; 2]) -> Option<([Solid<'a>; 2], [f64; 2])> {
    let kinds = solids.map(|solid| solid.shape.kind);
    let round = kinds.map(|kind| matches!(kind, GeomType::Sphere | GeomType::Capsule));
    let solid = |i: usize| Solid {
        growth: if round[i] { 0.0 } else { solids[i].growth },
        core: round[i],
        ..solids[i]
    };
    let growth = |i: usize| {
        if round[i] {
            solids[i].shape.size[0] + solids[i].growth
        } else {
            0.0
        }
    };
    (round[0] || round[1]).then(|| ([solid(0), solid(1)], [growth(0), growth(1)]))
}

/// The nearest points of two shapes, or, negative, how deep they overlap and the points deepest in the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) dist: f64,
    pub(super) on: [DVec3; 2],
}

/// The places of shapes around their cores.
fn grown(near: &gjk::Nearest, growths: [f64; 2]) -> Places {
    let normal = unit(near.on[1] - near.on[0]);
    Places {
        dist: near.dist - (growths[0] + growths[1]),
        on: [
            near.on[0] + normal * growths[0],
            near.on[1] - normal * growths[1],
        ],
    }
}

/// The way out of each other for shapes that overlap, as the search for their nearest points found.
fn overlap(solids: &[Solid; 2], near: &gjk::Nearest, search: &mut Search) -> Option<Places> {
    let hull = &mut search.scratch.hull;
    hull.around(near.corners(), solids)?;
    hull.expand(solids, search.tolerance, search.iterations)
}
