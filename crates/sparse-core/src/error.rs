//! What can go wrong, as values: each error names the offending value and what is allowed.

use std::borrow::Cow;

/// This crate's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Bad input to this crate. A panic is a bug in the crate or in its caller, never bad input.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A size that does not fit.
    #[error("{what}: got {got}, must be {expected}")]
    Shape {
        /// What was measured.
        what: &'static str,
        /// The size that was given.
        got: usize,
        /// The size that was needed.
        expected: usize,
    },
    /// A set of connections that cannot exist.
    #[error("pattern [{outputs}×{inputs}]: {reason}")]
    Pattern {
        /// Units of the layer.
        outputs: usize,
        /// Inputs of the layer.
        inputs: usize,
        /// What is wrong, with the value and what is allowed.
        reason: String,
    },
    /// A budget that leaves a layer without weights, or gives it more than it can hold.
    #[error("budget: layer {layer} [{outputs}×{inputs}] gets density {density}: {reason}")]
    Budget {
        /// Index of the layer in the list of shapes.
        layer: usize,
        /// Units of the layer.
        outputs: usize,
        /// Inputs of the layer.
        inputs: usize,
        /// The layer's share of active weights.
        density: f64,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// A setting outside its range.
    #[error("{field} = {value}: must be {allowed}")]
    Config {
        /// Path of the setting, as serde writes it: `topology.rule.redo.threshold`.
        field: Cow<'static, str>,
        /// The value that was given.
        value: String,
        /// The values that are allowed.
        allowed: String,
    },
    /// A backend that this build has and this machine has nothing for.
    #[error("device {name}: {reason}")]
    Device {
        /// The backend's name.
        name: &'static str,
        /// What was looked for and not found.
        reason: &'static str,
    },
    /// A loss, a gradient or a weight that is NaN or infinite.
    #[error("update {update}: the {what} is {value}")]
    Diverged {
        /// The update that it was computed for, counted from 1.
        update: u64,
        /// The loss, the norm of the gradient, or what a rule was to look at in a layer.
        what: Cow<'static, str>,
        /// Its value.
        value: f64,
    },
    /// A rule's plan that cannot be carried out.
    #[error("rule `{rule}`, layer {layer}: {reason}")]
    Plan {
        /// The rule's name.
        rule: &'static str,
        /// Index of the layer.
        layer: usize,
        /// What is wrong, with the value and what is allowed.
        reason: String,
    },
    /// A module that cannot be trained as it was asked.
    #[error("parameter `{parameter}`: {reason}")]
    Module {
        /// The path of the parameter in the module.
        parameter: String,
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// An optimizer whose state cannot follow connections.
    #[error("the optimizer {reason}")]
    Optimizer {
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// Bytes that do not hold what was asked of them.
    #[error("record: {reason}")]
    Record {
        /// What is missing or wrong, by name.
        reason: String,
    },
}

impl Error {
    /// A setting outside its range.
    #[must_use]
    pub fn config(
        field: impl Into<Cow<'static, str>>,
        value: impl ToString,
        allowed: &str,
    ) -> Self {
        Self::Config {
            field: field.into(),
            value: value.to_string(),
            allowed: allowed.to_string(),
        }
    }

    /// The same, of a setting that lies in `section`.
    #[must_use]
    pub fn within(self, section: &str) -> Self {
        match self {
            Self::Config {
                field,
                value,
                allowed,
            } => Self::Config {
                field: format!("{section}.{field}").into(),
                value,
                allowed,
            },
            other => other,
        }
    }

    /// [`Error::Shape`] unless both sizes are the same.
    pub(crate) fn check_size(what: &'static str, got: usize, expected: usize) -> Result<()> {
        if got == expected {
            return Ok(());
        }
        Err(Self::Shape {
            what,
            got,
            expected,
        })
    }

    /// Whether sizes differed.
    #[must_use]
    pub fn is_shape(&self) -> bool {
        matches!(self, Self::Shape { .. })
    }

    /// Whether a set of connections was impossible.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        matches!(self, Self::Pattern { .. })
    }

    /// Whether a budget could not be met.
    #[must_use]
    pub fn is_budget(&self) -> bool {
        matches!(self, Self::Budget { .. })
    }

    /// Whether a setting was outside its range.
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(self, Self::Config { .. })
    }

    /// Whether the machine lacks what a backend needs.
    #[must_use]
    pub fn is_device(&self) -> bool {
        matches!(self, Self::Device { .. })
    }

    /// Whether training diverged.
    #[must_use]
    pub fn is_diverged(&self) -> bool {
        matches!(self, Self::Diverged { .. })
    }

    /// Whether a rule's plan was wrong.
    #[must_use]
    pub fn is_plan(&self) -> bool {
        matches!(self, Self::Plan { .. })
    }

    /// Whether a module could not be trained as asked.
    #[must_use]
    pub fn is_module(&self) -> bool {
        matches!(self, Self::Module { .. })
    }

    /// Whether an optimizer's state could not follow.
    #[must_use]
    pub fn is_optimizer(&self) -> bool {
        matches!(self, Self::Optimizer { .. })
    }

    /// Whether stored bytes could not be read.
    #[must_use]
    pub fn is_record(&self) -> bool {
        matches!(self, Self::Record { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_value_and_what_is_allowed() {
        let error = Error::config("sparsity", 1.5, "in [0, 1)");
        assert_eq!(error.to_string(), "sparsity = 1.5: must be in [0, 1)");
        assert!(error.is_config() && !error.is_shape());
        assert_eq!(Error::check_size("values", 3, 3), Ok(()));
        let error = Error::check_size("values", 4, 3).unwrap_err();
        assert_eq!(error.to_string(), "values: got 4, must be 3");
    }
}
