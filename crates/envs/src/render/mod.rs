//! Pictures of a state, without a display: a ray caster for the shapes that models are made of.
//!
//! ```
//! use envs::render::{Camera, Picture};
//!
//! let mut env = envs::make("Hopper-v5")?;
//! let mut observation = vec![0.0; env.info().observation.len()];
//! env.reset(0, &mut observation)?;
//! let (model, state) = env.physics().unwrap();
//! let camera = Camera::of(model, state);
//! let mut picture = Picture::new(64, 48);
//! picture.draw(model, state, &camera);
//! picture.write(1, 1, 1, "HOPPER");
//! let png = picture.to_png()?;
//! assert_eq!(&png[1..4], b"PNG");
//! # Ok::<(), envs::Error>(())
//! ```
//!
//! In reading order: `camera`, `ray` and `tree` (where a line of sight meets a shape or a mesh), `shade` (what is seen there),
//! `picture` (pixels, letters, PNG), `animation` (GIF).

mod animation;
mod camera;
mod hit;
mod picture;
mod ray;
mod shade;
#[cfg(test)]
mod tests;
mod tree;

pub use animation::Animation;
pub use camera::Camera;
pub use picture::Picture;
