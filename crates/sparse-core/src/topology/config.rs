//! A rule as configurations hold it: by name, with its settings.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::any::AnyRule;
use super::{NamedRule, Rule, Schedule, registry};
use crate::error::Result;

/// Any rule that has a name. Configurations write `"static"`, or `{"rigl": {"allow_regrow": false}}`: the name, and
/// under it the settings that are not as by default. Your own rule is read once it is
/// [registered](super::register_rule). Formats that do not say what they hold (postcard, bincode) cannot read it.
#[derive(Clone)]
pub struct RuleConfig(Arc<dyn AnyRule>);

impl RuleConfig {
    /// A handle of this rule.
    #[must_use]
    pub fn new(rule: impl NamedRule) -> Self {
        Self(Arc::new(rule))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The rule, if it is of this type.
    #[must_use]
    pub fn get<R: NamedRule>(&self) -> Option<&R> {
        self.0.as_any().downcast_ref()
    }

    /// Checks the rule's settings; errors name a field by its path, such as `rule.redo.threshold`.
    ///
    /// # Errors
    /// As [`Rule::validate`].
    pub fn validate(&self, schedule: &Schedule, shapes: &[(usize, usize)]) -> Result<()> {
        let checked = self.0.validate(schedule, shapes);
        checked.map_err(|error| error.within(&format!("rule.{}", self.name())))
    }
}

impl<R: NamedRule> From<R> for RuleConfig {
    fn from(rule: R) -> Self {
        Self::new(rule)
    }
}

impl Deref for RuleConfig {
    type Target = dyn Rule;

    fn deref(&self) -> &Self::Target {
        self.0.as_rule()
    }
}

impl fmt::Debug for RuleConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for RuleConfig {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_equal(&*other.0)
    }
}

impl Serialize for RuleConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.settings().map_err(S::Error::custom)? {
            Value::Null => serializer.serialize_str(self.name()),
            settings => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(self.name(), &settings)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for RuleConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByName)
    }
}

/// Reads a name, or a name and the rule's settings.
struct ByName;

impl<'de> Visitor<'de> for ByName {
    type Value = RuleConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the name of a rule, or a map from its name to its settings"
        )
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RuleConfig, E> {
        registry::read(name, Value::Null)
            .map(RuleConfig)
            .map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RuleConfig, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(A::Error::custom("no rule: must be the name of one"));
        };
        let rule = registry::read(&name, map.next_value()?).map_err(A::Error::custom)?;
        match map.next_key::<String>()? {
            None => Ok(RuleConfig(rule)),
            Some(second) => {
                let message = format!("rules `{name}` and `{second}`: must be one");
                Err(A::Error::custom(message))
            }
        }
    }
}
