//! How a dataset is read that does not describe itself fully.

use std::path::PathBuf;

use envs::TaskInfo;
use serde::{Deserialize, Serialize};

use super::bounds::{Bounds, of_task};
use super::facts::{Facts, RangeFrom};
use crate::{Error, Result};

/// Where files give the range of actions, one number or one for each.
pub(super) const LOW: &str = "action_low";
pub(super) const HIGH: &str = "action_high";

/// What the caller knows of a dataset; every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// Smallest action, one number for all or one for each; with `action_high`. Otherwise the range is that of the
    /// dataset's metadata, else the task's, else [-1, 1].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action_low: Vec<f64>,
    /// Largest action, in the same way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action_high: Vec<f64>,
    /// Whether actions outside the range are cut off to it, as the tasks do; otherwise they are an error.
    #[serde(skip_serializing_if = "is_false")]
    pub clip_actions: bool,
    /// Longest episode in rows, 1 or more; its last row counts as a time-out. Default: no limit, but a file without time-outs
    /// and next observations is cut at the task's longest episode, as D4RL's loader does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode_length: Option<usize>,
    /// Whether episodes with something that is not allowed are left out, and counted; otherwise they are an error.
    #[serde(skip_serializing_if = "is_false")]
    pub skip_bad_episodes: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Reading {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`rl_algos::Error::Config`] with the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        if self.episode_length == Some(0) {
            return Err(Error::config("data.episode_length", 0, "1 or more"));
        }
        self.given().map(drop)
    }

    /// The range of actions that was given.
    fn given(&self) -> Result<Option<Bounds>> {
        let (low, high) = (&self.action_low, &self.action_high);
        if low.is_empty() && high.is_empty() {
            return Ok(None);
        }
        pairs(low, high).map_or_else(
            || {
                let found = format!("{} and {} numbers", low.len(), high.len());
                let allowed = "1 number each, or as many as an action has";
                let field = "data.action_low and data.action_high";
                Err(Error::config(field, found, allowed))
            },
            |pairs| Bounds::new(&pairs).map(Some),
        )
    }
}

/// The range of two sides where one of them is there, or what is wrong with them.
pub(super) fn sides(low: Option<&[f64]>, high: Option<&[f64]>) -> Option<Range> {
    let half = |there: &str, missing: &str| {
        Some(Err(format!(
            "there is `{there}` and no `{missing}`: a range of actions has both"
        )))
    };
    match (low, high) {
        (None, None) => None,
        (Some(_), None) => half(LOW, HIGH),
        (None, Some(_)) => half(HIGH, LOW),
        (Some(low), Some(high)) => Some(pairs(low, high).ok_or_else(|| {
            let [low, high] = [low.len(), high.len()];
            format!("`{LOW}` has {low} numbers and `{HIGH}` {high}: must be 1 each, or as many as an action has")
        })),
    }
}

/// The pairs of two sides, of which one may have a single number for all.
fn pairs(low: &[f64], high: &[f64]) -> Option<Vec<[f64; 2]>> {
    let count = low.len().max(high.len());
    let fits = |side: &[f64]| side.len() == count || side.len() == 1;
    let side = |side: &[f64], i: usize| side[i % side.len()];
    let pair = |i: usize| [side(low, i), side(high, i)];
    (count > 0 && fits(low) && fits(high)).then(|| (0..count).map(pair).collect())
}

/// A reader at work.
pub(super) struct Reader<'a> {
    pub(super) reading: &'a Reading,
    pub(super) task: Option<&'a TaskInfo>,
    pub(super) facts: Facts,
}

/// A range of actions that a dataset gives, one pair for all numbers or one for each; or what is wrong with it.
pub(super) type Range = Result<Vec<[f64; 2]>, String>;

/// What a dataset says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    /// The file that says it.
    pub(super) place: PathBuf,
    /// The range of its actions.
    pub(super) range: Option<Range>,
    /// The task that it is of, by Gymnasium's name.
    pub(super) env: Option<String>,
    /// Whether the task has settings of its own there.
    pub(super) env_settings: bool,
}

impl Reader<'_> {
    /// The range of actions of `width` numbers: as given, as the dataset says, as its task has it, or [-1, 1].
    ///
    /// # Errors
    /// When the range is not valid that was given, or that the dataset says where none was given.
    pub(super) fn bounds(&mut self, width: usize, own: &Own) -> Result<Bounds> {
        let fitting = |task: &&TaskInfo| task.action.len() == width;
        let named = own.env.as_deref();
        let spec = || envs::list().into_iter().find(|task| Some(task.id) == named);
        let task = self.task.or_else(spec).filter(fitting);
        let of_task = task.and_then(of_task);
        let given = self.reading.given()?;
        let of_file = own.range.as_ref().filter(|_| given.is_none());
        let of_file = of_file.map(bounds_of).transpose();
        let of_file = of_file
            .map_err(Error::file::<String>(&own.place))?
            .flatten();
        let (bounds, from) = match (given, of_file, of_task) {
            (Some(given), ..) => (given, RangeFrom::Given),
            (None, Some(own), of_task) => {
                let other = of_task.filter(|task| !task.is_near(&own));
                self.facts.actions.of_task = other.map(|task| task.pairs().to_vec());
                (own, RangeFrom::File)
            }
            (None, None, Some(bounds)) => {
                let name = task.map_or("the task", |task| task.id);
                (bounds, RangeFrom::Task(name.to_owned()))
            }
            (None, None, None) => (Bounds::default(), RangeFrom::Assumed),
        };
        self.facts.actions.range = bounds.pairs().to_vec();
        self.facts.actions.from = from.clone();
        Ok(bounds.read_as(from, self.reading.clip_actions))
    }

    /// Steps that the task has at most, where there is a limit.
    pub(super) fn limit(&self) -> Option<usize> {
        let steps = self.task.map(|task| task.max_episode_steps);
        steps.filter(|steps| *steps > 0)
    }
}

/// The bounds that a dataset gives; none where they are infinite, which says nothing.
fn bounds_of(range: &Range) -> Result<Option<Bounds>, String> {
    let pairs = range.as_ref().map_err(Clone::clone)?;
    let ascends = |[low, high]: &&[f64; 2]| low < high;
    if let Some(wrong) = pairs.iter().find(|pair| !ascends(pair)) {
        return Err(format!(
            "range of actions {wrong:?}: must be two numbers, the lower one first"
        ));
    }
    Ok(Bounds::new(pairs).ok())
}
