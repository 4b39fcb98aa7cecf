//! Metrics of updates, averaged between evaluations.

use serde::{Deserialize, Serialize};

/// Means of numbers by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Averages(Vec<(String, f64, u64)>);

impl Averages {
    pub(super) fn add(&mut self, numbers: &[(&'static str, f32)]) {
        for (name, number) in numbers {
            let (number, told) = match number.is_nan() {
                true => (0.0, 0),
                false => (f64::from(*number), 1),
            };
            match self.0.iter_mut().find(|(known, ..)| known == name) {
                Some((_, sum, count)) => (*sum, *count) = (*sum + number, *count + told),
                None => self.0.push(((*name).to_owned(), number, told)),
            }
        }
    }

    /// The means, NaN of none, and begins anew.
    pub(super) fn take(&mut self) -> Vec<(String, f64)> {
        let mean = |(name, sum, count): &mut (String, f64, u64)| {
            let mean = *sum / *count as f64;
            (*sum, *count) = (0.0, 0);
            (name.clone(), mean)
        };
        self.0.iter_mut().map(mean).collect()
    }
}
