//! What is observed and rewarded: the [`Task`] trait, its environment [`Mujoco`], Gymnasium's tasks, those of
//! [DeepMind's control suite](control_suite), and tasks [of files](from_file).
//!
//! A task of your own takes a model, an [`outcome`](Task::outcome) and a name:
//!
//! ```
//! use envs::tasks::{Outcome, PreStep, ResetCtx, Task, TaskSpec, Transition};
//! use envs::{Info, Mujoco, dynamics::{Model, State}, mjcf};
//!
//! const XML: &str = r#"<mujoco>
//!   <worldbody>
//!     <body>
//!       <joint name="x" type="slide" axis="1 0 0" damping="1"/>
//!       <geom size="0.1"/>
//!     </body>
//!   </worldbody>
//!   <actuator><motor joint="x" ctrlrange="-1 1"/></actuator>
//! </mujoco>"#;
//!
//! /// Slides along x as fast as it can.
//! #[derive(Clone)]
//! struct Slider;
//!
//! impl Task for Slider {
//!     fn spec(&self) -> TaskSpec {
//!         TaskSpec {
//!             id: "Slider-v0",
//!             about: "A ball slides along x as fast as it can.",
//!             info: &["reward_forward", "reward_ctrl"],
//!             frame_skip: 5,
//!             max_episode_steps: 200,
//!             ..TaskSpec::default()
//!         }
//!     }
//!
//!     fn model(&self) -> envs::Result<Model> {
//!         mjcf::compile(XML, "slider")
//!     }
//!
//!     fn reset(&self, ctx: &mut ResetCtx<'_>) {
//!         ctx.rng.add_uniform_noise(ctx.qpos, 0.1);
//!     }
//!
//!     fn pre_step(&self, _: &Model, state: &State) -> PreStep {
//!         [state.qpos[0], 0.0, 0.0]
//!     }
//!
//!     fn outcome(&self, transition: &Transition<'_>) -> Outcome {
//!         let x = transition.state.qpos[0];
//!         let (forward, ctrl) = (transition.velocity(0, x), transition.ctrl_cost(0.1));
//!         Outcome {
//!             reward: forward - ctrl,
//!             terminated: x.abs() > 10.0,
//!             info: Info::new(self.spec().info, [forward, -ctrl]),
//!         }
//!     }
//! }
//!
//! envs::register("Slider-v0", || Ok(Mujoco::new(Slider)?.into()))?;
//! let mut many = envs::VecEnv::new("slider", 4)?;
//! many.reset(0)?;
//! assert!(many.step(&[1.0; 4])?[0].reward > -0.1);
//! # Ok::<(), envs::Error>(())
//! ```

pub(crate) mod common;
pub mod control_suite;
pub mod from_file;
pub(crate) mod gymnasium;
#[cfg(test)]
mod tests;

pub use common::{
    Mujoco, Observation, Outcome, PreStep, Requirements, ResetCtx, Sigmoid, Task, TaskSpec,
    Tolerance, Transition, observation,
};
pub use gymnasium::*;
