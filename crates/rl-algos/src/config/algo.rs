//! Which agent learns, with the settings that are its own: open to agents of one's own.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use envs::TaskInfo;
use serde::de::Error as _;
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Value;

use super::agent::{AgentConfig, AgentShape};
use super::agents::{RedqConfig, SacConfig, Td3Config};
use super::fields::Field;
use super::registered::Registered;
use super::{Spread, TrainConfig, located};
use crate::{Error, Result};

/// The agent of a run: any [`AgentConfig`] that `R` knows by its name. Configurations write its name as a table, with its
/// settings in it: `[algo.td3]`; or, where it has none or they are the default ones, the name alone: `algo = "td3"`.
pub struct AgentChoice<R>(Arc<dyn AnyAgent>, PhantomData<fn() -> R>);

/// The agent of a run in an environment.
pub type AlgoConfig = AgentChoice<Online>;

/// The agents that configurations of a kind may name.
pub trait AgentRegistry: 'static {
    /// All of them.
    fn agents() -> Vec<AgentKind>;
}

/// The agents that learn in an environment.
#[derive(Clone, Copy, Debug)]
pub enum Online {}

impl AgentRegistry for Online {
    fn agents() -> Vec<AgentKind> {
        REGISTERED.after(&OURS)
    }
}

/// Settings whose type is not known.
trait AnySettings: Any + fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;
    fn validate(&self) -> Result<()>;
    fn settings(&self) -> serde_json::Result<serde_json::Value>;
}

impl<A: AgentConfig> AnySettings for A {
    fn name(&self) -> &'static str {
        A::NAME
    }

    fn validate(&self) -> Result<()> {
        AgentConfig::validate(self)
    }

    fn settings(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(self)
    }
}

/// An [`AgentConfig`] whose type is not known.
trait AnyAgent: AnySettings {
    fn shape(&self) -> AgentShape;
    fn spread(&self) -> Option<Spread>;
    fn suit(&self, base: &mut TrainConfig, task: &TaskInfo);
}

impl<A: AgentConfig> AnyAgent for A {
    fn shape(&self) -> AgentShape {
        AgentConfig::shape(self)
    }

    fn spread(&self) -> Option<Spread> {
        AgentConfig::spread(self)
    }

    fn suit(&self, base: &mut TrainConfig, task: &TaskInfo) {
        AgentConfig::suit(self, base, task);
    }
}

impl<R> AgentChoice<R> {
    /// The agent with these settings.
    #[must_use]
    pub fn new(settings: impl AgentConfig) -> Self {
        Self(Arc::new(settings), PhantomData)
    }

    /// The agent's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Its settings, if they are of this type.
    #[must_use]
    pub fn get<A: AgentConfig>(&self) -> Option<&A> {
        let settings: &dyn Any = &*self.0;
        settings.downcast_ref()
    }

    /// Its settings, to be changed, if they are of this type.
    pub fn get_mut<A: AgentConfig>(&mut self) -> Option<&mut A> {
        // A clone of the whole shares the settings until one of both is changed.
        let own = self.get::<A>()?.clone();
        self.0 = Arc::new(own);
        let settings: &mut dyn Any = Arc::get_mut(&mut self.0)?;
        settings.downcast_mut()
    }

    /// What its networks are like, and how often they are updated.
    #[must_use]
    pub fn shape(&self) -> AgentShape {
        self.0.shape()
    }

    /// As [`AgentConfig::spread`].
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        self.0.spread()
    }

    /// Outputs of the actor's network for actions of `action` numbers.
    #[must_use]
    pub fn actor_outputs(&self, action: usize) -> usize {
        self.shape().actor_outputs * action
    }

    /// Critic updates per update of the actor.
    #[must_use]
    pub fn policy_delay(&self) -> u64 {
        self.shape().policy_delay
    }

    /// Checks its settings.
    ///
    /// # Errors
    /// As [`AgentConfig::validate`].
    pub fn validate(&self) -> Result<()> {
        self.0.validate()
    }

    /// As [`AgentConfig::suit`].
    pub(crate) fn suit(&self, base: &mut TrainConfig, task: &TaskInfo) {
        self.0.suit(base, task);
    }
}

impl<R: AgentRegistry> AgentChoice<R> {
    /// The agent of this name with its default settings; `None` where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        find::<R>(name).map(|kind| Self((kind.default)(), PhantomData))
    }
}

