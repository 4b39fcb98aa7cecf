//! Settings of an environment by name: the options of its task, and those of the wrappers around it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{Missing, is_setting, keys, overlay, settings};
use crate::env::Env;
use crate::nearest::hint;
use crate::{Error, Result};

/// Makes a new environment with the task's own settings.
pub(crate) type Constructor = Box<dyn Fn(&Settings) -> Result<Box<dyn Env>> + Send + Sync>;

/// The field that a task's name says already.
const VERSION: &str = "version";

/// Settings of an environment by name, as [`make_with`](crate::make_with) takes them; serialised as one table.
///
/// ```
/// use envs::{Settings, make_with};
///
/// let settings = Settings::default().with("reset_noise_scale", 0.2).with("action_repeat", 2);
/// let env = make_with("Hopper-v5", &settings)?;
/// assert_eq!((env.info().frame_skip, env.info().max_episode_steps), (8, 500));
///
/// let misspelt = Settings::default().with("reset_noise", 0.2);
/// let error = make_with("Hopper-v5", &misspelt).err().unwrap().to_string();
/// assert_eq!(error, "Hopper-v5 has no setting `reset_noise`; did you mean `reset_noise_scale`?");
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(Table);

impl From<Table> for Settings {
    fn from(table: Table) -> Self {
        Self(table)
    }
}

impl Settings {
    /// The same with another value of one setting, which may be a path into a [task's file](crate::tasks::from_file):
    /// `reward.control.weight`, `begin.noise[0].uniform`. A path that names nothing is told when the environment is made.
    #[must_use]
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let inner = keys(path).and_then(|keys| {
            let table =
                |value, key: &&str| Value::from(Table::from_iter([((*key).to_owned(), value)]));
            let nested = keys.iter().rev().fold(value.clone(), table);
            self.clone().over(nested.as_table()?).ok()
        });
        match inner {
            Some(all) => all,
            None => {
                self.0.insert(path.to_owned(), value);
                self
            }
        }
    }

    /// These with others laid over them: tables key by key, over a list by the numbers of its elements, as in `noise.0.uniform`; all
    /// else takes the place of what is there.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`] of an element that a list here does not have.
    pub fn over(mut self, given: &Table) -> Result<Self> {
        let laid = overlay(&mut self.0, given, "", &mut Vec::new());
        laid.map_err(|Missing { path, hint }| Error::UnknownSetting {
            task: "env_settings",
            name: path,
            hint,
        })?;
        Ok(self)
    }

    /// Whether nothing is set, so that everything is as published.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names and values.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.0
    }

    /// Those of wrappers, and the others.
    pub(crate) fn split(&self) -> (Self, Self) {
        let all = self.0.clone().into_iter();
        let (wrappers, own) = all.partition(|(name, _)| is_setting(name));
        (Self(wrappers), Self(own))
    }

    /// Takes a text out of the settings.
    ///
    /// # Errors
    /// [`Error::BadSetting`] when it is something else.
    pub(crate) fn take_text(&mut self, task: &'static str, name: &str) -> Result<Option<String>> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(bad(task, name, &other, "a text")),
        }
    }

    /// The options of `task` with these over them. An option is a field of the task as serde has it, but `version`,
    /// which the task's name says.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`] with the option that was probably meant; [`Error::BadSetting`] with what it may be. Whether
    /// a number is in its range the task says itself.
    pub fn applied<T: Serialize + DeserializeOwned>(
        &self,
        task: &T,
        name: &'static str,
    ) -> Result<T> {
        let custom =
            |error: Box<dyn std::error::Error + Send + Sync>| Error::Custom { task: name, error };
        let mut options = Table::try_from(task).map_err(|error| custom(error.into()))?;
        for (option, value) in &self.0 {
            let there = options.get(option).filter(|_| option != VERSION);
            let Some(there) = there else {
                return Err(self.unknown(name, option, options.keys().map(String::as_str)));
            };
            let expected = expected(there);
            let fits = match (there, value) {
                (Value::Float(_), Value::Integer(_)) => true,
                (Value::Float(_), Value::Float(number)) => !number.is_nan(),
                (Value::Integer(_), Value::Integer(number)) => *number >= 0,
                (Value::Array(there), Value::Array(given)) => {
                    there.len() == given.len() && given.iter().all(is_number)
                }
                _ => there.same_type(value),
            };
            if !fits {
                return Err(bad(name, option, value, &expected));
            }
            options.insert(option.clone(), value.clone());
        }
        options
            .try_into()
            .map_err(|error: toml::de::Error| custom(error.message().into()))
    }

    /// Refuses any setting, for environments that have none.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`].
    pub(crate) fn none(&self, task: &'static str) -> Result<()> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.unknown(task, name, [])),
        }
    }

    fn unknown<'a>(
        &self,
        task: &'static str,
        name: &str,
        own: impl IntoIterator<Item = &'a str>,
    ) -> Error {
        let own = own.into_iter().filter(|name| *name != VERSION);
        let known = own.chain(settings().map(|(name, _)| name));
        Error::UnknownSetting {
            task,
            name: name.to_owned(),
            hint: hint(name, known),
        }
    }
}

