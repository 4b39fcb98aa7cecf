//! A rival in another language: a Python process that works on request, in lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The process.
pub(super) struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts `python` on the text of a script.
    pub(super) fn start(python: &Path, script: &str, words: &[&str]) -> Result<Self> {
        let mut child = Command::new(python)
            .args(["-c", script])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", python.display()))?;
        let requests = child.stdin.take().context("no way to ask the peer")?;
        let answers = BufReader::new(child.stdout.take().context("no way to hear the peer")?);
        Ok(Self {
            child,
            requests,
            answers,
        })
    }

    /// What it says first, or next.
    pub(super) fn hear<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the Python process ended");
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Its answer to a request.
    pub(super) fn ask<T: DeserializeOwned>(&mut self, request: &impl Serialize) -> Result<T> {
        writeln!(self.requests, "{}", serde_json::to_string(request)?)?;
        self.requests.flush()?;
        self.hear()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about an error here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
