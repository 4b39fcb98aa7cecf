//! Observations with mean 0 and deviation 1, as TD3+BC learns from them (Fujimoto & Gu 2021,
//! arXiv:2106.06860; `normalize_states` of its code).

use serde::{Deserialize, Serialize};

use super::Dataset;

/// Added to every deviation, so that a number that never changes does not blow up.
const EPSILON: f64 = 1e-3;

/// How observations were moved and scaled; a policy learned from them reads others only through this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normaliser {
    /// Means over the dataset's transitions, `[observation]`.
    pub mean: Vec<f32>,
    /// Deviations over them plus 0.001, above 0, `[observation]`.
    pub std: Vec<f32>,
}

impl Normaliser {
    /// Normalises observations `[rows, observation]` in place.
    ///
    /// # Panics
    /// When there are no whole rows.
    pub fn apply(&self, observations: &mut [f32]) {
        let size = self.mean.len().max(1);
        assert_eq!(observations.len() % size, 0, "whole observations");
        for observation in observations.chunks_exact_mut(size) {
            for ((number, mean), std) in observation.iter_mut().zip(&self.mean).zip(&self.std) {
                *number = (*number - mean) / std;
            }
        }
    }
}

impl Dataset {
    /// Normalises all observations by the mean and the deviation (of the population) over the transitions,
    /// and returns what a policy needs to do the same. Sums are double. A second time changes nothing.
    pub fn normalise(&mut self) -> Normaliser {
        if let Some(normaliser) = &self.normaliser {
            return normaliser.clone();
        }
        let size = self.observation_size;
        let rows = self.len().max(1) as f64;
        let sum = |mean: &[f64], power: i32| {
            let mut sums = vec![0.0; size];
            for observation in self.observations.chunks_exact(size.max(1)) {
                for ((sum, number), mean) in sums.iter_mut().zip(observation).zip(mean) {
                    *sum += (f64::from(*number) - mean).powi(power);
                }
            }
            sums.into_iter().map(|sum| sum / rows).collect::<Vec<_>>()
        };
        let mean = sum(&vec![0.0; size], 1);
        let variance = sum(&mean, 2);
        let normaliser = Normaliser {
            mean: mean.iter().map(|mean| *mean as f32).collect(),
            std: variance
                .iter()
                .map(|variance| (variance.sqrt() + EPSILON) as f32)
                .collect(),
        };
        normaliser.apply(&mut self.observations);
        normaliser.apply(&mut self.last_observations);
        self.normaliser = Some(normaliser.clone());
        normaliser
    }
}
