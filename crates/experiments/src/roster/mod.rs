//! The roster of a study, in its folder: [`manifest`] (which runs there are), [`place`] (its files), [`claim`] (who makes a run),
//! [`status`] (how far it is), [`follow`] (how far it is while it is made), [`paper`] (what a paper says of the same).

pub mod claim;
pub mod follow;
pub mod manifest;
pub mod paper;
pub mod place;
pub mod status;

pub use manifest::{InitFrom, Planned, Source, Take};
pub use place::StudyDir;
