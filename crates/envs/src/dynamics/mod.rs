//! The rigid-body engine: what MuJoCo computes, stage by stage, under MuJoCo's names.
//!
//! A [`Model`] is constant, a [`State`] is all that changes, and [`step`] is the list of stages between two
//! states. No stage allocates; none uses fused multiply-add or the C library's sine, so that every CPU computes
//! the same bits.
//!
//! In reading order: `model`, `state`, `step`, then the stages: `kinematics`, `inertia`, `velocity`,
//! `passive`, `actuation`, `collision`, `constraint`, `solver`, `integrate`.

mod actuation;
mod collision;
mod constraint;
mod dense;
mod inertia;
mod integrate;
mod kinematics;
mod ldl;
pub mod model;
mod passive;
mod solver;
mod spatial;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod trig;
mod velocity;

pub use collision::Contact;
pub use model::Model;
pub use spatial::{Spatial, SpatialInertia};
pub use state::State;
pub use step::{forward, step};

/// What counts as zero in a division (MuJoCo's `mjMINVAL`).
const MINVAL: f64 = 1e-15;
