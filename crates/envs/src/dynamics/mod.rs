//! The rigid-body engine: what MuJoCo computes, stage by stage, under MuJoCo's names.
//!
//! A [`Model`] is constant, a [`State`] is all that changes, and [`step`] is the list of stages between two
//! states. No stage allocates; none uses fused multiply-add or the C library's sine, so that every CPU computes
//! the same bits.
//!
//! In reading order: `model`, `state`, `step`, then the stages: `kinematics`, `inertia`, `velocity`,
//! `transmission`, `passive` with `fluid`, `actuation`, `collision`, `constraint`, `solver`, `integrate`, and on
//! request `external`.

mod actuation;
mod collision;
mod constraint;
mod dense;
mod external;
mod fluid;
mod inertia;
mod integrate;
mod kinematics;
mod ldl;
pub mod model;
mod passive;
mod rotation;
mod solver;
mod spatial;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod transmission;
mod trig;
mod velocity;

pub use collision::Contact;
pub use constraint::Rows;
pub use external::rne_post_constraint;
pub use model::Model;
pub(crate) use rotation::matrix;
pub use spatial::{Spatial, SpatialInertia};
pub use state::{State, Warning, Warnings};
pub(crate) use step::diverged;
pub use step::{forward, step};
pub use trig::sin_cos;

/// What counts as zero in a division (MuJoCo's `mjMINVAL`).
const MINVAL: f64 = 1e-15;

/// What counts as diverged (MuJoCo's `mjMAXVAL`).
const MAXVAL: f64 = 1e10;

/// Whether a number shows that the simulation diverged.
fn is_bad(x: f64) -> bool {
    x.is_nan() || x.abs() > MAXVAL
}
