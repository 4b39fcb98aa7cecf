//! What a trained policy does: [`eval`] (its returns), [`watch`] (a film of it); and [`task`], with random actions, before
//! there is one.

pub(crate) mod eval;
mod own_model;
pub(crate) mod task;
pub(crate) mod watch;
