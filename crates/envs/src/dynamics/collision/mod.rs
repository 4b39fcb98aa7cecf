//! Contacts between geoms. MuJoCo: Computation, "Collision detection"; Modeling, "Contact parameters".

mod box_;
mod box_box;
mod capsule;
mod convex;
mod cylinder;
mod hfield;
mod mesh;
mod plane;
mod sphere;

use glam::{DMat3, DVec3};

use super::MINVAL;
use super::model::{GeomType, HeightField, Mesh, Model, Pair};
use super::state::State;
use super::state::contact::{Contact, MOST_TOUCHES};
use super::state::convex::ConvexScratch;
use convex::Search;

/// Where two shapes come closest.
#[derive(Clone, Copy, Debug, Default)]
struct Touch {
    dist: f64,
    pos: DVec3,
    normal: DVec3,
    /// First tangent, if the shapes prefer one; need not be orthogonal to the normal.
    tangent: DVec3,
}

/// The closest places of a pair, at most [`MOST_TOUCHES`].
#[derive(Debug, Default)]
struct Touches {
    count: usize,
    items: [Touch; MOST_TOUCHES],
}

impl Touches {
    /// Adds a place; there must be room.
    fn push(&mut self, touch: Touch) {
        self.items[self.count] = touch;
        self.count += 1;
    }

    fn as_slice(&self) -> &[Touch] {
        &self.items[..self.count]
    }
}

impl Extend<Touch> for Touches {
    fn extend<I: IntoIterator<Item = Touch>>(&mut self, touches: I) {
        touches.into_iter().for_each(|touch| self.push(touch));
    }
}

/// A sphere, or the end of something round.
#[derive(Clone, Copy, Debug)]
struct Ball {
    centre: DVec3,
    radius: f64,
    /// Local z axis of its geom.
    axis: DVec3,
}

/// A geom where it is.
#[derive(Clone, Copy, Debug)]
struct Shape<'a> {
    kind: GeomType,
    pos: DVec3,
    mat: &'a DMat3,
    size: &'a [f64; 3],
    /// What a mesh is.
    mesh: Option<&'a Mesh>,
    /// What a height field is.
    field: Option<&'a HeightField>,
    /// Corners of the part of it that is looked at: three at the bottom, three at the top.
    prism: Option<&'a [DVec3; 6]>,
}

impl Shape<'_> {
    /// The ball around its middle of which its first size is the radius.
    fn ball(&self) -> Ball {
        Ball {
            centre: self.pos,
            radius: self.size[0],
            axis: self.mat.z_axis,
        }
    }

    /// A direction in its own axes.
    fn local(&self, direction: DVec3) -> DVec3 {
        let DMat3 {
            x_axis,
            y_axis,
            z_axis,
        } = self.mat;
        DVec3::new(
            x_axis.dot(direction),
            y_axis.dot(direction),
            z_axis.dot(direction),
        )
    }
}

/// A geom where it is.
fn shape<'a>(model: &'a Model, xpos: &[DVec3], xmat: &'a [DMat3], geom: usize) -> Shape<'a> {
    Shape {
        kind: model.geoms.kind[geom],
        pos: xpos[geom],
        mat: &xmat[geom],
        size: &model.geoms.size[geom],
        mesh: model.geoms.mesh[geom].map(|mesh| &model.meshes[mesh]),
        field: model.geoms.hfield[geom].map(|field| &model.hfields[field]),
        prism: None,
    }
}

/// How far two geoms are apart, or, negative, how deep they overlap, and the places between which; `None` where that is
/// not less than `reach`, and for two shapes that never touch.
pub(super) fn distance(
    model: &Model,
    state: &mut State,
    geoms: [usize; 2],
    reach: f64,
) -> Option<(f64, [DVec3; 2])> {
    let mut scratch = std::mem::take(&mut state.convex);
    let found = nearest(model, state, geoms, reach, &mut scratch);
    state.convex = scratch;
    found
}

fn nearest(
    model: &Model,
    state: &State,
    [a, b]: [usize; 2],
    reach: f64,
    scratch: &mut ConvexScratch,
) -> Option<(f64, [DVec3; 2])> {
    let turned = model.geoms.kind[a] > model.geoms.kind[b];
    let (first, second) = if turned { (b, a) } else { (a, b) };
    let [first, second] =
        [first, second].map(|geom| shape(model, &state.geom_xpos, &state.geom_xmat, geom));
    let mut search = Search {
        tolerance: model.opt.ccd_tolerance,
        iterations: model.opt.ccd_iterations,
        scratch,
        several: None,
    };
    let mut best = None;
    let mut keep = |touch: Touch| {
        if touch.dist < best.map_or(reach, |best: Touch| best.dist) {
            best = Some(touch);
        }
    };
    if first.kind == GeomType::HField {
        let radius = model.geoms.rbound[if turned { a } else { b }];
        hfield::touch(&first, &second, radius, reach, &mut search, keep);
    } else if is_searched([first.kind, second.kind]) || first.kind == GeomType::Box {
        // As in MuJoCo the places are those of the geom of the lower type first, whichever was named first.
        return convex::distance(&first, &second, reach, &mut search);
    } else {
        let mut touches = Touches::default();
        touch([first, second], reach, &mut search, &mut touches);
        touches.as_slice().iter().for_each(|touch| keep(*touch));
    }
    best.map(|touch| {
        let half = touch.normal
            * if turned {
                -0.5 * touch.dist
            } else {
                0.5 * touch.dist
            };
        (touch.dist, [touch.pos - half, touch.pos + half])
    })
}

