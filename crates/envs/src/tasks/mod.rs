//! Gymnasium's tasks: one file each, on the shared [`Mujoco`] environment.

mod common;
mod half_cheetah;
mod hopper;
#[cfg(test)]
mod tests;
mod walker2d;

pub use common::{Mujoco, ResetNoise, Score, Task, Transition};
pub use half_cheetah::HalfCheetah;
pub use hopper::Hopper;
pub use walker2d::Walker2d;
