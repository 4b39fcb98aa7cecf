//! What all tasks share.

mod mujoco;
pub mod observation;
mod requirements;
mod task;
mod tolerance;

pub use mujoco::Mujoco;
pub(in crate::tasks) use mujoco::action_dim;
pub use observation::Observation;
pub use requirements::Requirements;
pub use task::{Outcome, PreStep, ResetCtx, Task, TaskSpec, Transition};
pub use tolerance::{Sigmoid, Tolerance};
