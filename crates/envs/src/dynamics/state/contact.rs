//! Contacts, and how many a model can have.

use glam::{DMat3, DVec3};

use crate::dynamics::model::{GeomType, Model, Pair, SolImp, SolRef};

/// Most contacts that one pair of geoms without a height field can have: two boxes, face to face. Two rectangles that overlap have no
/// more than eight corners and crossings; rounding and the margin may add some.
pub(in crate::dynamics) const MOST_TOUCHES: usize = 12;

/// Most contacts of a height field and another shape.
pub(in crate::dynamics) const MOST_FIELD_TOUCHES: usize = 50;

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
    /// First of its constraint rows; `None` where it has none: beyond `includemargin`, or between geoms that cannot
    /// move.
    pub row: Option<usize>,
}

/// Most contacts that a pair of these shapes can have.
pub(super) fn most_touches(kinds: [GeomType; 2], several: bool) -> usize {
    use GeomType::{Box, Capsule, Cylinder, HField, Mesh, Plane};
    /// Of a first one and four that are found by turning.
    const SEVERAL: usize = 5;
    match kinds {
        [Plane | Capsule, Capsule] | [Capsule, Box] => 2,
        [HField, _] => MOST_FIELD_TOUCHES,
        [Plane, Mesh] => 3,
        [Plane, Cylinder | Box] => 4,
        [Box, Box] => MOST_TOUCHES,
        _ if several => SEVERAL,
        _ => 1,
    }
}

/// All that is looked at of a pair of geoms that are far apart.
#[derive(Clone, Copy, Debug)]
pub(in crate::dynamics) struct Reach {
    geoms: [u32; 2],
    /// Whether the first is a plane.
    plane: bool,
    /// Distance of the second's centre from the plane, or of both centres, over which they cannot touch (m).
    most: f64,
}

impl Reach {
    /// Those of a model's pairs.
    pub(super) fn of_pairs(model: &Model) -> Vec<Self> {
        let reach = |pair: &Pair| {
            let [first, second] = pair.geoms;
            let most = pair.margin + model.geoms.rbound[second];
            let plane = model.geoms.kind[first] == GeomType::Plane;
            Self {
                geoms: pair.geoms.map(|geom| geom as u32),
                plane,
                most: most
                    + if plane {
                        0.0
                    } else {
                        model.geoms.rbound[first]
                    },
            }
        };
        model.pairs.iter().map(reach).collect()
    }

    /// Whether the bounding spheres are further apart than the margin. Saves work, changes no result.
    pub(in crate::dynamics) fn exceeded(&self, xpos: &[DVec3], xmat: &[DMat3]) -> bool {
        let [first, second] = self.geoms.map(|geom| geom as usize);
        let between = xpos[second] - xpos[first];
        if self.plane {
            between.dot(xmat[first].z_axis) > self.most
        } else {
            between.length_squared() > self.most * self.most
        }
    }
}

/// Room that the contacts of a model can take.
pub(super) fn max_contacts(model: &Model) -> usize {
    let kinds = |pair: &Pair| pair.geoms.map(|geom| model.geoms.kind[geom]);
    let pairs = model.pairs.iter();
    pairs
        .map(|pair| most_touches(kinds(pair), model.opt.multiccd))
        .sum()
}
