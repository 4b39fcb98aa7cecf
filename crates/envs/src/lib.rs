//! Gymnasium's MuJoCo tasks in pure Rust.
pub mod dynamics;
mod error;
pub mod mjcf;
pub use error::{Error, Result};
pub use glam;
