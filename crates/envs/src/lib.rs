//! Gymnasium's MuJoCo tasks and DeepMind's control suite in pure Rust, computing what MuJoCo 3.3.7 computes.
//!
//! No C library, no Python, and no threads but in [`VecEnv`] with the feature `parallel`. The same seed gives the same
//! numbers; a [`Clone`] in mid-episode goes on identically. A step allocates only where a pose has more constraint rows
//! than any before. The engine can be used alone: [`mjcf::compile`] and [`dynamics::step`] take MJCF models
//! with every kind of joint, primitive shapes, meshes and height fields, fixed and spatial tendons, muscles and sensors, and
//! refuse what they cannot do.
//!
//! ```
//! let mut env = envs::make("HalfCheetah-v5")?;
//! let mut observation = vec![0.0; env.info().observation.len()];
//! env.reset(42, &mut observation)?;
//! let step = env.step(&[0.1, -0.2, 0.3, 0.0, 0.5, -0.5], &mut observation)?;
//! assert!(!step.terminated && step.info.get("x_velocity").is_some());
//! # Ok::<(), envs::Error>(())
//! ```
//!
//! A task of your own implements [`tasks::Task`] on an MJCF model, a world of your own [`Env`]; [`register`] gives either
//! a name.
//!
//! In reading order: [`mod@env`] (the interface), [`registry`](make) (tasks by name), [`tasks`] (what is observed and
//! rewarded), [`wrappers`] (environments around environments), [`testing`] (what environments promise), [`mjcf`] (XML to
//! model), [`dynamics`] (the engine), [`Error`].

pub mod dynamics;
pub mod env;
mod error;
pub mod mjcf;
mod nearest;
mod numpy_rng;
mod registry;
#[cfg(feature = "render")]
pub mod render;
pub mod tasks;
pub mod testing;
mod vector;
pub mod wrappers;

pub use env::{Env, EnvState, Info, SpaceDim, Step, TaskInfo};
pub use error::{Error, Result};
/// The vectors and quaternions of a [`dynamics::model::Model`].
pub use glam;
pub use numpy_rng::{NumpyRng, RandomState};
pub use registry::{
    TaskEntry, catalogue, find, list, make, make_with, names, register, register_with,
};
pub use tasks::Mujoco;
pub use vector::VecEnv;
pub use wrappers::Settings;
