//! `study submit`: hands what is missing of a study to a cluster. Each element of an array is a `study run` of a slice, so
//! claims, checkpoints and retries are those of any other; nothing of ours stays behind to watch it.
//!
//! In reading order: `array` (what an element is), `slurm` and `hyperqueue` (as each cluster reads it), `hand_over` (written
//! and submitted).

mod array;
#[cfg(feature = "run")]
mod hand_over;
mod hyperqueue;
mod slurm;

#[cfg(feature = "run")]
pub(super) use hand_over::submit;
