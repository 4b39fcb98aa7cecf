//! What of a configuration comes too late for a run of its length.

use sparse_core::topology::{RuleConfig, Topology};

use super::{AlgoConfig, TrainConfig};

impl TrainConfig {
    /// What of the settings comes too late for a run of this length, a line each, for whoever begins one.
    #[must_use]
    pub fn too_late(&self) -> Vec<String> {
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
        let [actor, critic] = [self.actor_learner(), self.critic_learner()];
        let [actor, critic] = [actor, critic].map(|learner| learner.topology);
        notes.extend(self.late_moves("the critics", updates, critic, self.sparsity.critic));
        let own = updates / self.algo.policy_delay().max(1);
        notes.extend(self.late_moves("the actor", own, actor, self.sparsity.actor));
        notes
    }

    /// Whether the replay forgets nothing but what no longer fits.
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
        let delay = match self.algo {
            AlgoConfig::Td3(_) => "algo.td3.policy_delay",
            AlgoConfig::Sac(_) => "algo.sac.policy_delay",
        };
        let updates = self.updates();
        let late = [
            ("the actor learns", self.algo.policy_delay(), delay),
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

    /// Whether no connection of a network ever moves, though a rule says that they do. `updates` are the network's own.
    fn late_moves(
        &self,
        who: &str,
        updates: u64,
        scheduled: Option<Topology>,
        sparsity: f64,
    ) -> Option<String> {
        let Some(topology) = &self.topology else {
            let dense = self.pruning.is_some() && scheduled.is_none() && sparsity > 0.0;
            return dense.then(|| {
                format!(
                    "nothing of {who} is pruned: {updates} updates of its own are too few for pruning.begin and \
                     pruning.end"
                )
            });
        };
        let what = match topology.rule {
            // Whether that prunes in time is checked with the settings.
            RuleConfig::Static | RuleConfig::GradualMagnitude(_) => return None,
            RuleConfig::ReDo(_) => "no unit of",
            _ => "no connection of",
        };
        let (every, key) = match (who, topology.actor_every) {
            ("the actor", Some(every)) => (every, "topology.actor_every"),
            _ => (topology.every, "topology.every"),
        };
        let until = scheduled.map_or(0, |topology| topology.schedule.until);
        (every >= until).then(|| {
            format!(
                "{what} {who} moves: the first would with update {every} of its own ({key}), and from update {until} \
                 they stay"
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
        config.too_late()
    }

    #[test]
    fn a_rewire_that_no_network_lives_to_see_is_told() {
        // 10,000 updates: a rewire with the last would come at the end of the schedule, when connections stay.
        for recipe in ["rlx2-td3", "rigl-td3", "set-td3"] {
            let said = notes(recipe, 11_428);
            let critics = "no connection of the critics moves: the first would with update 10000 of its own \
                           (topology.every), and from update 10000 they stay";
            assert_eq!(said[0], critics);
            assert!(
                said[1].contains("the actor moves") && said.len() == 2,
                "{said:?}"
            );
            assert_eq!(notes(recipe, 11_430).len(), 1, "{recipe}");
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
        let said = notes("pruned-td3", 3);
        assert!(
            said.iter()
                .any(|note| note.starts_with("nothing of the critics is pruned"))
        );
        assert!(notes("pruned-td3", 3000).is_empty());
        let mut config = recipes::named("rlx2-sac", "Hopper-v5").unwrap();
        config.n_step.n = 1;
        let adaptive = config.replay.adaptive.as_mut().unwrap();
        (adaptive.min, adaptive.every) = (1, 1_000_000);
        let said = config.too_late();
        assert!(
            said[0].contains("replay.adaptive.every") && said.len() == 1,
            "{said:?}"
        );
    }
}
