//! Options of `cargo xtask train`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use clap::builder::ArgPredicate;

use super::help;
use super::seeds::{self, Seeds};
use super::values::{self, Device};
use crate::catalogue::{self, Kind};
use crate::roster::Take;

/// Options of a training run. What is absent comes from the configuration file, then from the recipe.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = after())]
pub struct TrainArgs {
    /// Task to learn, by Gymnasium's name [default: HalfCheetah-v5]
    #[arg(long, value_name = "TASK", value_parser = values::task)]
    pub env: Option<String>,

    /// One setting of the task or of a wrapper around it, such as reset_noise_scale=0.2 or action_repeat=2; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::env_setting)]
    pub env_set: Vec<String>,

    /// How the networks are sparse and how they learn [default: rlx2]
    #[arg(long, value_name = "NAME", value_parser = values::recipe, conflicts_with = "config")]
    pub recipe: Option<String>,

    /// Algorithm in the place of the recipe's own
    #[arg(long, value_name = "NAME", value_parser = values::algorithm, conflicts_with = "config", help = help::named(
        "Algorithm in the place of the recipe's own", Kind::Algorithm, "the one that the recipe ends on"))]
    pub algo: Option<String>,

    /// Share of the actor's weights that are absent, in [0, 1) [default: the paper's for the task]
    #[arg(long, value_name = "SHARE", value_parser = values::sparsity, allow_hyphen_values = true)]
    pub actor_sparsity: Option<f64>,

    /// Share of each critic's weights that are absent, in [0, 1) [default: the paper's for the task]
    #[arg(long, value_name = "SHARE", value_parser = values::sparsity, allow_hyphen_values = true)]
    pub critic_sparsity: Option<f64>,

    /// Control steps to train for; 200_000, 200k and 1M are understood [default: 200000]; with --resume, the new length of
    /// the run, in which connections stop moving when they were to stop
    #[arg(long, value_name = "N", value_parser = values::count, allow_hyphen_values = true)]
    pub steps: Option<u64>,

    /// Seed of every random stream; the same seed and device give the same run; of dense networks, on CPUs of one kind [default: 0]
    #[arg(long, value_name = "N", value_parser = values::seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// A run for each of several seeds, as many at a time as there are threads: 0..5 (without 5), 0..=4 or 0,3,7
    #[arg(long, value_name = "LIST", value_parser = seeds::seeds, conflicts_with = "seed", allow_hyphen_values = true)]
    pub seeds: Option<Seeds>,

    /// Backend that computes the networks
    #[arg(long, value_name = "NAME", value_parser = values::device, help = help::named(
        "Backend that computes the networks", Kind::Device, "flex, or what a resumed run had"))]
    pub device: Option<Device>,

    /// Threads to compute with; changes the speed, never the numbers [default: as many as cores]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub threads: Option<u64>,

    /// Folder for the run [default: runs/TASK-RECIPE-sSEED]; with --seeds, the folder that gets a folder sSEED for each
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace the run that the folder already holds; files of no run stay
    #[arg(long)]
    pub overwrite: bool,

    /// Keep the actor of every evaluation, from which `cargo xtask collect` makes datasets of different skill
    #[arg(long)]
    pub keep_policies: bool,

    /// Settings as TOML, with keys of the `config.toml` that every run writes; its recipe fills the rest
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// One setting, by its key in `config.toml`, such as learning.gamma=0.98 or replay.adaptive=false; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::setting)]
    pub set: Vec<String>,

    /// Go on with the run in this folder, which was stopped or killed, as if it had not stopped
    #[arg(long, value_name = "DIR", conflicts_with_all = FRESH)]
    pub resume: Option<PathBuf>,

    /// Begin with the networks of the run in this folder, of either command; task, reward and settings may be others
    #[arg(long, value_name = "RUN")]
    pub init_from: Option<PathBuf>,

    /// What is taken of that run
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        requires = "init_from",
        default_value_if("init_from", ArgPredicate::IsPresent, "networks")
    )]
    pub take: Option<Take>,

    /// End early once an evaluation's mean return is this or more
    #[arg(long, value_name = "RETURN", allow_hyphen_values = true, value_parser = values::finite)]
    pub stop_at_return: Option<f64>,

    /// End early after so many evaluations without a higher mean return
    #[arg(long, value_name = "N", value_parser = values::count, allow_hyphen_values = true)]
    pub patience: Option<u64>,

    /// End early after this time, such as 90s, 45m or 2h30m; --resume goes on
    #[arg(long, value_name = "TIME", value_parser = values::span, allow_hyphen_values = true)]
    pub budget: Option<Duration>,
}

