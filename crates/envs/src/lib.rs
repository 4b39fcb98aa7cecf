//! Gymnasium's MuJoCo tasks in pure Rust.
pub mod dynamics;
mod error;
pub use error::Error;
