//! The roster of a study, in its folder: [`manifest`] (which runs there are), [`place`] (its files), [`claim`] (who makes a run),
//! [`status`] (how far it is).

pub mod claim;
pub mod manifest;
pub mod place;
pub mod shared;
pub mod status;

pub use manifest::{Planned, Source};
pub use place::StudyDir;