impl<R: AgentRegistry> FromStr for AgentChoice<R> {
    type Err = Error;

    /// As [`named`](Self::named).
    fn from_str(name: &str) -> Result<Self> {
        let unknown = || Error::config("algo", name, format!("one of {}", known::<R>()));
        Self::named(name).ok_or_else(unknown)
    }
}

impl<R> Clone for AgentChoice<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<R> fmt::Debug for AgentChoice<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R> PartialEq for AgentChoice<R> {
    fn eq(&self, other: &Self) -> bool {
        let settings = |agent: &Self| agent.0.settings().ok();
        self.name() == other.name() && settings(self) == settings(other)
    }
}

impl<R> Serialize for AgentChoice<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let settings = self.0.settings().map_err(S::Error::custom)?;
        if settings.as_object().is_some_and(serde_json::Map::is_empty) {
            return serializer.serialize_str(self.name());
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.name(), &settings)?;
        map.end()
    }
}

impl<'de, R: AgentRegistry> Deserialize<'de> for AgentChoice<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = match Value::deserialize(deserializer)? {
            Value::String(name) => Some((name, None)),
            Value::Table(given) if given.len() == 1 => {
                let given = given.into_iter().next();
                given.map(|(name, settings)| (name, Some(settings)))
            }
            _ => None,
        };
        let Some((name, settings)) = given else {
            let message = format!("algo must be one of {}, with its settings", known::<R>());
            return Err(D::Error::custom(message));
        };
        let Some(kind) = find::<R>(&name) else {
            let message = format!("unknown agent `{name}`; known agents: {}", known::<R>());
            return Err(D::Error::custom(message));
        };
        let read = match settings {
            None => (kind.default)(),
            Some(settings) => (kind.read)(settings).map_err(D::Error::custom)?,
        };
        Ok(Self(read, PhantomData))
    }
}

/// An agent that configurations may name.
#[derive(Clone, Copy, Debug)]
pub struct AgentKind {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Where it is defined.
    pub source: &'static str,
    /// The keys of its settings.
    pub fields: &'static [Field],
    default: fn() -> Arc<dyn AnyAgent>,
    read: fn(Value) -> Result<Arc<dyn AnyAgent>, String>,
}

impl AgentKind {
    /// That of an agent with these settings.
    #[must_use]
    pub const fn of<A: AgentConfig>() -> Self {
        Self {
            name: A::NAME,
            about: A::ABOUT,
            source: A::SOURCE,
            fields: A::FIELDS,
            default: || Arc::new(A::default()),
            read: |given| {
                let row = |key: &str| A::FIELDS.iter().find(|field| field.key == key);
                let Value::Table(given) = given else {
                    let found = given.type_str();
                    return Err(format!("algo.{} is a {found}: must be a table", A::NAME));
                };
                located::check_finite(&given, &format!("algo.{}", A::NAME))?;
                let settings = located::read::<A>(&given, &format!("algo.{}", A::NAME), row)?;
                Ok(Arc::new(settings))
            },
        }
    }

    /// The names of its settings.
    pub(super) fn keys(&self) -> Vec<String> {
        let settings = (self.default)().settings().unwrap_or_default();
        let settings = settings.as_object().into_iter().flat_map(|all| all.keys());
        settings.cloned().collect()
    }
}

/// The agents of this crate: one line for each.
const OURS: [AgentKind; 3] = [
    AgentKind::of::<Td3Config>(),
    AgentKind::of::<SacConfig>(),
    AgentKind::of::<RedqConfig>(),
];

static REGISTERED: Registered<AgentKind> = Registered::new();

/// Lets configurations name an agent, in all of the process.
///
/// # Errors
/// [`Error::Config`] when the name is taken, or is none.
pub(crate) fn register<A: AgentConfig>() -> Result<()> {
    let ours = OURS.iter().map(|kind| kind.name);
    REGISTERED.add("agent", A::NAME, AgentKind::of::<A>(), ours)
}

/// All agents that configurations may name: this crate's, then those that were registered.
#[must_use]
pub fn agents() -> Vec<AgentKind> {
    Online::agents()
}

fn find<R: AgentRegistry>(name: &str) -> Option<AgentKind> {
    R::agents().into_iter().find(|kind| kind.name == name)
}

/// The names of all agents.
fn known<R: AgentRegistry>() -> String {
    let names: Vec<&str> = R::agents().iter().map(|kind| kind.name).collect();
    names.join(", ")
}