/// Whether the nearest points of shapes of these kinds, the lower first, are searched for.
pub(crate) fn is_searched(kinds: [GeomType; 2]) -> bool {
    use GeomType::{Box, Capsule, Cylinder, Ellipsoid, HField, Mesh, Plane};
    match kinds {
        [Plane, _] => false,
        [HField, _] => true,
        [a, b] if a == Ellipsoid || b == Ellipsoid || b == Mesh => true,
        pair => matches!(pair, [Capsule | Cylinder, Cylinder] | [Cylinder, Box]),
    }
}

/// Finds the contacts of the current pose.
pub(super) fn collision(model: &Model, state: &mut State) {
    state.contacts.clear();
    let mut touches = Touches::default();
    for (pair, reach) in model.pairs.iter().zip(&state.reaches) {
        if reach.exceeded(&state.geom_xpos, &state.geom_xmat) {
            continue;
        }
        touches.count = 0;
        let shapes = pair.geoms;
        let shapes = shapes.map(|geom| shape(model, &state.geom_xpos, &state.geom_xmat, geom));
        let mut search = Search {
            tolerance: model.opt.ccd_tolerance,
            iterations: model.opt.ccd_iterations,
            scratch: &mut state.convex,
            several: model.opt.multiccd.then(|| {
                let [a, b] = pair.geoms.map(|geom| model.geoms.rbound[geom]);
                a.min(b)
            }),
        };
        if shapes[0].kind == GeomType::HField {
            let radius = model.geoms.rbound[pair.geoms[1]];
            let [field, other] = &shapes;
            hfield::touch(field, other, radius, pair.margin, &mut search, |touch| {
                state.contacts.push(contact(pair, &touch));
            });
            continue;
        }
        touch(shapes, pair.margin, &mut search, &mut touches);
        for touch in touches.as_slice() {
            state.contacts.push(contact(pair, touch));
        }
    }
}

/// Finds where two shapes, the one of the lower type first, come closer than a margin.
fn touch([first, second]: [Shape; 2], margin: f64, search: &mut Search, touches: &mut Touches) {
    use GeomType::{Box, Capsule, Cylinder, Ellipsoid, Mesh, Plane, Sphere};
    let (a, b) = (first.ball(), second.ball());
    let half_length = |shape: &Shape| shape.size[1];
    match [first.kind, second.kind] {
        [Plane, Sphere] => touches.extend(plane::sphere(&a, &b, margin)),
        [Plane, Capsule] => plane::capsule(&a, &b, half_length(&second), margin, touches),
        [Plane, Ellipsoid] => touches.extend(plane::ellipsoid(&a, &second, margin)),
        [Plane, Box] => box_::plane(&a, &second, margin, touches),
        [Plane, Cylinder] => cylinder::plane(&a, &second, margin, touches),
        [Sphere, Sphere] => touches.extend(sphere::sphere(&a, &b, margin)),
        [Sphere, Capsule] => {
            touches.extend(capsule::sphere(&a, &b, half_length(&second), margin));
        }
        [Sphere, Cylinder] => touches.extend(cylinder::sphere(&a, &second, margin)),
        [Sphere, Box] => touches.extend(box_::sphere(&a, &second, margin)),
        [Capsule, Box] => box_::capsule(&first, &second, margin, touches),
        [Box, Box] => box_box::touch(&first, &second, margin, touches),
        [Capsule, Capsule] => {
            let (a, b) = ((&a, half_length(&first)), (&b, half_length(&second)));
            capsule::capsule(a, b, margin, touches);
        }
        [Plane, Mesh] => mesh::plane(&a, &second, margin, touches),
        [Sphere | Capsule | Ellipsoid | Cylinder, _] | [_, Mesh] => {
            convex::touches(&first, &second, margin, search, touches);
        }
        // The compiler keeps no other pairs, and orders each pair by type.
        _ => {}
    }
}

/// The direction of a vector; x where it has next to no length.
pub(super) fn unit(vector: DVec3) -> DVec3 {
    let length = vector.length();
    if length < MINVAL {
        DVec3::X
    } else {
        vector * (1.0 / length)
    }
}

/// A contact of a pair at a place.
fn contact(pair: &Pair, touch: &Touch) -> Contact {
    Contact {
        dist: touch.dist,
        pos: touch.pos,
        frame: frame(touch.normal, touch.tangent),
        includemargin: pair.includemargin,
        friction: pair.friction,
        solref: pair.solref,
        solreffriction: pair.solreffriction,
        solimp: pair.solimp,
        dim: pair.dim,
        geoms: pair.geoms,
        row: None,
    }
}

/// An orthonormal frame from a normal and a wish for the first tangent, zero for none.
fn frame(normal: DVec3, wish: DVec3) -> [DVec3; 3] {
    let normal = normal.normalize_or(DVec3::X);
    let wish = if wish.length_squared() >= 0.25 {
        wish
    } else if normal.y.abs() < 0.5 {
        DVec3::Y
    } else {
        DVec3::Z
    };
    let across = |v: DVec3| v - normal * normal.dot(v);
    let mut tangent = across(wish);
    // Of a wish along the normal only rounding is left, which would turn the friction pyramid at random: a
    // capsule upright on a floor. MuJoCo takes x then.
    if tangent.length() < MINVAL {
        let other = if normal.x.abs() < 0.5 {
            DVec3::X
        } else {
            DVec3::Y
        };
        tangent = across(other);
    }
    let tangent = tangent.normalize();
    [normal, tangent, normal.cross(tangent)]
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
