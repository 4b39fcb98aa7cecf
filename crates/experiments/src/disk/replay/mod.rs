//! A replay on disk: [`ReplayLog`] (files of slots), [`Manifest`] (which of them make up a replay).

mod log;
mod manifest;
#[cfg(test)]
mod tests;

pub(crate) use log::{ReplayLog, is_of_log};
pub(crate) use manifest::Manifest;
