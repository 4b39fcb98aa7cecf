//! Options of `cargo xtask study`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};

use super::figures::{ExportArgs, Scoring};
use super::help;
use super::seeds::{self, Seeds};
use super::values::{self, Device};
use crate::catalogue::Kind;
use crate::roster::{StudyDir, manifest};

/// What is done with a study.
#[derive(Args, Clone, Debug)]
#[command(after_help = AFTER)]
pub struct StudyArgs {
    /// What is done.
    #[command(subcommand)]
    pub what: StudyJob,
}

/// The jobs of a study.
#[derive(Clone, Debug, Subcommand)]
pub enum StudyJob {
    /// List the runs of a study file, with the time and the disk that they need
    Plan(PlanArgs),
    /// Make the runs that are missing, several at a time
    Run(RunArgs),
    /// Hand the runs that are missing to a cluster
    Submit(SubmitArgs),
    /// Tell how far a study is, from its folder alone
    Status(StatusArgs),
    /// Write the runs of a study as tables that other programs read, rliable among them
    Export(StudyExportArgs),
    /// Make one run, as `study run` asks a process of its own to do
    #[command(hide = true)]
    Make(MakeArgs),
}

/// Where a study lies.
#[derive(Args, Clone, Debug)]
pub struct PlaceArgs {
    /// Study file (TOML), or the folder of a study that was planned
    #[arg(value_name = "STUDY")]
    pub study: PathBuf,

    /// Folder of the study [default: runs/studies/NAME, after the file NAME.toml]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Options of `study plan`.
#[derive(Args, Clone, Debug)]
pub struct PlanArgs {
    /// The study.
    #[command(flatten)]
    pub place: PlaceArgs,

    /// Runs at a time, for the disk that is foretold [default: as many as cores]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub jobs: Option<u64>,

    /// Backend that computes the networks
    #[arg(long, value_name = "NAME", value_parser = values::device,
        help = help::named("Backend that computes the networks", Kind::Device, "flex"))]
    pub device: Option<Device>,
}

/// Options of `study run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The study.
    #[command(flatten)]
    pub place: PlaceArgs,

    /// How the runs are made.
    #[command(flatten)]
    pub making: MakingArgs,

    /// Backend that computes the networks
    #[arg(long, value_name = "NAME", value_parser = values::device,
        help = help::named("Backend that computes the networks", Kind::Device, "flex"))]
    pub device: Option<Device>,
}

/// How the runs of a study are made.
#[derive(Args, Clone, Debug)]
pub struct MakingArgs {
    /// Runs at a time, each a process of its own [default: as many as cores]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub jobs: Option<u64>,

    /// Threads of each run; changes the speed, never the numbers [default: the cores, shared out among the runs at a time]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub threads: Option<u64>,

    /// Ends in this time, such as 90s, 45m or 2h30m; runs that are not whole go on with the next `study run`
    #[arg(long, value_name = "TIME", value_parser = values::span, allow_hyphen_values = true)]
    pub budget: Option<Duration>,

    /// Only the runs with this remainder: 0/4 are runs 0, 4, 8, ... of the manifest
    #[arg(long, value_name = "I/N", value_parser = values::slice, allow_hyphen_values = true)]
    pub slice: Option<(usize, usize)>,

    /// Keep what whole runs could go on from, which their replay makes large
    #[arg(long)]
    pub keep_resume: bool,
}

/// Options of `cargo xtask reproduce`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  cargo xtask reproduce                                      what can be remade
  cargo xtask reproduce rlx2-table2 --plan                   its runs, core-hours and disk
  cargo xtask reproduce rlx2-table2 --seeds 0..3 --steps 1M --only walker2d
  cargo xtask reproduce ds-table2 --short                    whether it runs, in minutes
  cargo xtask reproduce ssp --data hopper_medium-v2.hdf5     on D4RL's files

A study of that name is made below runs/studies, and made again it goes on. `--short` makes two seeds of 4,000 steps, with
schedules scaled so that connections move and targets over several steps begin: it says nothing of returns.")]
pub struct ReproduceArgs {
    /// What is remade [default: list all]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Other seeds than the paper's number of them
    #[arg(long, value_name = "LIST", value_parser = seeds::seeds, allow_hyphen_values = true)]
    pub seeds: Option<Seeds>,

