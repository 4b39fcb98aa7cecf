//! Returns on D4RL's scale: 0 is a random policy, 100 an expert (D4RL's `infos.py`, the same for v0 to v2).

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Mean returns of two policies that a return is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Return of a random policy.
    pub min: f64,
    /// Return of an expert, above `min`.
    pub max: f64,
}

/// Tasks and their references.
const REFERENCES: [(&str, Reference); 4] = [
    ("halfcheetah", of(-280.178_953, 12_135.0)),
    ("hopper", of(-20.272_305, 3234.3)),
    ("walker2d", of(1.629_008, 4592.3)),
    ("ant", of(-325.6, 3879.7)),
];

const fn of(min: f64, max: f64) -> Reference {
    Reference { min, max }
}

impl Reference {
    /// The reference of a task, from its name up to the first `-` in any case: `HalfCheetah-v5` and
    /// `halfcheetah-medium-v2` are the same task.
    ///
    /// # Errors
    /// When D4RL gives none, with the tasks that have one.
    pub fn of(task: &str) -> Result<Self> {
        let name = task.split('-').next().unwrap_or(task);
        let known = REFERENCES.iter();
        let found = known.clone().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found
            .map(|(_, reference)| *reference)
            .ok_or_else(|| Error::NoReference {
                task: task.to_owned(),
                known: known.map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
            })
    }

    /// 100 (return − min) / (max − min), for an undiscounted return of a whole episode.
    #[must_use]
    pub fn normalised(&self, episode_return: f64) -> f64 {
        100.0 * (episode_return - self.min) / (self.max - self.min)
    }
}

/// The normalised score of an undiscounted return, see [`Reference::normalised`].
///
/// # Errors
/// When D4RL gives no reference for the task.
pub fn normalised(task: &str, episode_return: f64) -> Result<f64> {
    Ok(Reference::of(task)?.normalised(episode_return))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_references_score_0_and_100() {
        for (task, reference) in REFERENCES {
            assert_eq!(normalised(task, reference.min).unwrap(), 0.0);
            assert_eq!(normalised(task, reference.max).unwrap(), 100.0);
        }
    }

    /// `d4rl.get_normalized_score` with the numbers of its `infos.py`, computed by hand.
    #[test]
    fn scores_are_those_of_d4rl() {
        let score = normalised("HalfCheetah-v5", 5000.0).unwrap();
        assert!((score - 42.530_027).abs() < 1e-6, "{score}");
        let score = normalised("hopper-medium-expert-v2", 1000.0).unwrap();
        assert!((score - 31.348_890).abs() < 1e-6, "{score}");
        assert!(normalised("Walker2d", -100.0).unwrap() < 0.0);
    }

    #[test]
    fn tasks_without_reference_are_refused_with_the_known_ones() {
        for task in ["Humanoid-v5", "antmaze-umaze-v0", ""] {
            let error = normalised(task, 1.0).unwrap_err().to_string();
            assert!(error.contains(&format!("`{task}`")), "{error}");
            assert!(
                error.contains("halfcheetah, hopper, walker2d, ant"),
                "{error}"
            );
        }
    }
}
