//! One rule, one file, one paper.

mod rigl;
mod set;
mod static_mask;

use serde::{Deserialize, Serialize};

pub use rigl::RigL;
pub use set::Set;
pub use static_mask::Static;

use super::{Action, Rule};

/// A rule by name, as configurations write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleConfig {
    /// Connections stay where they are.
    Static,
    /// Drop the smallest values, grow at random.
    Set(Set),
    /// Drop the smallest values, grow where the gradient is largest.
    #[serde(rename = "rigl")]
    RigL(RigL),
}

impl RuleConfig {
    fn rule(&self) -> &dyn Rule {
        match self {
            Self::Static => &Static,
            Self::Set(rule) => rule,
            Self::RigL(rule) => rule,
        }
    }
}

impl Rule for RuleConfig {
    fn action(&self) -> Action {
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

    #[test]
    fn configuration_reads_as_words() {
        let read = |text| serde_json::from_str::<RuleConfig>(text).unwrap();
        assert_eq!(read("\"static\""), RuleConfig::Static);
        assert_eq!(read("{\"rigl\":{}}"), RuleConfig::RigL(RigL::default()));
        let never = Set {
            allow_regrow: false,
        };
        assert_eq!(
            read("{\"set\":{\"allow_regrow\":false}}"),
            RuleConfig::Set(never)
        );
        assert!(serde_json::from_str::<RuleConfig>("{\"set\":{\"regrow\":false}}").is_err());
    }
}
