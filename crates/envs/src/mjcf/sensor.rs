//! What a file says of its sensors.

use super::kind::Kind;
use crate::dynamics::model::Reduce;

/// A kind of thing with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameOf {
    Inertia,
    Body,
    Geom,
    Site,
}

/// Something with a frame, by name.
pub(super) type Framed = (FrameOf, String);

/// A kind of thing that can be one side of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SideOf {
    Site,
    Body,
    Subtree,
    Geom,
}

/// What a sensor measures, by name.
#[derive(Clone, Debug)]
pub(super) enum Measured {
    /// A site, joint, tendon, actuator or body, as the sensor's own name says.
    One(String),
    /// An object, and the one in whose frame it is seen.
    Frame(Framed, Option<Framed>),
    /// Whether an object lies in a site.
    Inside(Framed, String),
    /// What lies between two geoms, or all geoms of bodies where the word says so.
    Between([(bool, String); 2]),
    Contacts {
        sides: [Option<(SideOf, String)>; 2],
        data: [bool; 7],
        reduce: Reduce,
        num: usize,
    },
    /// The model as a whole.
    Whole,
    /// So many numbers that the user computes, and the object that they belong to.
    User(usize, Option<(Kind, String)>),
}

/// A sensor.
#[derive(Clone, Debug)]
pub(super) struct SensorSpec {
    /// Name of the element.
    pub(super) kind: String,
    pub(super) measured: Measured,
    pub(super) cutoff: f64,
}
