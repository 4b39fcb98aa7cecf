//! The folders of runs: [`run_dir`] (one of a run in a task), [`checkpoint`] (what it goes on from), [`learn`] (training
//! with such a folder), [`names`] (its files), [`kind`] (which command made a folder), [`places`] (a folder that somebody
//! names), [`offline`] (the files of a run on a dataset), [`policies`] (the policy that a run left), [`output`] (a file that
//! somebody names), [`owner`] (whose file a path would be), [`task_files`] (those of a run's task).

#[cfg(feature = "run")]
pub(crate) mod checkpoint;
#[cfg(feature = "run")]
pub(crate) mod kind;
#[cfg(feature = "run")]
pub(crate) mod learn;
#[cfg_attr(
    not(feature = "run"),
    allow(dead_code, reason = "readers need few of them")
)]
pub(crate) mod names;
#[cfg(feature = "run")]
pub(crate) mod offline;
#[cfg(feature = "run")]
pub(crate) mod output;
#[cfg(feature = "run")]
pub(crate) mod owner;
#[cfg_attr(
    not(feature = "run"),
    allow(dead_code, reason = "readers need few of them")
)]
pub(crate) mod places;
#[cfg(feature = "run")]
pub(crate) mod policies;
#[cfg(feature = "run")]
pub(crate) mod run_dir;
#[cfg(feature = "run")]
pub(crate) mod task_files;
