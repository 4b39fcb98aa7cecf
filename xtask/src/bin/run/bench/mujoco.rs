//! MuJoCo's C library as a rival: a Python process that runs its rollout loop on request.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::peer::Peer;

const SCRIPT: &str = include_str!("../../../../peers/mujoco_rollout.py");

/// Where an episode begins, and what is done in it.
#[derive(Deserialize)]
pub(super) struct Work {
    /// MuJoCo's version.
    pub(super) version: String,
    pub(super) qpos: Vec<f64>,
    pub(super) qvel: Vec<f64>,
    /// Activations of actuators.
    pub(super) act: Vec<f64>,
    /// Physics steps per control step.
    pub(super) skip: usize,
    /// One action per control step.
    pub(super) actions: Vec<Vec<f64>>,
}

/// One run of the work.
#[derive(Deserialize)]
pub(super) struct Run {
    pub(super) seconds: f64,
    /// Positions at the end.
    pub(super) qpos: Vec<f64>,
}

/// The process.
pub(super) struct Mujoco(Peer);

impl Mujoco {
    /// Starts `python` for one task, or for the model of `file:PATH`.
    pub(super) fn start(python: &Path, task: &str) -> Result<(Self, Work)> {
        let mut peer = Peer::start(python, SCRIPT, &[task])?;
        let work = peer.hear().context(
            "MuJoCo's side said nothing; it needs: pip install \"mujoco==3.3.7\" \"gymnasium[mujoco]\"",
        )?;
        Ok((Self(peer), work))
    }

    /// Has the work done once.
    pub(super) fn run(&mut self) -> Result<Run> {
        self.0.ask(&())
    }
}
