//! The roster of a study, in its folder: [`manifest`] (which runs there are), [`place`] (its files), [`claim`] (who makes a run),
//! [`state`] (how far a run is), [`status`] (how far all are), [`follow`] (how far they are while they are made), [`paper`]
//! (what a paper says of the same).

pub mod claim;
pub mod follow;
pub mod manifest;
pub mod paper;
pub mod place;
pub mod state;
pub mod status;

pub use manifest::{InitFrom, Planned, Source, Take};
pub use place::StudyDir;
