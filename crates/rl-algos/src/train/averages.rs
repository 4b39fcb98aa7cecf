//! What updates report, averaged between evaluations.

use serde::{Deserialize, Serialize};

use crate::algos::UpdateReport;
use crate::observe::Learning;

/// A sum of numbers and how many they were.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, number: Option<f32>) {
        if let Some(number) = number {
            self.sum += f64::from(number);
            self.count += 1.0;
        }
    }

    /// NaN of none.
    fn get(self) -> f64 {
        self.sum / self.count
    }
}

/// Averages of what updates reported.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Averages {
    critic_loss: Mean,
    actor_loss: Mean,
    target_mean: Mean,
    value_mean: Mean,
    temperature: Mean,
    entropy: Mean,
    actor_gradient_norm: Mean,
    critic_gradient_norm: Mean,
}

impl Averages {
    pub(super) fn add(&mut self, report: &UpdateReport) {
        self.critic_loss.add(Some(report.critic_loss));
        self.actor_loss.add(report.actor_loss);
        self.target_mean.add(Some(report.target_mean));
        self.value_mean.add(Some(report.value_mean));
        self.temperature.add(report.temperature);
        self.entropy.add(report.entropy);
        let [actor, critic] = report.gradient_norms;
        self.actor_gradient_norm.add(actor);
        self.critic_gradient_norm.add(critic);
    }

    /// The averages; begins anew.
    pub(super) fn take(&mut self) -> Learning {
        let all = std::mem::take(self);
        Learning {
            critic_loss: all.critic_loss.get(),
            actor_loss: all.actor_loss.get(),
            target_mean: all.target_mean.get(),
            value_mean: all.value_mean.get(),
            temperature: all.temperature.get(),
            entropy: all.entropy.get(),
            actor_gradient_norm: all.actor_gradient_norm.get(),
            critic_gradient_norm: all.critic_gradient_norm.get(),
        }
    }
}
