//! What a user writes: [`CartPole`], an environment by hand, [`Puck`], a task on an own MJCF model, and
//! [`HillClimberConfig`], an agent without a network of ours.
//!
//! The crate touches no file of ours; [`register`] is all that an environment takes for `make`, training and the command
//! line.

mod cart_pole;
mod hill_climber;
mod puck;

pub use cart_pole::CartPole;
pub use hill_climber::HillClimberConfig;
pub use puck::Puck;

/// Makes both environments known by their names.
///
/// # Errors
/// When the names are taken.
pub fn register() -> envs::Result<()> {
    envs::register("CartPole-v0", || Ok(CartPole::new().into()))?;
    envs::register("Puck-v0", || Ok(envs::Mujoco::new(Puck)?.into()))
}
