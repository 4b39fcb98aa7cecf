//! A user's own command line: six lines give their tasks and agents `train`, `eval`, `plot` and all else.

use std::process::ExitCode;

use experiments::{Registry, cli};
use outside::{CartPole, HillClimberConfig, Puck};

fn main() -> ExitCode {
    let registry = Registry::new()
        .task("CartPole-v0", || Ok(CartPole::new().into()))
        .task("Puck-v0", || Ok(envs::Mujoco::new(Puck)?.into()))
        .agent::<HillClimberConfig>();
    cli::run(registry)
}
