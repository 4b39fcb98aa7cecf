//! What a trained policy does: [`eval`] (its returns), [`watch`] (a film of it).

pub(crate) mod eval;
mod own_model;
pub(crate) mod watch;
