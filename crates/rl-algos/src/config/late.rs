//! Settings that take effect too late for a run of its length.

use sparse_core::topology::{ReDo, RuleConfig};
use sparse_core::trainer::NetworkTrainerConfig;

use super::TrainConfig;

impl TrainConfig {
    /// Settings that take effect too late for a run of this length, a line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let (steps, updates) = (self.steps, self.updates());
        if updates == 0 {
            return vec![format!(
                "nothing is learned: the first {steps} steps act at random, and this run makes no more"
            )];
        }
        let mut notes = Vec::new();
        let (n, delay) = (self.n_step.n, self.n_step.delay);
        if n > 1 && delay > updates {
            notes.push(format!(
                "returns over {n} steps begin with update {delay} (n_step.delay), and this run makes {updates}"
            ));
        }
        notes.extend(self.late_forgetting());
        notes.extend(self.late_learning());
        notes.extend(self.late_moves());
        notes.extend(self.late_pruning());
        notes
    }

    /// A note if the replay drops only what no longer fits.
    fn late_forgetting(&self) -> Option<String> {
        let adaptive = self.replay.adaptive.as_ref()?;
        let (min, every, steps) = (adaptive.min, adaptive.every, self.steps);
        if min as u64 >= steps {
            return Some(format!(
                "nothing is forgotten up to {min} transitions (replay.adaptive.min), and this run stores {steps}"
            ));
        }
        (every > steps).then(|| {
            format!(
                "the replay is checked every {every} steps (replay.adaptive.every), and this run makes {steps}"
            )
        })
    }

    /// Networks that are never updated.
    fn late_learning(&self) -> Vec<String> {
        let delay = format!("algo.{}.policy_delay", self.algo.name());
        let updates = self.updates();
        let late = [
            ("the actor learns", self.algo.policy_delay(), delay.as_str()),
            (
                "target networks move",
                self.learning.target_every,
                "learning.target_every",
            ),
        ];
        let late = late.into_iter().filter(|(_, every, _)| *every > updates);
        late.map(|(what, every, key)| {
            format!("{what} every {every} updates ({key}), and this run makes {updates}")
        })
        .collect()
    }

    /// Networks whose connections never move although they have a rule.
    fn late_moves(&self) -> Option<String> {
        let topology = self.topology.as_ref()?;
        // Whether pruning comes in time is checked with the settings.
        let what = |rule: &RuleConfig| match (rule.grows(), rule.get::<ReDo>()) {
            (true, _) => Some("connections"),
            (_, recycles) => recycles.map(|_| "units"),
        };
        let (rule, actor_rule) = (what(&topology.rule), what(topology.actor_rule()));
        let actor_every = topology.actor_every.unwrap_or(topology.every);
        let critics = rule.map(|_| ("the critics'", topology.every, self.critic_learner()));
        let actor = actor_rule.map(|_| ("the actor's", actor_every, self.actor_learner()));
        let networks = [critics, actor].into_iter().flatten();
        let what = rule.or(actor_rule)?;
        let until = |learner: &NetworkTrainerConfig| {
            let topology = learner.topology.as_ref();
            topology.map_or(0, |topology| topology.schedule.until)
        };
        let late = networks.filter(|(_, every, learner)| *every >= until(learner));
        let late: Vec<String> = late
            .map(|(who, every, learner)| {
                let until = until(&learner);
                format!("{who} would first with update {every}, and stay from update {until} on")
            })
            .collect();
        let late = late.join("; ");
        (!late.is_empty())
            .then(|| format!("{what} never move: {late} (topology; updates of each network)"))
    }

    /// Networks that stay dense although they are to be pruned.
    fn late_pruning(&self) -> Option<String> {
        self.pruning.as_ref()?;
        let networks = [
            ("critics", self.sparsity.critic, self.critic_learner()),
            ("actor", self.sparsity.actor, self.actor_learner()),
        ];
        let late = networks.into_iter();
        let late =
            late.filter(|(_, sparsity, learner)| *sparsity > 0.0 && learner.topology.is_none());
        let late: Vec<&str> = late.map(|(who, ..)| who).collect();
        let (late, updates) = (late.join(" and "), self.updates());
        (!late.is_empty()).then(|| {
            format!(
                "too few updates to prune the {late} in (pruning.begin, pruning.end): this run makes {updates}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::recipes;

    fn notes(recipe: &str, steps: u64) -> Vec<String> {
        let mut config = recipes::named(recipe, "Hopper-v5").unwrap();
        config.steps = steps;
        config.n_step.delay = 1;
        if let Some(adaptive) = &mut config.replay.adaptive {
            adaptive.min = 1;
        }
        config.warnings()
    }

    #[test]
    fn a_rewire_that_no_network_lives_to_see_is_told() {
        // 10,000 updates: a rewire with the last would come at the end of the schedule, when connections stay.
        for recipe in ["rlx2-td3", "rigl-td3", "set-td3"] {
            let critics =
                "the critics' would first with update 10000, and stay from update 10000 on";
            let actor = "the actor's would first with update 10000, and stay from update 5000 on";
            let said = notes(recipe, 11_428);
            let both = format!(
                "connections never move: {critics}; {actor} (topology; updates of each network)"
            );
            assert_eq!(said, [both]);
            let said = notes(recipe, 11_430);
            assert!(
                said[0].starts_with("connections never move: the actor's"),
                "{said:?}"
            );
            assert!(notes(recipe, 22_860).is_empty(), "{recipe}");
        }
        assert!(notes("static-td3", 11_428).is_empty());
        assert!(notes("dense-td3", 100).is_empty());
    }

    #[test]
    fn whatever_is_scheduled_and_comes_too_late_is_told() {
        assert!(notes("dense-td3", 1)[0].starts_with("nothing is learned"));
        let said = notes("dense-td3", 2);
        assert!(said[0].contains("the actor learns every 2 updates (algo.td3.policy_delay)"));
        assert!(
            said[1].contains("target networks move every 2 updates"),
            "{said:?}"
        );
        for (steps, who) in [(2, "critics and actor in"), (3, "actor in")] {
            let said = notes("pruned-td3", steps);
            let told = format!("too few updates to prune the {who}");
            assert!(said.iter().any(|note| note.starts_with(&told)), "{said:?}");
        }
        assert!(notes("pruned-td3", 3000).is_empty());
        let mut config = recipes::named("rlx2-sac", "Hopper-v5").unwrap();
        config.n_step.n = 1;
        let adaptive = config.replay.adaptive.as_mut().unwrap();
        (adaptive.min, adaptive.every) = (1, 1_000_000);
        let said = config.warnings();
        assert!(
            said[0].contains("replay.adaptive.every") && said.len() == 1,
            "{said:?}"
        );
    }
}
