//! Environments around environments: each changes one thing, in a file of its own.
//!
//! [`make_with`](crate::make_with) puts those that are set around a task, from the inside to the outside in the order of
//! [`settings()`]. A wrapper of your own implements [`Wrapper`]:
//!
//! ```
//! use envs::wrappers::{Wrapped, Wrapper};
//! use envs::{Env, Result, Step};
//!
//! /// Pays for being alive alone.
//! #[derive(Clone)]
//! struct Alive;
//!
//! impl Wrapper for Alive {
//!     fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
//!         let step = env.step(action, seen)?;
//!         Ok(Step { reward: f64::from(u8::from(!step.terminated)), ..step })
//!     }
//! }
//!
//! let mut env = Wrapped::new(envs::make("Hopper-v5")?, Alive);
//! let mut observation = [0.0; 11];
//! env.reset(0, &mut observation)?;
//! assert_eq!(env.step(&[0.0; 3], &mut observation)?.reward, 1.0);
//! # Ok::<(), envs::Error>(())
//! ```

mod clip_reward;
mod delay_action;
mod draws;
mod noise;
mod overlay;
mod repeat_action;
mod scale_reward;
mod settings;
mod stack;
mod sticky_action;
#[cfg(test)]
mod tests;
mod time_left;
mod time_limit;
mod wrapped;

pub use clip_reward::ClipReward;
pub use delay_action::DelayAction;
pub use noise::ObservationNoise;
pub use overlay::keys;
pub(crate) use overlay::{Missing, index, join, overlay};
pub use repeat_action::RepeatAction;
pub use scale_reward::ScaleReward;
pub use settings::Settings;
pub(crate) use settings::{Constructor, bad, shortened};
pub use stack::StackObservations;
pub use sticky_action::StickyAction;
pub use time_left::TimeInObservation;
pub use time_limit::TimeLimit;
pub use wrapped::{Wrapped, Wrapper};

use serde::de::DeserializeOwned;
use toml::Value;

use crate::Result;
use crate::env::Env;

/// Wraps an environment by a value, unless that is not allowed.
type Wrap = fn(Box<dyn Env>, &Value) -> Option<Box<dyn Env>>;

/// How a setting puts a wrapper around an environment.
struct Kind {
    /// Name of the setting.
    name: &'static str,
    /// What it does, with its unit and its range.
    about: &'static str,
    /// What its value must be.
    allowed: &'static str,
    wrap: Wrap,
}

/// All of them, the innermost first.
const KINDS: [Kind; 9] = [
    time_limit::KIND,
    sticky_action::KIND,
    repeat_action::KIND,
    delay_action::KIND,
    scale_reward::KIND,
    clip_reward::KIND,
    noise::KIND,
    time_left::KIND,
    stack::KIND,
];

/// The settings that every environment has: name, and what it does. From the innermost wrapper to the outermost.
pub fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.iter().map(|kind| (kind.name, kind.about))
}

/// Whether a setting is of a wrapper.
pub(crate) fn is_setting(name: &str) -> bool {
    settings().any(|(known, _)| known == name)
}

/// Puts the wrappers that are set around an environment.
///
/// # Errors
/// [`Error::BadSetting`](crate::Error::BadSetting) when a value is not allowed.
pub(crate) fn wrap(env: Box<dyn Env>, settings: &Settings) -> Result<Box<dyn Env>> {
    KINDS.iter().try_fold(env, |env, kind| {
        let Some(value) = settings.table().get(kind.name) else {
            return Ok(env);
        };
        let task = env.info().id;
        (kind.wrap)(env, value).ok_or_else(|| bad(task, kind.name, value, kind.allowed))
    })
}

/// A value that `is` allowed.
fn read<T: DeserializeOwned>(value: &Value, is: impl Fn(&T) -> bool) -> Option<T> {
    value.clone().try_into().ok().filter(is)
}
