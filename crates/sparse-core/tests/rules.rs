//! What holds for any rule, by the test kit that the crate offers for your own rules.

use sparse_core::budget::Allocation;
use sparse_core::testing;
use sparse_core::topology::{
    DropCriterion, GradualMagnitude, GrownMoments, GrownValue, ReDo, RigL, RuleConfig, Set, Static,
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
            for grown_moments in [GrownMoments::Zero, GrownMoments::Keep] {
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
        testing::check_rule(&rule).unwrap_or_else(|failure| panic!("{rule:?}: {failure}"));
        testing::check_config(&rule).unwrap_or_else(|failure| panic!("{failure}"));
        if rule.grows() {
            testing::check_constant_nnz(&rule)
                .unwrap_or_else(|failure| panic!("{rule:?}: {failure}"));
        }
    }
}
