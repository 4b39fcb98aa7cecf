//! Which agent learns, with the settings that are its own: open to agents of one's own.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use envs::TaskInfo;
use serde::de::Error as _;
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::agent::{AgentConfig, AgentShape};
use super::agents::{RedqConfig, SacConfig, Td3Config};
use super::fields::Field;
use super::{TrainConfig, located};
use crate::{Error, Result};

/// The agent of a run: any [`AgentConfig`] that is known by its name. Configurations write its name as a table, with its
/// settings in it: `[algo.td3]`.
#[derive(Clone)]
pub struct AlgoConfig(Arc<dyn AnyAgent>);

/// An [`AgentConfig`] whose type is not known.
trait AnyAgent: Any + fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;
    fn validate(&self) -> Result<()>;
    fn shape(&self) -> AgentShape;
    fn action(&self, outputs: &[f32], action: &mut [f32]);
    fn suit(&self, base: &mut TrainConfig, task: &TaskInfo);
    fn settings(&self) -> serde_json::Result<Value>;
}

impl<A: AgentConfig> AnyAgent for A {
    fn name(&self) -> &'static str {
        A::NAME
    }

    fn validate(&self) -> Result<()> {
        AgentConfig::validate(self)
    }

    fn shape(&self) -> AgentShape {
        AgentConfig::shape(self)
    }

    fn action(&self, outputs: &[f32], action: &mut [f32]) {
        AgentConfig::action(self, outputs, action);
    }

    fn suit(&self, base: &mut TrainConfig, task: &TaskInfo) {
        AgentConfig::suit(self, base, task);
    }

    fn settings(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

impl AlgoConfig {
    /// The agent with these settings.
    #[must_use]
    pub fn new(settings: impl AgentConfig) -> Self {
        Self(Arc::new(settings))
    }

    /// The agent of this name with its default settings; `None` where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        find(name).map(|kind| (kind.default)())
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

    /// As [`AgentConfig::action`].
    pub fn action(&self, outputs: &[f32], action: &mut [f32]) {
        self.0.action(outputs, action);
    }

    /// As [`AgentConfig::suit`].
    pub(crate) fn suit(&self, base: &mut TrainConfig, task: &TaskInfo) {
        self.0.suit(base, task);
    }

    pub(super) fn validate(&self) -> Result<()> {
        self.0.validate()
    }
}

impl fmt::Debug for AlgoConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for AlgoConfig {
    fn eq(&self, other: &Self) -> bool {
        let settings = |agent: &Self| agent.0.settings().ok();
        self.name() == other.name() && settings(self) == settings(other)
    }
}

impl Serialize for AlgoConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let settings = self.0.settings().map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.name(), &settings)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for AlgoConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let mut given = given.into_iter();
        let (Some((name, settings)), None) = (given.next(), given.next()) else {
            let message = format!("algo must be one of {}, with its settings", known());
            return Err(D::Error::custom(message));
        };
        let Some(kind) = find(&name) else {
            let message = format!("unknown agent `{name}`; known agents: {}", known());
            return Err(D::Error::custom(message));
        };
        (kind.read)(settings).map_err(D::Error::custom)
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
    default: fn() -> AlgoConfig,
    read: fn(Value) -> Result<AlgoConfig, String>,
}

impl AgentKind {
    const fn of<A: AgentConfig>() -> Self {
        Self {
            name: A::NAME,
            about: A::ABOUT,
            source: A::SOURCE,
            fields: A::FIELDS,
            default: || AlgoConfig::new(A::default()),
            read: |given| {
                let row = |key: &str| A::FIELDS.iter().find(|field| field.key == key);
                let settings = located::reread::<A>(given, &format!("algo.{}.", A::NAME), row);
                settings.map(AlgoConfig::new)
            },
        }
    }

    /// The names of its settings.
    pub(super) fn keys(&self) -> Vec<String> {
        let settings = (self.default)().0.settings().unwrap_or_default();
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

/// Those that were registered, by name.
fn registered() -> &'static RwLock<BTreeMap<&'static str, AgentKind>> {
    static REGISTERED: OnceLock<RwLock<BTreeMap<&'static str, AgentKind>>> = OnceLock::new();
    REGISTERED.get_or_init(RwLock::default)
}

/// Checks the name of an agent or a recipe, which stands in configurations and, joined by `-`, in a recipe's full name.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<()> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if !name.is_empty() && name.chars().all(letter) {
        return Ok(());
    }
    let allowed = "a name of lower case letters, digits, `_` and `-`";
    Err(Error::config(what, format!("`{name}`"), allowed))
}

/// Lets configurations name an agent, in all of the process.
///
/// # Errors
/// [`Error::Config`] when the name is taken, or is none.
pub(crate) fn register<A: AgentConfig>() -> Result<()> {
    check_name("agent", A::NAME)?;
    let mut registered = registered().write().unwrap_or_else(PoisonError::into_inner);
    if OURS.iter().any(|kind| kind.name == A::NAME) || registered.contains_key(A::NAME) {
        return Err(Error::config(
            "agent",
            A::NAME,
            "a name that no other agent has",
        ));
    }
    registered.insert(A::NAME, AgentKind::of::<A>());
    Ok(())
}

/// All agents that configurations may name: this crate's, then those that were registered.
#[must_use]
pub fn agents() -> Vec<AgentKind> {
    let registered = registered().read().unwrap_or_else(PoisonError::into_inner);
    OURS.iter().chain(registered.values()).copied().collect()
}

fn find(name: &str) -> Option<AgentKind> {
    agents().into_iter().find(|kind| kind.name == name)
}

/// The names of all agents.
fn known() -> String {
    let names: Vec<&str> = agents().iter().map(|kind| kind.name).collect();
    names.join(", ")
}
