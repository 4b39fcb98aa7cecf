//! What a trained policy does: [`eval`] (its returns), [`watch`] (a film of it).

pub(crate) mod eval;
pub(crate) mod watch;
