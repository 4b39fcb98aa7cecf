//! Episodes as a run gives them.

use std::path::Path;

use super::bad::Bad;
use super::bounds::Bounds;
use super::column::{Place, finite};
use super::facts::Actions;
use super::{Boundary, Dataset};
use crate::{Error, Result};

/// One episode, actions in the task's units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Episode {
    /// What was seen, `[steps + 1, observation]`.
    pub observations: Vec<f32>,
    /// What was done, `[steps, action]`.
    pub actions: Vec<f32>,
    /// Rewards, `[steps]`, 1 step or more.
    pub rewards: Vec<f32>,
    /// Whether the task ended with the last step; no value follows.
    pub terminated: bool,
    /// Whether the episode was cut short after the last step.
    pub truncated: bool,
}

impl Episode {
    /// The actions in [-1, 1], when all is as it must be. `path` and `name` are for messages.
    ///
    /// # Errors
    /// When there is no step, a size does not fit, a number is not finite, or an action is outside its bounds.
    pub(super) fn check(
        &self,
        path: &Path,
        name: &str,
        observation_size: usize,
        bounds: &Bounds,
    ) -> Result<Vec<f32>> {
        let steps = self.rewards.len();
        if steps == 0 {
            return Err(Error::EmptyEpisode {
                path: path.to_owned(),
                episode: name.to_owned(),
            });
        }
        let action_size = bounds.len();
        for (key, numbers, rows, width) in [
            (
                "observations",
                &self.observations,
                steps + 1,
                observation_size,
            ),
            ("actions", &self.actions, steps, action_size),
            ("rewards", &self.rewards, steps, 1),
        ] {
            let place = Place::new(path, format!("{name}/{key}"));
            if numbers.len() != rows * width {
                return Err(place.shape(&[numbers.len()], format!("{rows} rows of {width}")));
            }
            finite(&place, numbers, 0, width, &mut Bad::refused())?;
        }
        let mut actions = self.actions.clone();
        let place = Place::new(path, format!("{name}/actions"));
        let (mut found, mut bad) = (Actions::default(), Bad::refused());
        bounds.scale(&place, action_size, &mut actions, &mut found, &mut bad)?;
        Ok(actions)
    }
}

impl Dataset {
    /// A dataset of episodes of `observation_size` numbers, 1 or more, with a pair of bounds for each number of
    /// an action. An episode that is neither terminated nor truncated counts as cut.
    ///
    /// # Errors
    /// When there is no episode, or one has no step, a size that does not fit, a number that is not finite, or
    /// an action outside its bounds.
    pub fn from_episodes(
        observation_size: usize,
        action_bounds: &[[f64; 2]],
        episodes: impl IntoIterator<Item = Episode>,
    ) -> Result<Self> {
        let path = Path::new("episodes");
        let bounds = Bounds::new(action_bounds)?;
        if observation_size == 0 {
            return Err(Error::config("observation_size", 0, "1 or more"));
        }
        let mut data = Self {
            observation_size,
            action_size: bounds.len(),
            ..Self::default()
        };
        for (number, episode) in episodes.into_iter().enumerate() {
            let name = format!("episode_{number}");
            let actions = episode.check(path, &name, observation_size, &bounds)?;
            let steps = episode.rewards.len();
            let (rows, last) = episode.observations.split_at(steps * observation_size);
            data.observations.extend_from_slice(rows);
            data.actions.extend(actions);
            data.rewards.extend_from_slice(&episode.rewards);
            data.follows.extend(vec![Boundary::Next; steps - 1]);
            let ends = match episode.terminated {
                true => Boundary::Terminal,
                false => Boundary::Cut,
            };
            data.end_episode(ends, Some(last));
        }
        if data.is_empty() {
            let path = path.to_owned();
            return Err(Error::NoTransitions { path });
        }
        Ok(data)
    }
}
