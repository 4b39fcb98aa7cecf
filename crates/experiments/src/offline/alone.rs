//! A run alone, new or gone on with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::args::offline::OfflineArgs;
use crate::disk::seal;
use crate::terminal::shell;
use anyhow::{Context, Result, anyhow, bail};
use burn::tensor::Device;
use offline_prune::config::OfflineConfig;
use offline_prune::train::{State, Trained};
use rl_algos::agent::Agent;

use super::job::Job;
use super::stored::Stored;
use super::writer::Folder;
use super::{LAST, Outcome, Source, header, is_over, kept, make, open};
use crate::folder::kind::Kind;
use crate::folder::names::CONFIG;
use crate::folder::names::{METRICS, NETWORKS, POLICY, STATE};
use crate::folder::offline as folder;
use crate::folder::places;
use crate::observe::ProgressObserver;
use crate::parallel::threads;
use crate::settings::offline as settings;
use crate::terminal::interrupt::{self, Interrupt};
use crate::terminal::progress::Progress;
use crate::terminal::table::{span, thousands};
use crate::terminal::tell::{print_line, program};

/// Makes a run from its beginning, or with `--continue` what is left of one.
///
/// # Errors
/// As [`offline`](super::run).
pub(super) fn run(args: &OfflineArgs, job: &Job, device: &Device) -> Result<ExitCode> {
    let place = args.agent.dataset();
    let path = args.out.clone().unwrap_or_else(|| {
        let (label, algo) = (settings::label(place), job.config.algo.name());
        Path::new("runs/offline").join(format!("{label}-{algo}-{}", job.name))
    });
    let overwrite = args.overwrite || args.go_on;
    places::folder("--out", &path)?;
    folder::check(&path, overwrite)?;
    let threads = threads(args.agent.threads)?;
    let (dataset, data) = open(place, &job.config, 1)?;
    let config = job.config.resolved(&dataset);
    if args.go_on && kept::whole(&path, &config, &dataset, &data)?.is_some() {
        print_line(&format!("the run in {} is whole", path.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let named = args.device()?.name();
    let (folder, state) = match args.go_on {
        true => kept::begin(&path, &config, &data, named)?,
        false => (Folder::new(&path, overwrite, &config, &data, named)?, None),
    };
    let source = Source {
        config: &config,
        dataset: &dataset,
        device,
    };
    one(args, threads, source, &path, (folder, state))
}

/// Goes on with the run in a folder.
///
/// # Errors
/// When there is none, it is another command's, its data are gone or others, or what it goes on from is missing or
/// damaged; otherwise as [`run`].
pub(super) fn go_on(args: &OfflineArgs, path: &Path, device: &Device) -> Result<ExitCode> {
    let (text, config) = settings_of(path)?;
    let over = |stored: &Stored| stored.run.updates() == config.updates;
    if Stored::read(path)?.is_some_and(|stored| over(&stored)) && path.join(NETWORKS).exists() {
        let updates = thousands(config.updates as f64);
        print_line(&format!(
            "the run in {} was over already, after {updates} updates",
            path.display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let place = place_of(args, path, &text)?;
    let threads = threads(args.agent.threads)?;
    let (dataset, data) = open(&place, &config, 1).with_context(|| {
        format!(
            "the data of {} (if they lie elsewhere now: {} offline DATASET --resume {})",
            path.display(),
            program(),
            shell::word(path)
        )
    })?;
    let config = config.resolved(&dataset);
    let named = args.device()?.name();
    let (folder, state) = match Folder::go_on(path, &config, &data)? {
        (folder, Some(state)) => {
            // What it learns from must not be found to be others after something was written.
            state
                .fits(&config, &data.digest)
                .with_context(|| path.display().to_string())?;
            if args.agent.device.is_some() {
                folder.keep_device(named)?;
            }
            (folder, Some(state))
        }
        (held, None) => {
            check_unbegun(path)?;
            // With a state, that says which setting was changed.
            seal::check(&text).map_err(|what| anyhow!("{}/{CONFIG}: {what}", path.display()))?;
            drop(held);
            (Folder::new(path, true, &config, &data, named)?, None)
        }
    };
    let source = Source {
        config: &config,
        dataset: &dataset,
        device,
    };
    one(args, threads, source, path, (folder, state))
}

/// What `config.toml` says, as text and as settings.
fn settings_of(path: &Path) -> Result<(String, OfflineConfig)> {
    places::run(path)?;
    let file = path.join(CONFIG);
    let place = || file.display().to_string();
    let text = fs::read_to_string(&file).with_context(place)?;
    Kind::Offline.check(&text, path, "--resume")?;
    let config = OfflineConfig::from_toml(&text).with_context(place)?;
    Ok((text, config))
}

/// Where the data of a run lie: where the command says, else where they lay when it began.
fn place_of(args: &OfflineArgs, path: &Path, config: &str) -> Result<PathBuf> {
    let named = args.agent.dataset.clone();
    named.or_else(|| folder::dataset(config)).with_context(|| {
        format!(
            "{}/{CONFIG} does not say where its data lie; name them: {} offline DATASET --resume {}",
            path.display(),
            program(),
            shell::word(path)
        )
    })
}

/// Refuses to begin anew where something would be lost: a run can be resumed from its first evaluation on.
fn check_unbegun(path: &Path) -> Result<()> {
    let rows = fs::read_to_string(path.join(METRICS)).unwrap_or_default();
    let rows = rows.lines().count().saturating_sub(1);
    if rows < 2 && !path.join(NETWORKS).exists() {
        return Ok(());
    }
    bail!(
        "{}/{STATE} is missing, so a run of {rows} evaluations cannot go on; begin it anew with the dataset and \
         --overwrite, or another in a folder of its own",
        path.display()
    )
}

/// Makes it, and says what came of it.
fn one(
    args: &OfflineArgs,
    threads: usize,
    source: Source<'_>,
    path: &Path,
    (mut folder, state): (Folder, Option<State>),
) -> Result<ExitCode> {
    let config = source.config;
    header(config, &format!("{threads} threads"), args)?;
    print_line(&format!("folder   {}\n", path.display()));
    let progress = Progress::start(config.updates).of_updates();
    let mut observer = ProgressObserver::new(progress, Interrupt::catch()?);
    let trained = make(source, path, (&mut folder, state), &mut observer, true)?;
    let outcome = Outcome::of_run(&trained, source, &folder);
    summary(&outcome, &trained, &observer.now().losses, source, path);
    if is_over(&trained, config) {
        return Ok(ExitCode::SUCCESS);
    }
    let whole = thousands(config.updates as f64);
    print_line(&format!(
        "\nstopped after {} of {whole} updates; go on with\n         {} offline --resume {}",
        thousands(trained.steps as f64),
        program(),
        shell::word(path)
    ));
    Ok(ExitCode::from(interrupt::STATUS))
}

/// Says what came of a run.
fn summary(outcome: &Outcome, trained: &Trained, losses: &str, source: Source<'_>, folder: &Path) {
    let Source {
        config, dataset, ..
    } = source;
    let updates = thousands(outcome.updates as f64);
    let told = trained.returns.len().min(LAST);
    let score = match outcome.score {
        Some(score) => format!(", score {score:.1}"),
        None => format!(
            "; no score: neither {} nor the dataset has the returns of a random policy and an expert",
            config.env
        ),
    };
    print_line(&match outcome.returns {
        _ if told == 0 => "\nno evaluation yet".to_owned(),
        Some(returns) => format!(
            "\nreturn   mean of the last {told} evaluations {}{score}",
            thousands(returns)
        ),
        None => format!("\nlosses   {losses} (no task to evaluate in)"),
    });
    print_line(&format!(
        "speed    {updates} updates in {}, evaluations included: {} updates/s",
        span(Duration::from_secs_f64(outcome.seconds)),
        thousands(outcome.updates as f64 / outcome.seconds)
    ));
    let file = folder.join(POLICY[0]);
    let agent: &dyn Agent = &*trained.agent;
    let said = match (agent.actor(), dataset.normaliser()) {
        (Err(why), _) => format!("in no file of its own: {why}"),
        (Ok(_), None) => file.display().to_string(),
        (Ok(_), Some(_)) => format!(
            "{} (its first layer normalises observations)",
            file.display()
        ),
    };
    print_line(&format!("policy   {said}"));
}
