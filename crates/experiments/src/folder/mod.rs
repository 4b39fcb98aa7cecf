//! The folders of runs: [`kind`] (which command made one), [`places`] (a folder that somebody names), [`offline`] (the
//! files of a run on a dataset), [`policies`] (the policy that a run left), [`output`] (a file that somebody names).

pub(crate) mod kind;
pub(crate) mod offline;
pub(crate) mod output;
pub(crate) mod places;
pub(crate) mod policies;