    /// Another number of steps than the paper's
    #[arg(long, value_name = "N", value_parser = values::count, conflicts_with = "short", allow_hyphen_values = true)]
    pub steps: Option<u64>,

    /// Only these tasks, with commas between; the version is that of the study
    #[arg(long, value_name = "TASKS", value_delimiter = ',')]
    pub only: Vec<String>,

    /// Datasets in the place of the study's, with commas between, such as D4RL's files
    #[arg(long, value_name = "PATHS", value_delimiter = ',')]
    pub data: Vec<String>,

    /// Two seeds of 4,000 steps
    #[arg(long)]
    pub short: bool,

    /// List the runs, and make none
    #[arg(long)]
    pub plan: bool,

    /// Folder of the study [default: runs/studies/NAME; with --short, runs/studies/NAME-short]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// How the runs are made.
    #[command(flatten)]
    pub making: MakingArgs,

    /// Backend that computes the networks
    #[arg(long, value_name = "NAME", value_parser = values::device,
        help = help::named("Backend that computes the networks", Kind::Device, "flex"))]
    pub device: Option<Device>,
}

/// What makes runs on other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// An array of Slurm's, each element a slice of the study
    Slurm,
    /// An array of HyperQueue's, each task a run
    Hyperqueue,
    /// This machine, as `study run`
    Local,
}

/// Options of `study submit`.
#[derive(Args, Clone, Debug)]
pub struct SubmitArgs {
    /// The study.
    #[command(flatten)]
    pub place: PlaceArgs,

    /// What makes the runs
    #[arg(long, value_name = "NAME", value_enum)]
    pub engine: Scheduler,

    /// Write the files, and submit nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Cores of an element of the array, each of which makes a run at a time [default: Slurm: those of this machine, HyperQueue: 1]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub cores: Option<u64>,

    /// Elements of the array [default: Slurm: so many that each takes an hour or more, HyperQueue: one a run]
    #[arg(long, value_name = "N", value_parser = values::count, allow_hyphen_values = true)]
    pub elements: Option<u64>,

    /// Time that an element may take, such as 8h; one that is not done by then goes on in the queue [default: the cluster's]
    #[arg(long, value_name = "TIME", value_parser = values::span, allow_hyphen_values = true)]
    pub time: Option<Duration>,

    /// A further option of sbatch or hq submit, such as --option=--partition=short; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub option: Vec<String>,

    /// Keep what whole runs could go on from, which their replay makes large
    #[arg(long)]
    pub keep_resume: bool,

    /// Backend that computes the networks
    #[arg(long, value_name = "NAME", value_parser = values::device,
        help = help::named("Backend that computes the networks", Kind::Device, "flex"))]
    pub device: Option<Device>,
}

/// Options of `study export`, which writes evaluations.csv.
#[derive(Args, Clone, Debug)]
pub struct StudyExportArgs {
    /// The study.
    #[command(flatten)]
    pub place: PlaceArgs,

    /// Folder of the tables [default: the study's]
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,

    /// Metrics to write, columns of metrics.csv; avg_return is return_mean [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub metrics: Option<Vec<String>>,

    /// Also write the scores that rliable reads, scores.json
    #[arg(long)]
    pub rliable: bool,

    /// What scores are.
    #[command(flatten)]
    pub scoring: Scoring,
}

impl StudyExportArgs {
    /// The options of `export` that do the same.
    #[must_use]
    pub fn as_export(&self) -> ExportArgs {
        let folder = self.place.folder();
        let to = self.to.as_ref().unwrap_or(&folder);
        ExportArgs {
            out: to.join("evaluations.csv"),
            metrics: self.metrics.clone(),
            rliable: self.rliable.then(|| to.join("scores.json")),
            scoring: self.scoring.clone(),
            runs: vec![folder],
        }
    }
}

/// Options of `study status`.
#[derive(Args, Clone, Debug)]
pub struct StatusArgs {
    /// The study.
    #[command(flatten)]
    pub place: PlaceArgs,

    /// One JSON object a run on standard output, for scripts
    #[arg(long)]
    pub json: bool,
}

/// Options of `study make`.
#[derive(Args, Clone, Debug)]
pub struct MakeArgs {
    /// Folder of the study
    #[arg(value_name = "DIR")]
    pub study: PathBuf,

