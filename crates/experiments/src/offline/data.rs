//! Reading a dataset, and saying what was found.

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, anyhow};
use burn::tensor::Device;
use offline_prune::Error;
use offline_prune::algos;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::{Dataset, Facts, Peek};
use offline_prune::train::{environment, reference};
use rl_algos::nets::BatchShape;

use super::writer::Data;
use crate::disk::room;
use crate::stats::mean_of;
use crate::terminal::table::thousands;
use crate::terminal::tell::print_line;

/// Share of the range of actions under which the range is thought to be another.
const LITTLE: f64 = 1.0 / 3.0;

/// Pairs of a range that are told one by one.
const FEW: usize = 4;

/// Reads a dataset and prepares it as the settings ask; says what it is. With what it is known by.
///
/// # Errors
/// As [`Dataset::open`], and when it does not fit the task.
pub(super) fn open(path: &Path, config: &OfflineConfig, runs: usize) -> Result<(Dataset, Data)> {
    let begun = Instant::now();
    if let Some(sizes) = Peek::at(path)?.sizes {
        config.check_sizes(sizes)?;
    }
    let env = config.make_env()?;
    let task = env.as_ref().map(|env| env.info());
    let (mut dataset, facts) = config.data.open(path, task).map_err(hinted)?;
    let rewards = dataset.rewards();
    let returns = |rows: Range<usize>| rewards[rows].iter().map(|r| f64::from(*r)).sum();
    let returns: Vec<f64> = dataset.episodes().map(returns).collect();
    let mean = mean_of(&returns);
    let score = reference(config, &dataset).map(|reference| reference.normalised(mean));
    let score = score.map_or_else(String::new, |score| format!(" (score {score:.1})"));
    print_line(&format!(
        "dataset  {}: {} transitions in {} episodes, mean return {}{score}, read in {:.1} s",
        path.display(),
        thousands(dataset.len() as f64),
        thousands(returns.len() as f64),
        thousands(mean),
        begun.elapsed().as_secs_f64()
    ));
    print_line(&format!("actions  {}", actions(&facts)));
    let limit = task.map_or(0, |task| task.max_episode_steps);
    for note in notes(&facts, &dataset, limit) {
        print_line(&format!("note     {note}"));
    }
    // Before anything is written.
    environment(config, &dataset)?;
    let rows = BatchShape {
        obs_dim: dataset.observation_size(),
        act_dim: dataset.action_size(),
        device: Device::default(),
    };
    room::memory(&algos::needs(config, &rows), runs)?;
    if config.normalise_observations {
        dataset.normalise();
    }
    let data = Data::of(path, &dataset, &facts.actions.range);
    Ok((dataset, data))
}

/// An error with the options that help.
fn hinted(error: Error) -> anyhow::Error {
    let help = match &error {
        Error::Value { key, allowed, .. } if key.ends_with("actions") && allowed != "finite" => {
            "--action-low and --action-high give another range, --clip-actions cuts off what lies outside"
        }
        // Ranges are of no episode, and where episodes end is told by the flags themselves.
        Error::Value { key, .. }
            if ["action_low", "action_high", "terminals", "timeouts"].contains(&key.as_str()) =>
        {
            return error.into();
        }
        Error::Value { .. } | Error::EmptyEpisode { .. } => {
            "--skip-bad-episodes leaves such episodes out"
        }
        Error::MissingArray { key, .. } if key == "timeouts" => {
            "--env and --episode-length give the latter"
        }
        // What is wrong with the first episode is wrong with all.
        Error::MissingArray { key, .. } | Error::Shape { key, .. } | Error::Type { key, .. }
            if key.starts_with("episode_") && !key.starts_with("episode_0/") =>
        {
            "--skip-bad-episodes leaves such episodes out"
        }
        Error::File { message, .. } if message.contains("range of actions") => {
            "--action-low and --action-high give another"
        }
        Error::File { message, .. } if message.contains("episode") => {
            "--skip-bad-episodes goes on with the others"
        }
        _ => return error.into(),
    };
    anyhow!("{error}; {help}")
}

