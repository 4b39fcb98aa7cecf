//! One rule, one file, one paper.

mod gradual_magnitude;
mod redo;
mod rigl;
mod set;
mod static_mask;

use serde::{Deserialize, Serialize};

pub use gradual_magnitude::GradualMagnitude;
pub use redo::ReDo;
pub use rigl::RigL;
pub use set::Set;
pub use static_mask::Static;

use super::{Action, Rule};

/// A rule by name, as configurations write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleConfig {
    /// Connections stay where they are.
    Static,
    /// Drop the smallest values, grow at random.
    Set(Set),
    /// Drop the smallest values, grow where the gradient is largest.
    #[serde(rename = "rigl")]
    RigL(RigL),
    /// Drop the smallest values, grow none: sparser with time.
    GradualMagnitude(GradualMagnitude),
    /// Draw dormant units anew.
    #[serde(rename = "redo")]
    ReDo(ReDo),
}

impl RuleConfig {
    fn rule(&self) -> &dyn Rule {
        match self {
            Self::Static => &Static,
            Self::Set(rule) => rule,
            Self::RigL(rule) => rule,
            Self::GradualMagnitude(rule) => rule,
            Self::ReDo(rule) => rule,
        }
    }
}

impl Rule for RuleConfig {
    fn action(&self) -> Action<'_> {
        self.rule().action()
    }

    fn drop_scores(&self, values: &mut [f32]) {
        self.rule().drop_scores(values);
    }

    fn grow_scores(&self, gradient: &mut [f32]) {
        self.rule().grow_scores(gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Drop, GrownMoments, GrownValue};

    #[test]
    fn configuration_reads_as_words() {
        let read = |text| serde_json::from_str::<RuleConfig>(text).unwrap();
        assert_eq!(read("\"static\""), RuleConfig::Static);
        assert_eq!(read("{\"rigl\":{}}"), RuleConfig::RigL(RigL::default()));
        let never = Set {
            allow_regrow: false,
            ..Set::default()
        };
        assert_eq!(
            read("{\"set\":{\"allow_regrow\":false}}"),
            RuleConfig::Set(never)
        );
        let text = "{\"set\":{\"drop\":\"sign_balanced\",\"grown_moments\":\"keep\",\"grown_value\":\"random\"}}";
        let ds_td3 = Set {
            drop: Drop::SignBalanced,
            grown_value: GrownValue::Random,
            grown_moments: GrownMoments::Keep,
            ..Set::default()
        };
        assert_eq!(read(text), RuleConfig::Set(ds_td3));
        assert_eq!(
            read("{\"redo\":{\"threshold\":0.1}}"),
            RuleConfig::ReDo(ReDo { threshold: 0.1 })
        );
        let text = "{\"gradual_magnitude\":{\"final_sparsity\":0.95,\"begin\":10,\"end\":20}}";
        let gradual = read(text);
        let RuleConfig::GradualMagnitude(rule) = &gradual else {
            panic!("{gradual:?}");
        };
        assert_eq!((rule.initial_sparsity, rule.end), (0.0, 20));
        let again = serde_json::to_string(&gradual).unwrap();
        assert_eq!(read(&again), gradual);
        assert!(serde_json::from_str::<RuleConfig>("{\"set\":{\"regrow\":false}}").is_err());
    }
}
