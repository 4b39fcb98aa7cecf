//! Building blocks of actor-critic agents: actors, critics, how they are drawn, and batches as tensors.

mod actor;
mod batch;
mod blocks;
mod critics;
mod scalar_adam;
mod spec;

pub use actor::Actor;
pub(crate) use batch::with_scaled_rewards;
pub use batch::{
    BatchShape, check_action, check_batch, equal_parts, halves, normal, par_halves, row_slice,
    to_vec,
};
pub(crate) use blocks::{
    actor_parts, columns_of, frozen_networks, least_of, par_blocks, with_actions,
};
pub use critics::{CriticStep, Critics, least, value_mean};
pub use scalar_adam::ScalarAdam;
pub use spec::check_networks;
pub(crate) use spec::sparsity_setting;
