//! Kinds of names that elements refer to each other by.

/// Kinds of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Body,
    Joint,
    Geom,
    Site,
    Tendon,
    Actuator,
}
