//! Equality constraints. MuJoCo: XML reference, "equality"; Computation, "Constraint model", Equality.

use glam::{DQuat, DVec3};

use super::{SolImp, SolRef};

/// A frame fixed to a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// Body that it is fixed to.
    pub body: usize,
    /// Position in the body's frame (m).
    pub pos: DVec3,
    /// Orientation in the body's frame.
    pub quat: DQuat,
}

/// What an equality constraint holds together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Equality {
    /// The places of two anchors: a ball joint outside the tree. Three rows.
    Connect([Anchor; 2]),
    /// The places and the orientations of two anchors, the latter weighed by `torquescale` (m). Six rows.
    Weld([Anchor; 2], f64),
    /// Positions of two joints (slide or hinge), each from its reference: the first is a polynomial of degree four in the
    /// second, or without one a constant. One row.
    Joint(usize, Option<usize>, [f64; 5]),
    /// The same of the lengths of two tendons. One row.
    Tendon(usize, Option<usize>, [f64; 5]),
}

impl Equality {
    /// Number of constraint rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Connect(_) => 3,
            Self::Weld(..) => 6,
            Self::Joint(..) | Self::Tendon(..) => 1,
        }
    }

    /// Whether its numbers can be computed with.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let anchored = |anchors: &[Anchor; 2]| {
            let mut all = anchors.iter();
            all.all(|anchor| anchor.pos.is_finite() && anchor.quat.is_finite())
        };
        match self {
            Self::Connect(anchors) => anchored(anchors),
            Self::Weld(anchors, scale) => anchored(anchors) && scale.is_finite(),
            Self::Joint(_, _, polynomial) | Self::Tendon(_, _, polynomial) => {
                polynomial.iter().all(|x| x.is_finite())
            }
        }
    }
}

/// Equality constraints, with their softness.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Equalities {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// What is held together.
    pub kind: Vec<Equality>,
    /// Whether it acts in a new [`State`](crate::dynamics::State).
    pub active0: Vec<bool>,
    /// Reference.
    pub solref: Vec<SolRef>,
    /// Impedance.
    pub solimp: Vec<SolImp>,
}
