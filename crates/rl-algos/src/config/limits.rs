//! What a file can hold of a configuration.

use serde_json::Value;

use super::TrainConfig;
use super::catalogue::{allowed, find};
use crate::{Error, Result};

/// The largest integer of TOML.
const MOST: u64 = i64::MAX as u64;

impl TrainConfig {
    /// Refuses what TOML cannot represent: integers past its largest, and a label of several lines.
    ///
    /// # Errors
    /// [`Error::Config`] with the setting, its value and what is allowed.
    pub(super) fn can_be_written(&self) -> Result<()> {
        if self.recipe.chars().any(char::is_control) {
            let value = format!("{:?}", self.recipe);
            let allowed = "a label on one line, without control characters";
            return Err(Error::config("recipe", value, allowed));
        }
        let all = serde_json::to_value(self).map_err(|error| Error::Toml {
            message: error.to_string(),
        })?;
        match too_large(&all, "") {
            Some((key, number)) => {
                let field = find(&key).map_or("configuration", |field| field.key);
                let allowed = format!("{}; and below 2^63, which files can hold", allowed(field));
                Err(Error::config(field, number, &allowed))
            }
            None => Ok(()),
        }
    }
}

/// The first integer past the largest, with its key.
fn too_large(value: &Value, key: &str) -> Option<(String, u64)> {
    match value {
        Value::Number(number) => {
            let number = number.as_u64().filter(|number| *number > MOST)?;
            Some((key.to_owned(), number))
        }
        Value::Array(all) => all.iter().find_map(|one| too_large(one, key)),
        Value::Object(all) => all.iter().find_map(|(name, one)| {
            let name = match key {
                "" => name.clone(),
                section => format!("{section}.{name}"),
            };
            too_large(one, &name)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Td3Config;
    use crate::recipes;

    /// Every integer of a configuration, by its key, with a way to set it.
    fn integers(value: &Value, key: &str, found: &mut Vec<String>) {
        match value {
            Value::Number(number) if number.is_u64() => found.push(key.to_owned()),
            Value::Array(all) => all
                .iter()
                .enumerate()
                .for_each(|(index, one)| integers(one, &format!("{key}/{index}"), found)),
            Value::Object(all) => all
                .iter()
                .for_each(|(name, one)| integers(one, &format!("{key}/{name}"), found)),
            _ => {}
        }
    }

    #[test]
    fn every_integer_is_refused_by_its_name_or_comes_back() {
        let mut count = 0;
        for recipe in ["rlx2-td3", "pruned-sac", "ds-td3"] {
            let config = recipes::named(recipe, "Hopper-v5").unwrap();
            let all = serde_json::to_value(&config).unwrap();
            let mut keys = Vec::new();
            integers(&all, "", &mut keys);
            count += keys.len();
            for key in keys {
                let read = |number: u64| -> Result<TrainConfig, serde_json::Error> {
                    let mut all = all.clone();
                    *all.pointer_mut(&key).unwrap() = number.into();
                    serde_json::from_value(all)
                };
                let with = |number: u64| read(number).unwrap();
                let name = key.trim_start_matches('/').replace('/', ".");
                for number in [MOST + 1, u64::MAX] {
                    if key.starts_with("/algo/") {
                        // An agent's settings are read as TOML's values.
                        assert!(read(number).is_err(), "{name}");
                        continue;
                    }
                    let error = with(number).validate().unwrap_err().to_string();
                    let field = error.split(" = ").next().unwrap();
                    assert!(name.starts_with(field), "{name}: {error}");
                    assert!(error.contains(&number.to_string()), "{name}: {error}");
                }
                for number in [0, 1, MOST] {
                    let config = with(number);
                    if config.validate().is_ok() {
                        let text = config.to_toml().unwrap();
                        assert_eq!(TrainConfig::from_toml(&text).unwrap(), config, "{name}");
                    }
                }
            }
        }
        assert!(count > 30, "{count}");
        let mut config = recipes::named("rlx2-td3", "Hopper-v5").unwrap();
        config.algo.get_mut::<Td3Config>().unwrap().policy_delay = MOST + 1;
        let error = config.validate().unwrap_err().to_string();
        assert!(
            error.starts_with("algo.td3.policy_delay = 9223372036854775808: must be"),
            "{error}"
        );
    }

    #[test]
    fn extreme_fractions_come_back() {
        let mut config = recipes::named("rlx2-td3", "Hopper-v5").unwrap();
        for number in [
            f64::MIN_POSITIVE,
            5e-324,
            1e-7,
            0.1 + 0.2,
            1.0 - f64::EPSILON,
        ] {
            config.sparsity.critic = number;
            config.learning.gamma = number;
            config.replay.adaptive.as_mut().unwrap().threshold = 1.0 / number;
            if config.validate().is_ok() {
                let text = config.to_toml().unwrap();
                assert_eq!(TrainConfig::from_toml(&text).unwrap(), config, "{number}");
            }
        }
        for label in ["two\nlines", "\u{7}"] {
            config.recipe = label.to_owned();
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with("recipe = \""), "{error}");
        }
    }
}