fn is_number(value: &Value) -> bool {
    value.is_integer() || value.as_float().is_some_and(|number| !number.is_nan())
}

/// What may stand in the place of a value.
fn expected(value: &Value) -> String {
    match value {
        Value::Float(_) => "a number".to_owned(),
        Value::Integer(_) => "a whole number, 0 or more".to_owned(),
        Value::Boolean(_) => "true or false".to_owned(),
        Value::Array(numbers) => format!("{} numbers, such as {value}", numbers.len()),
        other => format!("as {other} is"),
    }
}

/// The error of a setting that is no such thing.
pub(crate) fn bad(task: &'static str, name: &str, value: &Value, allowed: &str) -> Error {
    Error::BadSetting {
        task,
        name: name.to_owned(),
        value: shortened(&value.to_string()),
        allowed: allowed.to_owned(),
    }
}

/// The beginning of a long text.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{make_with, names};

    fn made(id: &str, settings: &str) -> Result<Box<dyn Env>> {
        make_with(id, &Settings(settings.parse().unwrap()))
    }

    #[test]
    fn every_constructor_option_of_gymnasium_is_a_setting() {
        const COMMON: &str = "frame_skip = 3\n";
        const RUNS: &str = "forward_reward_weight = 2\nctrl_cost_weight = 0.0\nreset_noise_scale = 0.3\n\
            exclude_current_positions_from_observation = false\n";
        const WALKS: &str =
            "healthy_reward = 2\nterminate_when_unhealthy = false\nhealthy_z_range = [0.5, inf]\n";
        const FORCES: &str = "contact_cost_weight = 1\ninclude_cfrc_ext_in_observation = false\n";
        for (task, options, seen) in [
            ("HalfCheetah-v5", vec![RUNS], 18),
            ("Swimmer-v5", vec![RUNS], 10),
            (
                "Hopper-v5",
                vec![
                    RUNS,
                    WALKS,
                    "healthy_state_range = [-1, 1]\nhealthy_angle_range = [-1, 1]\n",
                ],
                12,
            ),
            (
                "Walker2d-v5",
                vec![RUNS, WALKS, "healthy_angle_range = [-1, 1]\n"],
                18,
            ),
            (
                "Ant-v5",
                vec![
                    RUNS,
                    WALKS,
                    FORCES,
                    "main_body = 2\ncontact_force_range = [-2.0, 2.0]\n",
                ],
                29,
            ),
            (
                "Humanoid-v5",
                vec![
                    RUNS,
                    WALKS,
                    FORCES,
                    "contact_cost_range = [-inf, 1.0]\ninclude_cinert_in_observation = false\n\
                     include_cvel_in_observation = false\ninclude_qfrc_actuator_in_observation = false\n",
                ],
                47,
            ),
            ("InvertedPendulum-v5", vec!["reset_noise_scale = 0.3\n"], 4),
            (
                "InvertedDoublePendulum-v5",
                vec!["reset_noise_scale = 0.3\nhealthy_reward = 5\n"],
                9,
            ),
            (
                "Reacher-v5",
                vec!["reward_dist_weight = 2\nreward_control_weight = 2\n"],
                10,
            ),
            (
                "Pusher-v5",
                vec!["reward_near_weight = 2\nreward_dist_weight = 2\nreward_control_weight = 2\n"],
                23,
            ),
        ] {
            let env = made(task, &format!("{COMMON}{}", options.concat())).unwrap();
            assert_eq!(env.info().frame_skip, 3, "{task}");
            assert_eq!(env.info().observation.len(), seen, "{task}");
        }
    }

    #[test]
    fn an_option_is_the_field_of_the_same_name() {
        use crate::{Mujoco, tasks::Walker2d};
        let task = Walker2d {
            reset_noise_scale: 0.05,
            ..Walker2d::default()
        };
        let mut direct: Box<dyn Env> = Mujoco::new(task).unwrap().into();
        let mut by_name = made("walker2d", "reset_noise_scale = 0.05").unwrap();
        let run = |env: &mut Box<dyn Env>| {
            let mut seen = vec![0.0; env.info().observation.len()];
            env.reset(3, &mut seen).unwrap();
            let steps = (0..20).map(|_| env.step(&[0.5; 6], &mut seen).unwrap().reward);
            (steps.collect::<Vec<_>>(), seen.clone())
        };
        assert_eq!(run(&mut direct), run(&mut by_name));
        // A version keeps its own.
        let seen = made("ant-v4", "reset_noise_scale = 0.05")
            .unwrap()
            .info()
            .observation
            .len();
        assert_eq!(seen, 27);
    }

    #[test]
    fn nothing_set_is_what_was_published() {
        for name in names() {
            let env = make_with(name, &Settings::default()).unwrap();
            assert_eq!(env.info(), crate::make(name).unwrap().info());
        }
    }

    #[test]
    fn mistakes_are_one_line_with_the_task_the_setting_and_what_is_allowed() {
        for (task, settings, said) in [
            (
                "hopper",
                "reset_noise = 1",
                "Hopper-v5 has no setting `reset_noise`; did you mean `reset_noise_scale`?",
            ),
            (
                "hopper",
                "version = \"V3\"",
                "Hopper-v5 has no setting `version`; there are ctrl_cost_weight, ",
            ),
            ("hopper", "robot = 1", "Hopper-v5 has no setting `robot`"),
            (
                "hopper",
                "actoin_repeat = 2",
                "did you mean `action_repeat`?",
            ),
            (
                "hopper",
                "frame_skip = 0",
                "Hopper-v5: frame_skip is 0; it must be 1 or more",
            ),
            (
                "hopper",
                "frame_skip = -1",
                "Hopper-v5: frame_skip is -1; it must be a whole number, 0 or more",
            ),
            (
                "hopper",
                "frame_skip = 2.5",
                "frame_skip is 2.5; it must be a whole number",
            ),
            (
                "hopper",
                "reset_noise_scale = \"big\"",
                "reset_noise_scale is \"big\"; it must be a number",
            ),
            (
                "hopper",
                "reset_noise_scale = -1",
                "reset_noise_scale is -1; it must be 0 or more",
            ),
            (
                "hopper",
                "ctrl_cost_weight = nan",
                "ctrl_cost_weight is nan; it must be a number",
            ),
            (
                "hopper",
                "healthy_z_range = [1.0]",
                "healthy_z_range is [1.0]; it must be 2 numbers, such as [0.7, inf]",
            ),
            ("hopper", "healthy_z_range = 1.0", "it must be 2 numbers"),
            (
                "hopper",
                "terminate_when_unhealthy = 1",
                "it must be true or false",
            ),
            ("hopper", "xml_file = 1", "xml_file is 1; it must be a text"),
            (
                "hopper",
                "xml_file = \"nowhere.xml\"",
                "cannot read nowhere.xml",
            ),
            (
                "ant",
                "main_body = 99",
                "Ant-v5: main_body is 99; it must be less than the number of bodies, 14",
            ),
        ] {
            let line = made(task, settings).err().unwrap().to_string();
            assert!(line.contains(said) && !line.contains('\n'), "{line}");
        }
    }
}
