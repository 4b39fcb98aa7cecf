//! The action sequences of the recordings, which need no random generator.

use crate::recording::{Recording, Result};

/// The action sequence of one trajectory.
pub struct Actions {
    kind: Kind,
    low: Vec<f64>,
    high: Vec<f64>,
}

enum Kind {
    Sine,
    Zero,
    Bang,
}

impl Actions {
    /// The actions of `trajectory`, such as `seed0_sine`, within the recording's action range.
    ///
    /// # Errors
    /// When the name after `_` is not `sine`, `zero` or `bang`, or the recording has no range.
    pub fn of(recording: &Recording, trajectory: &str) -> Result<Self> {
        let kind = match trajectory.rsplit_once('_').map(|(_, kind)| kind) {
            Some("sine") => Kind::Sine,
            Some("zero") => Kind::Zero,
            Some("bang") => Kind::Bang,
            _ => {
                return Err(format!(
                    "trajectory `{trajectory}`: actions are sine, zero or bang"
                ));
            }
        };
        let low = recording.get("env/action_low")?.data.clone();
        let high = recording.get("env/action_high")?.data.clone();
        Ok(Self { kind, low, high })
    }

    /// The action of control step `t`, rounded to `f32` as recorded.
    pub fn at(&self, t: usize) -> Vec<f64> {
        let unit = |i: usize| match self.kind {
            Kind::Sine => (0.1 * (t + 1) as f64 * (i + 1) as f64).sin(),
            Kind::Zero => 0.0,
            Kind::Bang if (t / 10 + i).is_multiple_of(2) => 1.0,
            Kind::Bang => -1.0,
        };
        let scaled = |i: usize| {
            let (low, high) = (self.low[i], self.high[i]);
            0.5 * (low + high) + 0.5 * (high - low) * unit(i)
        };
        (0..self.low.len())
            .map(|i| f64::from(scaled(i) as f32))
            .collect()
    }
}
