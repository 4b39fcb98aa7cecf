//! The same run with another length.

use super::{PruningConfig, TopologyConfig, TrainConfig};

impl TrainConfig {
    /// These settings with another number of steps, for a run that is under way: what was counted from the length it began
    /// with stays where it was. Random steps are as many as there were. Connections move until the update at which they were
    /// to stop, and the share that moves falls as it was to fall; from then on they stay, and so does what pruning left.
    ///
    /// ```
    /// # use rl_algos::recipes;
    /// let million = recipes::named("rlx2", "Hopper-v5")?.merged("steps = 1_000_000")?;
    /// let longer = million.lengthened(2_000_000);
    /// let ends = |config: &rl_algos::config::TrainConfig| config.critic_learner().topology.unwrap().schedule.until;
    /// assert_eq!(ends(&longer), ends(&million));
    /// assert_eq!(longer.random_steps(), million.random_steps());
    /// # Ok::<(), rl_algos::Error>(())
    /// ```
    #[must_use]
    pub fn lengthened(&self, steps: u64) -> Self {
        let mut config = self.clone();
        config.steps = steps;
        config.exploration.random_steps = self.random_steps();
        let (before, after) = (self.updates() as f64, config.updates() as f64);
        if let Some(TopologyConfig { until, .. }) = &mut config.topology {
            *until = ((*until * before).round() / after).min(1.0);
        }
        if let Some(PruningConfig { begin, end, .. }) = &mut config.pruning {
            // Updates are cut off to whole ones, so in the middle of one.
            let share = |share: f64| ((share * before).floor() + 0.5) / after;
            (*begin, *end) = (share(*begin), share(*end));
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use sparse_core::topology::GradualMagnitude;

    use crate::recipes;

    #[test]
    fn schedules_end_where_they_were_to_end() {
        for (recipe, env) in [
            ("rlx2-td3", "HalfCheetah-v5"),
            ("ds-td3", "Hopper-v5"),
            ("rlx2-sac", "Ant-v5"),
        ] {
            for (steps, longer) in [(6_000, 9_001), (200_000, 1_000_000), (1_000_000, 3_000_000)] {
                let mut config = recipes::named(recipe, env).unwrap();
                config.steps = steps;
                let more = config.lengthened(longer);
                more.validate().unwrap();
                let schedule = |config: &crate::config::TrainConfig| {
                    config.critic_learner().topology.unwrap().schedule
                };
                assert_eq!(schedule(&more), schedule(&config), "{recipe} {steps}");
                let of_actor = |config: &crate::config::TrainConfig| {
                    config.actor_learner().topology.unwrap().schedule.until
                };
                assert!(
                    of_actor(&more).abs_diff(of_actor(&config)) <= 1,
                    "{recipe} {steps}"
                );
                assert_eq!(more.random_steps(), config.random_steps());
            }
        }
    }

    #[test]
    fn what_is_pruned_at_a_step_is_pruned_at_that_step() {
        let mut config = recipes::named("pruned-sac", "Hopper-v5").unwrap();
        config.steps = 10_000;
        let more = config.lengthened(25_000);
        more.validate().unwrap();
        let rule = |config: &crate::config::TrainConfig| {
            let topology = config.critic_learner().topology.unwrap();
            let rule = topology.rule.get::<GradualMagnitude>().unwrap().clone();
            (rule.begin, rule.end)
        };
        assert_eq!(rule(&more), rule(&config));
    }
}
