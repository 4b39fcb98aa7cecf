//! Environments as a user writes them: [`CartPole`], equations by hand, and [`Puck`], a task on an own MJCF model.
//!
//! The crate touches no file of ours; [`register`] is all that it takes for `make`, training and the command line.

mod cart_pole;
mod puck;

pub use cart_pole::CartPole;
pub use puck::Puck;

/// Makes both environments known by their names.
///
/// # Errors
/// When the names are taken.
pub fn register() -> envs::Result<()> {
    envs::register("CartPole-v0", || Ok(CartPole::new().into()))?;
    envs::register("Puck-v0", || Ok(envs::Mujoco::new(Puck)?.into()))
}