/// The file of a run's folder with the name of its device: `crate::folder::run_dir::RunDir::device_path`.
const DEVICE_FILE: &str = "device";

impl TrainArgs {
    /// The requested device; else that of the resumed run, so that its numbers stay the same; else the default.
    ///
    /// # Errors
    /// When the run's folder names a device that is not known.
    pub fn device(&self) -> Result<Device> {
        device_of(self.device, self.resume.as_deref())
    }
}

/// The requested device; else that of the run in the folder `resume`; else the default.
///
/// # Errors
/// When the folder names a device that is not known.
pub(super) fn device_of(asked: Option<Device>, resume: Option<&Path>) -> Result<Device> {
    if let Some(device) = asked {
        return Ok(device);
    }
    let Some(run) = resume else {
        return Ok(Device::default());
    };
    let file = run.join(DEVICE_FILE);
    match fs::read_to_string(&file) {
        Ok(name) => values::device(name.trim()).map_err(|error| {
            anyhow!(
                "{}: `{}` is an {error}; or give --device",
                file.display(),
                name.trim()
            )
        }),
        // Runs of earlier versions have no such file; a path that is not a run is refused later, with a better message.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Device::default())
        }
        Err(error) => Err(error).with_context(|| format!("{}; or give --device", file.display())),
    }
}

/// Options of new runs: a resumed run has its own settings.
const FRESH: [&str; 14] = [
    "env",
    "env_set",
    "recipe",
    "algo",
    "actor_sparsity",
    "critic_sparsity",
    "init_from",
    "seed",
    "seeds",
    "out",
    "overwrite",
    "keep_policies",
    "config",
    "set",
];

const BEFORE: &str = "\
With no option: RLx2-TD3 on HalfCheetah-v5, the actor 90 % and the critics 85 %
sparse from the first step, for 200,000 control steps. A named option wins over
--set, that over the same setting in --config, which wins over the recipe.";

const SPARSITY: &str = "\
Sparsity: RLx2's published ones by task and algorithm; for TD3, actor / critic:
          HalfCheetah 0.90 / 0.85, Hopper 0.98 / 0.95, Walker2d 0.97 / 0.95,
          Ant 0.96 / 0.88; `ds` has its paper's, `dense` and `tiny` none";

const EXAMPLES: &str = "\
Examples:
  cargo xtask train
  cargo xtask train --env hopper --steps 1M --seed 3
  cargo xtask train --recipe dense --out runs/baseline
  cargo xtask train --recipe rlx2 --algo sac --seeds 0..5
  cargo xtask train --actor-sparsity 0.95 --critic-sparsity 0.9 --out runs/sparser
  cargo xtask train --env ant-v3 --set n_step.n=2 --set replay.adaptive=false
  cargo xtask train --env hopper --env-set reset_noise_scale=0.02 --env-set observation_stack=3
  cargo xtask train --config runs/halfcheetah-v5-rlx2-td3-s0/config.toml --seed 1
  cargo xtask recipes ds-sac --env ant > my.toml; cargo xtask train --config my.toml
  cargo xtask train --resume runs/halfcheetah-v5-rlx2-td3-s0
  cargo xtask train --resume runs/halfcheetah-v5-rlx2-td3-s0 --steps 2M
  cargo xtask train --recipe static --init-from runs/halfcheetah-v5-rlx2-td3-s0 --take ticket

Ctrl-C ends a run after its step, with all that --resume needs, and so do SIGTERM
and SIGHUP, which a scheduler and a closing terminal send; a second Ctrl-C ends
it at once, and --resume goes on from the last evaluation.

The folder holds metrics.csv (one row per evaluation), config.toml, the
checkpoints and TensorBoard's events. Meanwhile:
  tensorboard --logdir runs
Afterwards:
  cargo xtask eval DIR      cargo xtask plot DIR";

