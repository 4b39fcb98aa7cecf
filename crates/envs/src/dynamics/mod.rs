//! The rigid-body engine: what MuJoCo computes, stage by stage, under MuJoCo's names.
//!
//! A [`Model`] is constant, a [`State`] is all that changes, and [`step`] is the list of stages between two
//! states. No stage uses fused multiply-add or the C library's sine, so that every CPU computes the same bits. None
//! allocates, unless a pose has more constraint rows than any before.
//!
//! In reading order: `model` and `state` (data), `step` and `forward` (the lists of stages), then the stages:
//! `kinematics`, `com_pos`, `tendon` with `wrap`, `transmission`, `crb`, `collision`, `constraint`, `com_vel`, `rne`, `passive` with `fluid`,
//! `actuation` with `activation` and `muscle`, `solver`, `integrate`, and on request `rne_post_constraint`
//! and, with `ray`, `sensor`. `pull` serves a
//! compiler, `math` and `jacobian` serve them all.

mod activation;
mod actuation;
mod collision;
mod com_pos;
mod com_vel;
mod constraint;
mod crb;
mod fluid;
mod forward;
mod integrate;
mod jacobian;
mod kinematics;
mod math;
pub mod model;
mod muscle;
mod passive;
mod pull;
mod ray;
mod rne;
mod rne_post_constraint;
mod sensor;
mod solver;
mod state;
mod step;
mod tendon;
mod tendon_bias;
#[cfg(test)]
mod tests;
mod transmission;
mod wrap;

pub(crate) use collision::is_searched;
pub(crate) use forward::forward_unactuated;
pub use forward::{forward, step1};
pub(crate) use math::rotation::matrix;
pub use math::spatial::{Spatial, SpatialInertia};
pub use math::trig::sin_cos;
pub use model::Model;
pub(crate) use pull::{Pull, pull};
pub use rne_post_constraint::rne_post_constraint;
pub use state::contact::Contact;
pub use state::rows::Rows;
pub use state::{State, Warning, Warnings};
pub(crate) use step::diverged;
pub use step::{step, step2};
pub(crate) use transmission::Lengths;

/// What counts as zero in a division (MuJoCo's `mjMINVAL`).
const MINVAL: f64 = 1e-15;

/// What counts as diverged (MuJoCo's `mjMAXVAL`).
const MAXVAL: f64 = 1e10;

/// Whether a number shows that the simulation diverged.
fn is_bad(x: f64) -> bool {
    x.is_nan() || x.abs() > MAXVAL
}
