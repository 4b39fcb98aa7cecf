//! What holds for any rule, by the test kit that the crate offers for your own rules.

use std::sync::atomic::{AtomicUsize, Ordering};

use rand::Rng;
use serde::{Deserialize, Serialize};
use sparse_core::Result;
use sparse_core::budget::Allocation;
use sparse_core::testing;
use sparse_core::topology::{
    Candidates, DropCriterion, GradualMagnitude, GrownMoments, GrownValue, LayerChange, LayerState,
    NamedRule, NetworkState, ReDo, RigL, Rule, RuleConfig, Set, Signal, Static, Update,
    register_rule,
};

#[test]
fn every_rule_passes_the_test_kit() {
    let gradual = GradualMagnitude {
        initial_sparsity: 0.0,
        final_sparsity: 0.9,
        begin: 0,
        end: 4,
        allocation: Allocation::Uniform,
    };
    let mut configs: Vec<RuleConfig> = vec![
        Static.into(),
        gradual.into(),
        ReDo { threshold: 0.9 }.into(),
    ];
    for allow_regrow in [true, false] {
        for grown_value in [GrownValue::Zero, GrownValue::Random] {
            for grown_moments in [
                GrownMoments::Zero,
                GrownMoments::Keep,
                GrownMoments::LayerMean,
            ] {
                configs.push(
                    RigL {
                        allow_regrow,
                        grown_value,
                        grown_moments,
                    }
                    .into(),
                );
                for drop in [DropCriterion::Magnitude, DropCriterion::SignBalanced] {
                    configs.push(
                        Set {
                            drop,
                            allow_regrow,
                            grown_value,
                            grown_moments,
                        }
                        .into(),
                    );
                }
            }
        }
    }
    for rule in configs {
        for check in [testing::check_rule, testing::check_floor] {
            check(&rule).unwrap_or_else(|failure| panic!("{rule:?}: {failure}"));
        }
        testing::check_config(&rule).unwrap_or_else(|failure| panic!("{failure}"));
        if rule.grows() {
            testing::check_constant_nnz(&rule)
                .unwrap_or_else(|failure| panic!("{rule:?}: {failure}"));
        }
    }
}

/// What a rule may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Wrong {
    GrowsTwice,
    IgnoresTheFloor,
    DropsAll,
    ForgetsALayer,
    GrowsOneMore,
    MovesAll,
    DrawsElsewhere,
    NeverActs,
    ResetsWhatIsNot,
    TakesWhatItDidNotAskFor,
}

/// Moves connections at random, and does one thing wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Faulty(Wrong);

impl Faulty {
    fn change(&self, layer: &LayerState, update: Update, rng: &mut dyn Rng) -> Result<LayerChange> {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let pattern = &layer.pattern;
        let (mut count, mut floor) = (
            update.budget.count(pattern.nnz())?,
            update.budget.min_inputs_per_unit,
        );
        match self.0 {
            Wrong::IgnoresTheFloor => floor = 0,
            Wrong::MovesAll => count = pattern.nnz(),
            Wrong::ResetsWhatIsNot => {
                return Ok(LayerChange {
                    reset: vec![(pattern.nnz() as u32, 0.0)],
                    ..LayerChange::default()
                });
            }
            Wrong::TakesWhatItDidNotAskFor => {
                layer.dense_gradient()?;
            }
            Wrong::DropsAll => {
                let dropped = pattern.positions().collect();
                return Ok(LayerChange::moving(dropped, Vec::new()));
            }
            _ => {}
        }
        count = count.min(Candidates::of(pattern).len());
        let scores = layer.magnitudes();
        let dropped = DropCriterion::Magnitude.lowest(layer, &scores, count, floor);
        let mut grown = Candidates::of(pattern).random(dropped.len(), rng);
        match self.0 {
            Wrong::GrowsTwice => grown.extend(grown.first().copied()),
            Wrong::GrowsOneMore => {
                grown = Candidates::of(pattern).random(dropped.len() + 1, rng);
            }
            Wrong::DrawsElsewhere => {
                let turn = CALLS.fetch_add(1, Ordering::Relaxed) % grown.len().max(1);
                grown.truncate(turn);
            }
            _ => {}
        }
        Ok(LayerChange {
            dropped,
            grown,
            ..LayerChange::default()
        })
    }
}

