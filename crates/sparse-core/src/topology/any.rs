//! A rule with a name, whose type is not known, and how it is read.

use std::any::Any;
use std::sync::Arc;

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

/// A rule that configurations may name.
#[derive(Clone, Copy, Debug)]
pub struct RuleEntry {
    /// Its name.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    pub(super) read: fn(Value) -> serde_json::Result<Arc<dyn AnyRule>>,
}

impl RuleEntry {
    pub(super) const fn of<R: NamedRule>() -> Self {
        Self {
            name: R::NAME,
            about: R::ABOUT,
            read: |settings| Ok(Arc::new(serde_json::from_value::<R>(settings)?)),
        }
    }
}
