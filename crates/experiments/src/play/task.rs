//! `cargo xtask task`: begins a task of one's own, and checks one with random actions.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use envs::dynamics::Model;
use envs::tasks::from_file::template;
use envs::{Env, Settings, SpaceDim};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rl_algos::scale::ActionRange;

use super::watch;
use crate::args::task::{CheckArgs, NewArgs, TaskArgs, TaskJob};
use crate::args::watch::WatchArgs;
use crate::settings::set;
use crate::terminal::shell;
use crate::terminal::table::{Cell, Table};
use crate::terminal::tell::{note, print_line, program};

/// Steps of an episode that is played, at most: a task may never end one.
const MOST_STEPS: u64 = 10_000;

/// Does what is asked for.
///
/// # Errors
/// As [`new`] and [`check`].
pub(crate) fn run(args: &TaskArgs) -> Result<ExitCode> {
    match &args.job {
        TaskJob::New(args) => new(args).map(|()| ExitCode::SUCCESS),
        TaskJob::Check(args) => check(args),
    }
}

/// Writes a first file for a model.
///
/// # Errors
/// When the model cannot be read, or the file is there.
fn new(args: &NewArgs) -> Result<()> {
    let model = Model::from_mjcf(&args.model)?;
    for line in &model.notes {
        note(line);
    }
    if model.nu == 0 {
        bail!(
            "{} has no actuators, so there is nothing to learn; add an <actuator> section",
            args.model.display()
        );
    }
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| args.model.with_extension("toml"));
    let place = || out.display().to_string();
    if out.extension() != Some(OsStr::new("toml")) {
        bail!(
            "--out {}: must end in .toml, by which a task's file is known",
            place()
        );
    }
    let text = template(&model, &beside(&out, &args.model)?);
    let opened = OpenOptions::new().write(true).create_new(true).open(&out);
    let mut file = match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} is there already; --out names another file", place());
        }
        opened => opened.with_context(place)?,
    };
    file.write_all(text.as_bytes()).with_context(place)?;
    print_line(&format!(
        "{}\n\nnext     {} task check {}",
        place(),
        program(),
        shell::word(&out)
    ));
    Ok(())
}

/// The path of a model from the folder of a task's file.
fn beside(out: &Path, model: &Path) -> Result<String> {
    let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
    let path = match folder(out) == folder(model) {
        true => Path::new(model.file_name().unwrap_or_default()).to_owned(),
        false => std::path::absolute(model).with_context(|| model.display().to_string())?,
    };
    let text = path.to_str().map(str::to_owned);
    text.with_context(|| format!("{}: a path in a task's file must be UTF-8", path.display()))
}

/// Lowest, highest and mean of some numbers.
#[derive(Clone, Copy)]
struct Span {
    low: f64,
    high: f64,
    sum: f64,
    count: f64,
}

impl Span {
    const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
        sum: 0.0,
        count: 0.0,
    };

    fn add(&mut self, number: f64) {
        self.low = self.low.min(number);
        self.high = self.high.max(number);
        self.sum += number;
        self.count += 1.0;
    }

    /// Low, mean and high as cells.
    fn cells(self) -> [Cell; 3] {
        [self.low, self.sum / self.count, self.high].map(|number| Cell::Number(number, 3))
    }
}

/// Steps a task with random actions, tells what was seen and paid, and films it.
///
/// # Errors
/// When the task cannot be made or stepped, or the film not written.
fn check(args: &CheckArgs) -> Result<ExitCode> {
    let settings = set::over(&Settings::default(), &args.env_set)?;
    let mut env = envs::make_with(&args.env, &settings)?;
    if let Some((model, _)) = env.physics() {
        model.notes.iter().for_each(|line| note(line));
    }
    let mut played = Played::new(&*env);
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let mut seen = vec![0.0; env.info().observation.len()];
    env.reset(args.seed, &mut seen)?;
    for episode in 0..args.episodes {
        if episode > 0 {
            env.reset_next(&mut seen)?;
        }
        played.episode(&mut *env, &mut rng, &mut seen)?;
    }
    print_line(&played.told(&*env, args.episodes));
    let status = match args.no_film {
        true => ExitCode::SUCCESS,
        false => watch::run(&WatchArgs::of_random(
            &args.env,
            &args.env_set,
            args.out.clone(),
            args.seed,
        ))?,
    };
    let set = args.env_set.iter();
    let set = set.map(|word| format!(" --env-set {}", shell::argument(OsStr::new(word))));
    print_line(&format!(
        "\nnext     {} train --env {}{}",
        program(),
        shell::word(Path::new(&args.env)),
        set.collect::<String>()
    ));
    Ok(status)
}

/// Refuses what agents would: they learn in single precision.
fn fits(env: &dyn Env, seen: &[f64], reward: f64) -> Result<()> {
    let task = env.info();
    let is_beyond = |number: f64| !(number as f32).is_finite();
    let what = match seen.iter().position(|number| is_beyond(*number)) {
        Some(index) => format!("{} is {:e}", task.observation[index].name, seen[index]),
        None if is_beyond(reward) => format!("the reward is {reward:e}"),
        None => return Ok(()),
    };
    bail!(
        "{}: {what}; it must be within {:e}, for agents learn in single precision",
        task.id,
        f32::MAX
    )
}

