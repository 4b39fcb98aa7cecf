//! How a dataset is read that does not describe itself fully.

use envs::TaskInfo;
use serde::{Deserialize, Serialize};

use super::bounds::{Bounds, of_task};
use super::facts::{Facts, RangeFrom};
use crate::{Error, Result};

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

/// The pairs of two sides, of which one may have a single number for all.
pub(super) fn pairs(low: &[f64], high: &[f64]) -> Option<Vec<[f64; 2]>> {
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

/// What a dataset says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    /// The range of its actions.
    pub(super) range: Option<Vec<[f64; 2]>>,
    /// The task that it is of, by Gymnasium's name.
    pub(super) env: Option<String>,
    /// Whether the task has settings of its own there.
    pub(super) env_settings: bool,
}

impl Reader<'_> {
    /// The range of actions of `width` numbers: as given, as the dataset says, as its task has it, or [-1, 1].
    ///
    /// # Errors
    /// When the given range is not valid.
    pub(super) fn bounds(&mut self, width: usize, own: &Own) -> Result<Bounds> {
        let fitting = |task: &&TaskInfo| task.action.len() == width;
        let named = own.env.as_deref();
        let spec = || envs::list().into_iter().find(|task| Some(task.id) == named);
        let task = self.task.or_else(spec).filter(fitting);
        let of_task = task.and_then(of_task);
        // A range that is infinite says nothing.
        let of_file = own.range.as_ref().and_then(|range| Bounds::new(range).ok());
        let (bounds, from) = match (self.reading.given()?, of_file, of_task) {
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
