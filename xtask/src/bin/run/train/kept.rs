//! The observer that keeps the device's name in the run's folder, for `--resume`.

use std::io::Write;
use std::path::{Path, PathBuf};

use cli::train::DEVICE_FILE;
use cli::values::Device;
use rl_algos::algos::Agent;
use rl_algos::config::TrainConfig;
use rl_algos::files::put;
use rl_algos::observe::Observer;

/// Keeps the name when the run begins or goes on, by when nobody else writes to its folder.
pub(super) struct KeptDevice {
    file: PathBuf,
    device: Device,
}

impl KeptDevice {
    pub(super) fn new(run: &Path, device: Device) -> Self {
        Self {
            file: run.join(DEVICE_FILE),
            device,
        }
    }
}

impl Observer for KeptDevice {
    fn on_start(&mut self, _: &TrainConfig, _: &dyn Agent) -> rl_algos::Result<()> {
        put(&self.file, |file| writeln!(file, "{}", self.device))
    }
}
