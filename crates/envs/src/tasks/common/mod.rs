//! What all tasks share.

mod mujoco;
pub mod observation;
mod requirements;
mod task;

pub use mujoco::Mujoco;
pub use observation::Observation;
pub use requirements::Requirements;
pub use task::{Outcome, PreStep, ResetCtx, Task, TaskSpec, Transition};
