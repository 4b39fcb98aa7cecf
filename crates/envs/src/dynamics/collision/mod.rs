//! Contacts between geoms. MuJoCo: Computation, "Collision detection"; Modeling, "Contact parameters".

mod box_;
mod capsule;
mod convex;
mod cylinder;
mod plane;
mod sphere;

use glam::{DMat3, DVec3};

use super::MINVAL;
use super::model::{GeomType, Model, Pair, SolImp, SolRef};
use super::state::State;

/// Most contacts that one pair of geoms can have: a box or a cylinder on a plane.
const MOST_TOUCHES: usize = 4;

/// A point where two geoms touch, or nearly do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contact {
    /// Distance between the surfaces (m); negative when they overlap.
    pub dist: f64,
    /// Midpoint between the surfaces (m).
    pub pos: DVec3,
    /// Normal from the first geom to the second, and two tangents.
    pub frame: [DVec3; 3],
    /// The contact pushes under this distance (m).
    pub includemargin: f64,
    /// Coefficients: two of sliding, one of torsion, two of rolling.
    pub friction: [f64; 5],
    /// Reference of the normal constraint.
    pub solref: SolRef,
    /// Reference of the friction constraints with elliptic cones; that of the normal one when both are 0.
    pub solreffriction: SolRef,
    /// Impedance of the constraint.
    pub solimp: SolImp,
    /// Dimension of the contact force: 1, 3, 4 or 6.
    pub dim: usize,
    /// The geoms, the one of the lower type first.
    pub geoms: [usize; 2],
}

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

/// A shape with its three axes.
#[derive(Clone, Copy, Debug)]
struct Solid {
    centre: DVec3,
    /// Local axes as columns.
    axes: DMat3,
    /// As in [`Geoms::size`](super::model::Geoms::size).
    size: [f64; 3],
}

/// Whether contacts of these shapes, the lower type first, are computed.
pub(crate) fn is_known(kinds: [GeomType; 2]) -> bool {
    use GeomType::{Box, Capsule, Plane};
    !matches!(kinds, [Plane, Plane] | [Capsule, Box] | [Box, Box])
}

/// Most contacts that a pair of these shapes can have.
pub(super) fn most_touches(kinds: [GeomType; 2]) -> usize {
    use GeomType::{Box, Capsule, Cylinder, Plane};
    match kinds {
        [Plane | Capsule, Capsule] => 2,
        [Plane, Cylinder | Box] => MOST_TOUCHES,
        _ => 1,
    }
}

/// Room that the contacts of a model can take.
pub(super) fn max_contacts(model: &Model) -> usize {
    let kinds = |pair: &Pair| pair.geoms.map(|geom| model.geoms.kind[geom]);
    let pairs = model.pairs.iter();
    pairs.map(|pair| most_touches(kinds(pair))).sum()
}

/// Finds the contacts of the current pose.
pub(super) fn detect(model: &Model, state: &mut State) {
    state.contacts.clear();
    let mut touches = Touches::default();
    for pair in &model.pairs {
        if out_of_reach(model, state, pair) {
            continue;
        }
        touches.count = 0;
        touch(model, state, pair, &mut touches);
        for touch in touches.as_slice() {
            state.contacts.push(contact(pair, touch));
        }
    }
}

/// Whether the bounding spheres are further apart than the margin. Saves work, changes no result.
fn out_of_reach(model: &Model, state: &State, pair: &Pair) -> bool {
    let [first, second] = pair.geoms;
    let between = state.geom_xpos[second] - state.geom_xpos[first];
    let reach = pair.margin + model.geoms.rbound[second];
    if model.geoms.kind[first] == GeomType::Plane {
        between.dot(state.geom_xmat[first].z_axis) > reach
    } else {
        let reach = reach + model.geoms.rbound[first];
        between.length_squared() > reach * reach
    }
}

/// Finds where the two geoms of a pair come closer than its margin.
fn touch(model: &Model, state: &State, pair: &Pair, touches: &mut Touches) {
    let [first, second] = pair.geoms;
    let margin = pair.margin;
    let ball = |geom: usize| Ball {
        centre: state.geom_xpos[geom],
        radius: model.geoms.size[geom][0],
        axis: state.geom_xmat[geom].z_axis,
    };
    let half_length = |geom: usize| model.geoms.size[geom][1];
    let kinds = [model.geoms.kind[first], model.geoms.kind[second]];
    let (a, b) = (ball(first), ball(second));
    match kinds {
        [GeomType::Plane, GeomType::Sphere] => touches.extend(plane::sphere(&a, &b, margin)),
        [GeomType::Plane, GeomType::Capsule] => {
            plane::capsule(&a, &b, half_length(second), margin, touches);
        }
        [GeomType::Sphere, GeomType::Sphere] => touches.extend(sphere::sphere(&a, &b, margin)),
        [GeomType::Sphere, GeomType::Capsule] => {
            touches.extend(capsule::sphere(&a, &b, half_length(second), margin));
        }
        [GeomType::Capsule, GeomType::Capsule] => {
            let (a, b) = ((&a, half_length(first)), (&b, half_length(second)));
            capsule::capsule(a, b, margin, touches);
        }
        _ => solids(model, state, pair, touches),
    }
}

/// As [`touch`], for shapes that are more than a ball or a segment.
fn solids(model: &Model, state: &State, pair: &Pair, touches: &mut Touches) {
    use GeomType::{Box, Cylinder, Ellipsoid, Plane, Sphere};
    let margin = pair.margin;
    let [a, b] = pair.geoms.map(|geom| Solid {
        centre: state.geom_xpos[geom],
        axes: state.geom_xmat[geom],
        size: model.geoms.size[geom],
    });
    let ball = Ball {
        centre: a.centre,
        radius: a.size[0],
        axis: a.axes.z_axis,
    };
    let kinds = pair.geoms.map(|geom| model.geoms.kind[geom]);
    match kinds {
        [Plane, Cylinder] => cylinder::plane(&ball, &b, margin, touches),
        [Plane, Box] => box_::plane(&ball, &b, margin, touches),
        [Plane, Ellipsoid] => {
            let lowest = convex::Core::new(Ellipsoid, &b).support(-ball.axis);
            let point = Ball {
                centre: lowest,
                radius: 0.0,
                axis: ball.axis,
            };
            touches.extend(plane::sphere(&ball, &point, margin));
        }
        [Sphere, Cylinder] => touches.extend(cylinder::sphere(&ball, &b, margin)),
        [Sphere, Box] => touches.extend(box_::sphere(&ball, &b, margin)),
        // The compiler keeps only pairs that are known.
        [first, second] => {
            let shapes = [convex::Core::new(first, &a), convex::Core::new(second, &b)];
            let search = convex::Search {
                margin,
                tolerance: model.opt.ccd_tolerance,
                iterations: model.opt.ccd_iterations,
            };
            touches.extend(convex::touch(&shapes, &search));
        }
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
mod tests;