/// The range of actions, where it is from, and what they reach.
fn actions(facts: &Facts) -> String {
    let found = &facts.actions;
    let [low, high] = found.reach.unwrap_or_default().map(short);
    format!(
        "in {}, {}; they reach from {low} to {high}",
        range(&found.range),
        found.from
    )
}

/// What is worth a line of its own.
fn notes(facts: &Facts, dataset: &Dataset, limit: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let found = &facts.actions;
    let count = |count: usize| thousands(count as f64);
    if found.used < LITTLE {
        notes.push(format!(
            "the actions use {:.0} % of their range; if it is narrower, --action-low and --action-high give it",
            100.0 * found.used
        ));
    }
    if found.clipped > 0 {
        notes.push(format!(
            "numbers of actions outside the range that are cut off to it: {}",
            count(found.clipped)
        ));
    }
    if let Some(of_task) = &found.of_task {
        notes.push(format!(
            "the task's actions are in {}; what was the dataset's smallest or largest action becomes the task's",
            range(of_task)
        ));
    }
    if facts.both_flags > 0 {
        notes.push(format!(
            "rows that are both terminals and time-outs, and count as terminals: {}",
            count(facts.both_flags)
        ));
    }
    let terminals = (0..dataset.len()).all(|row| dataset.is_terminal(row));
    if terminals && dataset.len() > 1 {
        notes.push("every row is a terminal, so no episode has more than one step".to_owned());
    }
    let open = dataset.episodes().len() == 1 && !dataset.is_terminal(dataset.len() - 1);
    if open && facts.too_long == 0 {
        notes.push("no row says that an episode ends, so all rows are one".to_owned());
    }
    notes.extend(lengths(facts, limit));
    if facts.left_out > 0 {
        notes.push(format!(
            "left out: {} of {}; the first: {}",
            episodes(facts.left_out),
            count(facts.left_out + dataset.episodes().len()),
            facts.first_fault.as_deref().unwrap_or_default()
        ));
    }
    notes
}

/// What is worth a line about where episodes end.
fn lengths(facts: &Facts, limit: usize) -> Option<String> {
    let count = |count: usize| thousands(count as f64);
    let cut = format!("{} by that", episodes(facts.cut));
    match facts.cut_at {
        Some(most) if facts.timeouts_missing => Some(format!(
            "the file has no `timeouts`, so episodes are cut at {} steps, as D4RL does ({cut}); --episode-length cuts \
             elsewhere, and an array `next_observations` would tell where they end",
            count(most)
        )),
        _ if facts.too_long > 0 => Some(format!(
            "longer than the task's {} steps: {} (the longest has {}), so time-outs seem to be missing and episodes to \
             be joined; --episode-length {limit} cuts them, and an array `next_observations` would tell where they end",
            count(limit),
            episodes(facts.too_long),
            count(facts.longest)
        )),
        Some(most) => Some(format!("episodes are cut at {} steps ({cut})", count(most))),
        None => None,
    }
}

fn episodes(count: usize) -> String {
    match count {
        1 => "1 episode".to_owned(),
        count => format!("{} episodes", thousands(count as f64)),
    }
}

/// A range for people.
fn range(pairs: &[[f64; 2]]) -> String {
    let pair = |[low, high]: &[f64; 2]| format!("[{}, {}]", short(*low), short(*high));
    match pairs {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => pair(first),
        pairs if pairs.len() <= FEW => pairs.iter().map(pair).collect::<Vec<_>>().join(" "),
        pairs => {
            let few: Vec<String> = pairs[..FEW].iter().map(pair).collect();
            format!("{} ...", few.join(" "))
        }
    }
}

/// A number without the digits that `f32` added.
fn short(number: f64) -> f32 {
    number as f32
}
