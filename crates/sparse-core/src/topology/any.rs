//! A rule with a name, whose type is not known.

use std::any::Any;

use serde_json::Value;

use super::{NamedRule, Rule};

/// A [`NamedRule`] whose type is not known.
pub(super) trait AnyRule: Rule {
    fn name(&self) -> &'static str;
    fn settings(&self) -> serde_json::Result<Value>;
    fn is_equal(&self, other: &dyn AnyRule) -> bool;
    fn as_any(&self) -> &dyn Any;
    fn as_rule(&self) -> &(dyn Rule + 'static);
}

impl<R: NamedRule> AnyRule for R {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn settings(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }

    fn is_equal(&self, other: &dyn AnyRule) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_rule(&self) -> &(dyn Rule + 'static) {
        self
    }
}