/// So many numbers, in words.
fn numbers(count: usize) -> String {
    match count {
        1 => "1 number".to_owned(),
        count => format!("{count} numbers"),
    }
}

/// What some episodes brought.
struct Played {
    observation: Vec<Span>,
    terms: Vec<Span>,
    returns: Span,
    lengths: Span,
    terminated: u64,
}

impl Played {
    fn new(env: &dyn Env) -> Self {
        let task = env.info();
        Self {
            observation: vec![Span::EMPTY; task.observation.len()],
            terms: vec![Span::EMPTY; task.info.len() + 1],
            returns: Span::EMPTY,
            lengths: Span::EMPTY,
            terminated: 0,
        }
    }

    fn episode(&mut self, env: &mut dyn Env, rng: &mut ChaCha8Rng, seen: &mut [f64]) -> Result<()> {
        let ranges = env.info().action.clone();
        ActionRange::of(&ranges)?;
        let (mut sum, mut steps) = (0.0, 0);
        let look = |seen: &[f64], spans: &mut [Span]| {
            spans
                .iter_mut()
                .zip(seen)
                .for_each(|(span, number)| span.add(*number));
        };
        fits(env, seen, 0.0)?;
        look(seen, &mut self.observation);
        while steps < MOST_STEPS {
            let draw = ranges.iter().map(|q| rng.random_range(q.low..=q.high));
            let action: Vec<f64> = draw.collect();
            let step = env.step(&action, seen)?;
            fits(env, seen, step.reward)?;
            look(seen, &mut self.observation);
            let terms: Vec<f64> = step.info.iter().map(|(_, term)| term).collect();
            look(&[&terms[..], &[step.reward]].concat(), &mut self.terms);
            sum += step.reward;
            steps += 1;
            self.terminated += u64::from(step.terminated);
            if step.terminated || step.truncated {
                break;
            }
        }
        self.returns.add(sum);
        self.lengths.add(steps as f64);
        Ok(())
    }

    fn told(&self, env: &dyn Env, episodes: u64) -> String {
        let task = env.info();
        let mut observed = Table::new(&["observation", "unit", "low", "mean", "high"]);
        for (SpaceDim { name, unit, .. }, span) in task.observation.iter().zip(&self.observation) {
            let named = [name.clone(), (*unit).to_owned()].map(Cell::Text);
            observed.push(named.into_iter().chain(span.cells()).collect());
        }
        let mut paid = Table::new(&["reward of a step", "low", "mean", "high"]);
        let names = task.info.iter().copied().chain(["all together"]);
        for (name, span) in names.zip(&self.terms) {
            let named = [Cell::Text(name.to_owned())];
            paid.push(named.into_iter().chain(span.cells()).collect());
        }
        format!(
            "{}: observations of {}, actions of {}, {} physics steps per step\n\n{}\n{}\n\
             {episodes} episodes of random actions: return {:.3} ({:.3} to {:.3}), {:.1} steps, {} ended before their time\n",
            task.id,
            numbers(task.observation.len()),
            numbers(task.action.len()),
            task.frame_skip,
            observed.text(),
            paid.text(),
            self.returns.sum / self.returns.count,
            self.returns.low,
            self.returns.high,
            self.lengths.sum / self.lengths.count,
            self.terminated
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_file_is_written_once_and_can_be_checked() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("robot.xml");
        let xml = "<mujoco><worldbody><body name='b'><joint name='x' type='slide'/><geom size='1'/></body></worldbody>\
                   <actuator><motor joint='x' ctrlrange='-1 1'/></actuator></mujoco>";
        std::fs::write(&model, xml).unwrap();
        let args = NewArgs {
            model: model.clone(),
            out: None,
        };
        new(&args).unwrap();
        let error = new(&args).unwrap_err().to_string();
        assert!(
            error.contains("robot.toml is there already; --out"),
            "{error}"
        );
        let elsewhere = tempfile::tempdir().unwrap();
        let other = elsewhere.path().join("other.toml");
        new(&NewArgs {
            model,
            out: Some(other.clone()),
        })
        .unwrap();
        let checked = CheckArgs {
            env: other.display().to_string(),
            env_set: vec!["max_episode_steps=20".to_owned()],
            episodes: 2,
            seed: 1,
            out: Some(elsewhere.path().join("other.gif")),
            no_film: false,
        };
        check(&checked).unwrap();
        assert!(elsewhere.path().join("other.gif").exists());
        // What agents could not learn from.
        for (setting, said) in [
            ("reward_scale=1e300", "the reward is "),
            ("observation_noise=1e300", "x is "),
        ] {
            let args = CheckArgs {
                env_set: vec![setting.to_owned()],
                no_film: true,
                ..checked.clone()
            };
            let error = check(&args).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
            assert!(error.contains("it must be within 3.4028235e38"), "{error}");
        }
    }
}