impl Rule for Faulty {
    fn signal(&self, _: u64) -> Option<Signal> {
        (self.0 != Wrong::NeverActs).then_some(Signal::None)
    }

    fn plan(
        &self,
        network: &NetworkState,
        update: Update,
        rng: &mut dyn Rng,
    ) -> Result<Vec<LayerChange>> {
        let layers = network.layers.iter();
        let changes = layers.map(|layer| self.change(layer, update, rng));
        let mut changes: Vec<LayerChange> = changes.collect::<Result<_>>()?;
        if self.0 == Wrong::ForgetsALayer {
            changes.pop();
        }
        Ok(changes)
    }
}

impl NamedRule for Faulty {
    const NAME: &'static str = "faulty";
    const ABOUT: &'static str = "Does one thing wrong";
}

#[test]
fn the_test_kit_finds_what_a_rule_does_wrong() {
    for (wrong, expected) in [
        (Wrong::GrowsTwice, "twice"),
        (Wrong::DropsAll, "leaves no connections"),
        (Wrong::ResetsWhatIsNot, "resets value"),
        (
            Wrong::TakesWhatItDidNotAskFor,
            "signal = another: must be `Signal::DenseGradient` in every update",
        ),
        (Wrong::ForgetsALayer, "changes of 2 layers: must be 3"),
        (
            Wrong::DrawsElsewhere,
            "the same random numbers gave another plan",
        ),
        (Wrong::NeverActs, "never acts"),
    ] {
        let failure = testing::check_rule(&Faulty(wrong).into()).unwrap_err();
        assert!(failure.contains(expected), "{wrong:?}: {failure}");
    }
    let ignores = RuleConfig::from(Faulty(Wrong::IgnoresTheFloor));
    let failure = testing::check_floor(&ignores).unwrap_err();
    assert!(failure.contains("must keep"), "{failure}");
    testing::check_rule(&ignores).unwrap();
    for wrong in [Wrong::GrowsOneMore, Wrong::MovesAll] {
        let failure = testing::check_constant_nnz(&Faulty(wrong).into()).unwrap_err();
        assert!(
            failure.contains("must be the same number"),
            "{wrong:?}: {failure}"
        );
    }
}

/// Acts from an update on, or never, and does nothing then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Late {
    from: Option<u64>,
    grows: bool,
}

impl Rule for Late {
    fn signal(&self, step: u64) -> Option<Signal> {
        (step >= self.from?).then_some(Signal::None)
    }

    fn plan(&self, network: &NetworkState, _: Update, _: &mut dyn Rng) -> Result<Vec<LayerChange>> {
        Ok(vec![LayerChange::default(); network.layers.len()])
    }

    fn grows(&self) -> bool {
        self.grows
    }
}

impl NamedRule for Late {
    const NAME: &'static str = "late";
    const ABOUT: &'static str = "Acts from an update on";
}

#[test]
fn a_rule_is_checked_at_its_own_updates_and_is_static_by_what_it_says() {
    let late = |from, grows| RuleConfig::from(Late { from, grows });
    for grows in [false, true] {
        let failure = testing::check_rule(&late(Some(1_000), grows)).unwrap_err();
        assert!(
            failure.starts_with("never acts at updates 1..9"),
            "{failure}"
        );
        let at = testing::At(995..1_001);
        at.check_rule(&late(Some(1_000), grows)).unwrap();
        let failure = at.check_constant_nnz(&late(Some(1_001), grows));
        let failure = failure.unwrap_err();
        assert!(
            failure.starts_with("never acts at updates 995..1001"),
            "{failure}"
        );
    }
    testing::check_rule(&late(None, false)).unwrap();
    // Whoever grows connections acts at some update.
    testing::check_rule(&late(None, true)).unwrap_err();
}

#[test]
fn a_registered_rule_is_read_and_its_name_is_taken() {
    let rule = RuleConfig::from(Faulty(Wrong::MovesAll));
    let failure = testing::check_config(&rule).unwrap_err();
    assert!(failure.contains("unknown rule `faulty`"), "{failure}");
    register_rule::<Faulty>().unwrap();
    testing::check_config(&rule).unwrap();
    let error = register_rule::<Faulty>().unwrap_err().to_string();
    assert_eq!(
        error,
        "rule = faulty: must be a name that no other rule has"
    );
    assert!(register_rule::<RigL>().unwrap_err().is_config());
}