    /// Name of the run
    #[arg(value_name = "RUN")]
    pub name: String,

    /// Threads to compute with
    #[arg(long, value_name = "N", value_parser = values::threads)]
    pub threads: Option<u64>,

    /// Keep what the run could go on from
    #[arg(long)]
    pub keep_resume: bool,
}

impl PlaceArgs {
    /// The folder of the study.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        if let Some(out) = &self.out {
            return out.clone();
        }
        if self.is_folder() {
            return self.study.clone();
        }
        let stem = self.study.file_stem().unwrap_or_default();
        Path::new("runs/studies").join(stem)
    }

    /// Whether the folder of a study is named, and no file.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.study.is_dir()
    }
}

impl StudyArgs {
    /// The backend that the job needs: the one that is asked for, else that of the study that was planned.
    ///
    /// # Errors
    /// When the study's runs are of a device that is not known.
    pub fn device(&self) -> Result<Device> {
        let (asked, folder) = match &self.what {
            StudyJob::Plan(args) => (args.device, None),
            StudyJob::Run(args) => {
                let planned = args.place.is_folder().then(|| args.place.folder());
                (args.device, planned)
            }
            StudyJob::Submit(args) => {
                let planned = args.place.is_folder().then(|| args.place.folder());
                (args.device, planned)
            }
            StudyJob::Make(args) => (None, Some(args.study.clone())),
            StudyJob::Status(_) | StudyJob::Export(_) => (None, None),
        };
        match (asked, folder) {
            (Some(device), _) => Ok(device),
            (None, Some(folder)) => {
                let manifest = StudyDir::at(folder).manifest_path();
                // What is wrong with it is told later.
                let device = manifest::first(&manifest).map(|run| run.device);
                device.map_or_else(
                    || Ok(Device::default()),
                    |name| values::device(&name).map_err(anyhow::Error::msg),
                )
            }
            (None, None) => Ok(Device::default()),
        }
    }
}

const AFTER: &str = "\
A study file names tasks, recipes and seeds, and what is set for them; every combination is a run:

  tasks = [\"hopper-v3\", \"ant-v3\"]
  recipes = [\"rlx2\", \"dense\"]
  seeds = \"0..3\"
  set = { steps = 1_000_000 }
  grid = { \"sparsity.actor\" = [0.9, 0.95] }

Examples:
  cargo xtask study plan table.toml
  cargo xtask study run table.toml --jobs 4 --budget 8h
  cargo xtask study status table.toml
  cargo xtask study run runs/studies/table --slice 0/4      one machine of four
  cargo xtask study submit table.toml --engine slurm --cores 16 --time 8h --option=--partition=short
  cargo xtask study export table.toml --rliable

A run that was cut off goes on bit for bit, a whole one is never made again, and one that failed is tried once more.
Several `study run` share a folder. The book's page \"Studies\" has all that a file may say.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Job, job};

    fn read(words: &str) -> std::result::Result<StudyJob, clap::Error> {
        match job(&format!("study {words}"))? {
            Job::Study(args) => Ok(args.what),
            other => panic!("no study: {other:?}"),
        }
    }

    #[test]
    fn a_study_lies_below_runs_unless_it_is_told_where() {
        let folder = |words: &str| match read(words).unwrap() {
            StudyJob::Run(args) => args.place.folder(),
            other => panic!("no run: {other:?}"),
        };
        assert_eq!(folder("run a/table.toml"), Path::new("runs/studies/table"));
        assert_eq!(folder("run a/table.toml --out b"), Path::new("b"));
        let here = tempfile::tempdir().unwrap();
        assert_eq!(
            folder(&format!("run {}", here.path().display())),
            here.path()
        );
    }

    #[test]
    fn times_and_slices_are_read() {
        let StudyJob::Run(args) = read("run a --budget 2h30m --slice 1/4").unwrap() else {
            panic!("no run")
        };
        assert_eq!(args.making.budget, Some(Duration::from_secs(9000)));
        assert_eq!(args.making.slice, Some((1, 4)));
        for bad in [
            "--budget 2",
            "--budget 0s",
            "--budget -1h",
            "--slice 4/4",
            "--slice 1",
            "--slice -1/4",
            "--jobs 0",
        ] {
            assert!(read(&format!("run a {bad}")).is_err(), "{bad}");
        }
    }
}
