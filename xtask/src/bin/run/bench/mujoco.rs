//! MuJoCo's C library as a rival: a Python process that runs its rollout loop on request.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

const SCRIPT: &str = include_str!("../../../../peers/mujoco_rollout.py");

/// Where an episode begins, and what is done in it.
#[derive(Deserialize)]
pub(super) struct Work {
    /// MuJoCo's version.
    pub(super) version: String,
    pub(super) qpos: Vec<f64>,
    pub(super) qvel: Vec<f64>,
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
pub(super) struct Mujoco {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Mujoco {
    /// Starts `python` for one task.
    pub(super) fn start(python: &Path, task: &str) -> Result<(Self, Work)> {
        let mut child = Command::new(python)
            .args(["-c", SCRIPT, task])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", python.display()))?;
        let requests = child.stdin.take().context("no way to ask MuJoCo")?;
        let answers = BufReader::new(child.stdout.take().context("no way to hear MuJoCo")?);
        let mut rival = Self {
            child,
            requests,
            answers,
        };
        let work = rival.hear().context(
            "MuJoCo's side said nothing; it needs: pip install \"mujoco==3.3.7\" \"gymnasium[mujoco]\"",
        )?;
        Ok((rival, work))
    }

    /// Has the work done once.
    pub(super) fn run(&mut self) -> Result<Run> {
        self.requests.write_all(b"\n")?;
        self.requests.flush()?;
        self.hear()
    }

    fn hear<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the Python process ended");
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Mujoco {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about an error here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
