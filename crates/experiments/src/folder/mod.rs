//! The folders of runs: [`run_dir`] (one of a run in a task), [`checkpoint`] (what it goes on from), [`learn`] (training
//! with such a folder), [`names`] (its files), [`kind`] (which command made a folder), [`places`] (a folder that somebody names), [`offline`] (the
//! files of a run on a dataset), [`policies`] (the policy that a run left), [`output`] (a file that somebody names).

pub(crate) mod checkpoint;
pub(crate) mod kind;
pub(crate) mod learn;
pub(crate) mod names;
pub(crate) mod offline;
pub(crate) mod output;
pub(crate) mod places;
pub(crate) mod policies;
pub(crate) mod run_dir;