/// What stands below the options.
fn after() -> String {
    let algorithms = catalogue::names(Kind::Algorithm);
    let each = algorithms.iter().map(|algo| format!("-{algo}"));
    let recipes = format!(
        "{}\n          each with {}; `cargo xtask recipes` says where each comes\n          from and prints its numbers",
        help::table("Recipes:", Kind::Recipe),
        each.collect::<Vec<_>>().join(" or "),
    );
    [
        BEFORE,
        "",
        &help::tasks(),
        &recipes,
        SPARSITY,
        &help::table("Devices:", Kind::Device),
        "",
        EXAMPLES,
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Job, job};

    fn read(words: &str) -> std::result::Result<TrainArgs, clap::Error> {
        match job(&format!("train {words}"))? {
            Job::Train(args) => Ok(args),
            other => panic!("not a training: {other:?}"),
        }
    }

    #[test]
    fn a_run_that_goes_on_takes_a_length_and_what_computes_it_alone() {
        let args = read("--resume runs/a --device ndarray --threads 2 --steps 2M").unwrap();
        assert_eq!(
            (args.resume, args.steps),
            (Some("runs/a".into()), Some(2_000_000))
        );
        assert!(read("--resume runs/a --budget 2h --patience 5 --stop-at-return -3").is_ok());
        for other in [
            "--env ant",
            "--env-set frame_skip=2",
            "--recipe ds",
            "--algo sac",
            "--actor-sparsity 0.5",
            "--critic-sparsity 0.5",
            "--seed 1",
            "--seeds 0..2",
            "--init-from b",
            "--out a",
            "--overwrite",
            "--config a",
            "--set steps=5",
        ] {
            assert!(read(other).is_ok(), "{other}");
            assert!(
                read(&format!("--resume runs/a {other}")).is_err(),
                "{other}"
            );
        }
    }

    #[test]
    fn a_run_goes_on_with_its_device() {
        let folder = tempfile::tempdir().unwrap();
        let mut args = TrainArgs {
            resume: Some(folder.path().to_owned()),
            ..TrainArgs::default()
        };
        let keep = |name: &str| fs::write(folder.path().join(DEVICE_FILE), name).unwrap();
        assert_eq!(args.device().unwrap(), Device::Flex);
        keep("ndarray\n");
        assert_eq!(args.device().unwrap(), Device::Ndarray);
        keep("tpu\n");
        let said = args.device().unwrap_err().to_string();
        assert!(
            said.contains("device: `tpu` is an unknown device; known devices: flex"),
            "{said}"
        );
        args.device = Some(Device::Wgpu);
        assert_eq!(args.device().unwrap(), Device::Wgpu);
        args.device = None;
        args.resume = Some(folder.path().join(DEVICE_FILE));
        assert_eq!(args.device().unwrap(), Device::Flex);
    }

    #[test]
    fn what_is_taken_of_a_run_needs_the_run() {
        let args = read("--init-from runs/a").unwrap();
        assert_eq!(args.take, Some(Take::Networks));
        let args = read("--init-from runs/a --take ticket").unwrap();
        assert_eq!(args.take, Some(Take::Ticket));
        assert!(read("--take ticket").is_err());
        let error = read("--init-from a --take weights")
            .unwrap_err()
            .to_string();
        assert!(error.contains("networks, connections, ticket"), "{error}");
    }

    #[test]
    fn one_seed_or_several_not_both() {
        assert_eq!(
            read("--seeds 0,3,7").unwrap().seeds,
            Some(Seeds(vec![0, 3, 7]))
        );
        assert!(read("--seeds 0..3 --seed 1").is_err());
        assert!(read("--seeds 3..3").is_err());
        assert!(
            read("--steps 0")
                .unwrap_err()
                .to_string()
                .contains("at least 1")
        );
    }

    #[test]
    fn the_help_names_every_task_recipe_and_device() {
        let after = after();
        for entry in catalogue::entries(Kind::Recipe) {
            let mut lines = after.lines().map(|line| {
                line.trim_start()
                    .trim_start_matches("Recipes:")
                    .trim_start()
            });
            let line = lines.find(|line| line.split_whitespace().next() == Some(&entry.name));
            assert!(
                line.is_some_and(|line| line.ends_with(&entry.about)),
                "{after}"
            );
        }
        for task in catalogue::names(Kind::Task) {
            let (name, version) = task.split_once('-').unwrap();
            assert!(after.contains(name) && after.contains(version), "{task}");
        }
        for device in Device::ALL {
            assert!(after.contains(device.about()), "{device}");
        }
    }
}
