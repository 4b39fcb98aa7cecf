//! Gymnasium's tasks: one file each, on the shared [`Mujoco`] environment.

mod ant;
mod common;
mod half_cheetah;
mod hopper;
mod humanoid;
mod inverted_double_pendulum;
mod inverted_pendulum;
mod pusher;
mod reacher;
mod swimmer;
#[cfg(test)]
mod tests;
mod walker2d;

pub use ant::Ant;
pub use common::{Before, Facts, Mujoco, Score, Start, Task, Transition, Version};
pub use half_cheetah::HalfCheetah;
pub use hopper::Hopper;
pub use humanoid::Humanoid;
pub use inverted_double_pendulum::InvertedDoublePendulum;
pub use inverted_pendulum::InvertedPendulum;
pub use pusher::Pusher;
pub use reacher::Reacher;
pub use swimmer::Swimmer;
pub use walker2d::Walker2d;
