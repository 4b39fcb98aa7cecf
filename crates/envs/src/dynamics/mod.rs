//! The rigid-body engine.
pub mod model;
