//! Gymnasium's MuJoCo tasks in pure Rust.
pub mod dynamics;
pub mod env;
mod error;
pub mod mjcf;
pub use env::{Env, EnvState, Info, Quantity, Step, TaskInfo};
pub use error::{Error, Result};
pub use glam;
