//! Contacts between geoms. MuJoCo: Computation, "Collision detection"; Modeling, "Contact parameters".

mod capsule;
mod plane;
mod sphere;

use glam::DVec3;

use super::MINVAL;
use super::model::{GeomType, Geoms, Model, SolImp, SolRef};
use super::state::State;

/// Most contacts that one pair of geoms can have.
const PAIR_CONTACTS: usize = 2;

/// Least friction coefficient of a contact; less would make a pyramid's edges coincide.
const MIN_FRICTION: f64 = 1e-5;

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
    /// Reference of the constraint.
    pub solref: SolRef,
    /// Impedance of the constraint.
    pub solimp: SolImp,
    /// Dimension of the contact force, 1 or 3.
    pub dim: usize,
    /// The geoms, the one of the lower type first.
    pub geoms: [usize; 2],
}

/// Where two shapes come closest.
#[derive(Clone, Copy, Debug)]
struct Touch {
    dist: f64,
    pos: DVec3,
    normal: DVec3,
    /// First tangent, if the shapes prefer one; need not be orthogonal to the normal.
    tangent: DVec3,
}

/// The closest places of a pair, at most [`PAIR_CONTACTS`].
type Touches = [Option<Touch>; PAIR_CONTACTS];

/// A sphere, or the end of something round.
#[derive(Clone, Copy, Debug)]
struct Ball {
    centre: DVec3,
    radius: f64,
    /// Local z axis of its geom.
    axis: DVec3,
}

/// Room that the contacts of a model can take.
pub(super) fn max_contacts(model: &Model) -> usize {
    model.pairs.len() * PAIR_CONTACTS
}

/// Finds the contacts of the current pose.
pub(super) fn detect(model: &Model, state: &mut State) {
    state.contacts.clear();
    for &[first, second] in &model.pairs {
        let geoms = &model.geoms;
        let margin = geoms.margin[first].max(geoms.margin[second]);
        if out_of_reach(model, state, [first, second], margin) {
            continue;
        }
        let touches = touch(model, state, [first, second], margin);
        for touch in touches.into_iter().flatten() {
            let contact = contact(geoms, [first, second], margin, &touch);
            state.contacts.push(contact);
        }
    }
}

/// Whether the bounding spheres are further apart than the margin. Saves work, changes no result.
fn out_of_reach(model: &Model, state: &State, [first, second]: [usize; 2], margin: f64) -> bool {
    let between = state.geom_xpos[second] - state.geom_xpos[first];
    let reach = margin + model.geoms.rbound[second];
    if model.geoms.kind[first] == GeomType::Plane {
        between.dot(state.geom_xmat[first].z_axis) > reach
    } else {
        let reach = reach + model.geoms.rbound[first];
        between.length_squared() > reach * reach
    }
}

fn touch(model: &Model, state: &State, [first, second]: [usize; 2], margin: f64) -> Touches {
    let ball = |geom: usize| Ball {
        centre: state.geom_xpos[geom],
        radius: model.geoms.size[geom][0],
        axis: state.geom_xmat[geom].z_axis,
    };
    let half_length = |geom: usize| model.geoms.size[geom][1];
    let kinds = [model.geoms.kind[first], model.geoms.kind[second]];
    let (a, b) = (ball(first), ball(second));
    match kinds {
        [GeomType::Plane, GeomType::Sphere] => [plane::sphere(&a, &b, margin), None],
        [GeomType::Plane, GeomType::Capsule] => plane::capsule(&a, &b, half_length(second), margin),
        [GeomType::Sphere, GeomType::Sphere] => [sphere::sphere(&a, &b, margin), None],
        [GeomType::Sphere, GeomType::Capsule] => {
            [capsule::sphere(&a, &b, half_length(second), margin), None]
        }
        [GeomType::Capsule, GeomType::Capsule] => {
            capsule::capsule((&a, half_length(first)), (&b, half_length(second)), margin)
        }
        // The compiler keeps no other pairs, and orders each by type.
        _ => [None, None],
    }
}

/// A contact with the parameters that the two geoms mix to.
fn contact(geoms: &Geoms, [a, b]: [usize; 2], margin: f64, touch: &Touch) -> Contact {
    let gap = geoms.gap[a].max(geoms.gap[b]);
    let weight = match geoms.priority[a].cmp(&geoms.priority[b]) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => mix(geoms.solmix[a], geoms.solmix[b]),
    };
    let equal = geoms.priority[a] == geoms.priority[b];
    let [refs_a, refs_b] = [geoms.solref[a], geoms.solref[b]];
    let standard = refs_a[0] > 0.0 && refs_b[0] > 0.0;
    let blend = |x: f64, y: f64| weight * x + (1.0 - weight) * y;
    let higher = |x: f64, y: f64| if equal { x.max(y) } else { blend(x, y) };
    let solref = std::array::from_fn(|i| {
        if standard || !equal {
            blend(refs_a[i], refs_b[i])
        } else {
            refs_a[i].min(refs_b[i])
        }
    });
    let friction: [f64; 3] = std::array::from_fn(|i| {
        higher(geoms.friction[a][i], geoms.friction[b][i]).max(MIN_FRICTION)
    });
    Contact {
        dist: touch.dist,
        pos: touch.pos,
        frame: frame(touch.normal, touch.tangent),
        includemargin: margin - gap,
        friction: [
            friction[0],
            friction[0],
            friction[1],
            friction[2],
            friction[2],
        ],
        solref,
        solimp: std::array::from_fn(|i| blend(geoms.solimp[a][i], geoms.solimp[b][i])),
        dim: higher(geoms.condim[a] as f64, geoms.condim[b] as f64) as usize,
        geoms: [a, b],
    }
}

/// Share of the first geom in a mixed parameter.
fn mix(a: f64, b: f64) -> f64 {
    match (a >= MINVAL, b >= MINVAL) {
        (true, true) => a / (a + b),
        (false, false) => 0.5,
        (false, true) => 0.0,
        (true, false) => 1.0,
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
