//! Configurations as TOML: reading, laying one over another, writing with comments.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::catalogue::find;
use super::fields::{Field, OPTIONAL};
use super::{TrainConfig, keys, located};
use crate::{Error, Result};

impl TrainConfig {
    /// Reads TOML, with every key that [`to_toml`](Self::to_toml) writes; checks all values.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] with the key that was probably meant; [`Error::Toml`] with the line, or with the key
    /// and what it may be; otherwise as [`validate`](Self::validate).
    pub fn from_toml(text: &str) -> Result<Self> {
        let given = parse(text)?;
        keys::check(&given)?;
        let mut all = Table::new();
        overlay(&mut all, given, &is_choice, &OPTIONAL);
        read_run(&all)
    }

    /// These settings overridden by those of a TOML text, section by section; checks all values. Where a section holds
    /// one of several choices, such as `algo`, another choice replaces the first. `false` switches a section off that a
    /// run may be without, such as `replay.adaptive`.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml).
    pub fn merged(&self, text: &str) -> Result<Self> {
        self.merged_with(parse(text)?)
    }

    /// As [`merged`](Self::merged), from keys and values that were read.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml).
    pub fn merged_with(&self, given: Table) -> Result<Self> {
        keys::check(&given)?;
        let mut all = parse(&self.to_toml()?)?;
        let own = self.algo.name();
        let algo = given.get("algo").and_then(Value::as_table);
        let other = algo.and_then(|algo| algo.keys().find(|name| *name != own).cloned());
        overlay(&mut all, given, &is_choice, &OPTIONAL);
        read_run(&all).map_err(|error| match (error, other) {
            (Error::Toml { message }, Some(other)) => Error::Toml {
                message: format!(
                    "{message}; the agent is `{own}`, whose place `algo.{other}` takes, with all of its settings: a recipe \
                     of `{other}` has them"
                ),
            },
            (error, _) => error,
        })
    }

    /// Writes TOML.
    ///
    /// # Errors
    /// [`Error::Toml`] when a number does not fit, such as a seed of 2⁶³ or more.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::Toml {
            message: error.to_string(),
        })
    }

    /// Writes TOML with a comment on every key: its meaning and its range.
    ///
    /// # Errors
    /// As [`to_toml`](Self::to_toml).
    pub fn to_commented_toml(&self) -> Result<String> {
        let mut commented = String::new();
        let mut section = String::new();
        for line in self.to_toml()?.lines() {
            let header = line
                .strip_prefix('[')
                .and_then(|line| line.strip_suffix(']'));
            let key = line.split_once(" = ").map(|(key, _)| key);
            let path = match (header, key) {
                (Some(header), _) => {
                    section = format!("{header}.");
                    header.to_owned()
                }
                (None, Some(key)) => format!("{section}{key}"),
                (None, None) => String::new(),
            };
            if let Some(field) = find(&path) {
                let allowed = match field.allowed {
                    "" => String::new(),
                    allowed => format!(" ({allowed})"),
                };
                commented += &format!("# {}{allowed}\n", field.about);
            }
            commented += line;
            commented.push('\n');
        }
        Ok(commented)
    }
}

/// The keys and values of a TOML text.
///
/// # Errors
/// [`Error::Toml`] with the line.
pub fn parse(text: &str) -> Result<Table> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text.as_bytes()[..start]
            .iter()
            .filter(|b| **b == b'\n')
            .count();
        let said = error.message().replace('\n', ", ");
        Error::Toml {
            message: format!("line {line}: {said}"),
        }
    })
}

/// Settings from keys and values; `row` knows of a key what it may be.
///
/// # Errors
/// [`Error::Toml`] with the key that is missing, unknown, or of another kind.
pub fn read<T: DeserializeOwned>(
    given: &Table,
    row: impl Fn(&str) -> Option<&'static Field>,
) -> Result<T> {
    located::read(given, "", row).map_err(|message| Error::Toml { message })
}

/// Known keys as settings of a run.
fn read_run(given: &Table) -> Result<TrainConfig> {
    let topology = given.get("topology").and_then(Value::as_table);
    for key in ["rule", "actor_rule"] {
        let rule = topology.and_then(|section| section.get(key)?.as_table());
        let checked = rule.map(|rule| located::check_finite(rule, &format!("topology.{key}")));
        checked
            .unwrap_or(Ok(()))
            .map_err(|message| Error::Toml { message })?;
    }
    let config: TrainConfig = read(given, find)?;
    config.validate()?;
    Ok(config)
}

/// Whether a key of a run is a section that holds one of several choices.
fn is_choice(key: &str) -> bool {
    find(key).is_some_and(|field| field.is_choice)
}

/// Puts given keys over those that are there, section by section. Where a section [is a choice](Field::is_choice) of one
/// of several, such as `algo`, another takes the place of the first. `false` removes a section that is `optional`.
pub fn overlay(all: &mut Table, given: Table, is_choice: &dyn Fn(&str) -> bool, optional: &[&str]) {
    overlay_section(
        all,
        given,
        "",
        &Kinds {
            is_choice,
            optional,
        },
    );
}

/// Which sections are a choice, and which may be absent.
struct Kinds<'a> {
    is_choice: &'a dyn Fn(&str) -> bool,
    optional: &'a [&'a str],
}

fn overlay_section(all: &mut Table, given: Table, section: &str, kinds: &Kinds<'_>) {
    for (key, value) in given {
        let path = format!("{section}{key}");
        match (all.get_mut(&key), value) {
            (Some(Value::Table(there)), Value::Table(given)) => {
                if (kinds.is_choice)(&path) {
                    there.retain(|choice, _| given.contains_key(choice));
                }
                overlay_section(there, given, &format!("{path}."), kinds);
            }
            (_, Value::Boolean(false)) if kinds.optional.contains(&path.as_str()) => {
                all.remove(&key);
            }
            (None, Value::Table(given)) => {
                let mut section = Table::new();
                overlay_section(&mut section, given, &format!("{path}."), kinds);
                all.insert(key, Value::Table(section));
            }
            (_, value) => {
                all.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sparse_core::budget::Allocation;
    use sparse_core::topology::{GradualMagnitude, ReDo, RigL, RuleConfig, Set, Static};
    use sparse_core::trainer::NetworkTrainerConfig;

    use super::super::catalogue::all;
    use super::*;
    use crate::config::{AlgoConfig, CriticActions, RedqConfig, SacConfig, Temperature};
    use crate::recipes;

    fn recipe(name: &str) -> TrainConfig {
        recipes::named(name, "Hopper-v5").unwrap()
    }

    /// The paths of all keys and sections.
    fn paths(table: &Table, section: &str, found: &mut BTreeSet<String>) {
        for (key, value) in table {
            let path = format!("{section}{key}");
            if let Value::Table(inner) = value {
                paths(inner, &format!("{path}."), found);
            }
            found.insert(path);
        }
    }

    fn with_rule(rule: RuleConfig) -> TrainConfig {
        let mut config = recipe("rigl-td3");
        config.topology.as_mut().unwrap().rule = rule;
        config
    }

    /// Every recipe, and what no recipe has.
    fn all_kinds() -> Vec<TrainConfig> {
        let pruning = |allocation| GradualMagnitude {
            initial_sparsity: 0.0,
            final_sparsity: 0.5,
            begin: 1,
            end: 2,
            allocation,
        };
        let allocations = [
            Allocation::PerLayer(vec![1.0; 3]),
            Allocation::Lambda(vec![7.0, 64.0]),
        ];
        let mut all: Vec<TrainConfig> = recipes::names().map(|name| recipe(&name)).collect();
        let settings = envs::Settings::default().with("frame_skip", 2);
        all.push(recipes::named_with("rlx2", "Hopper-v5", &settings).unwrap());
        all.push(with_rule(RuleConfig::new(Static)));
        let mut config = recipe("set-redq");
        config.topology.as_mut().unwrap().actor_rule = Some(RuleConfig::new(Static));
        config.algo.get_mut::<RedqConfig>().unwrap().temperature = Temperature::Fixed(0.1);
        config.learning.critic_actions = CriticActions::Task;
        config.evaluation.at_start = true;
        all.push(config);
        all.push(with_rule(RuleConfig::new(Set::default())));
        all.push(with_rule(RuleConfig::new(ReDo::default())));
        for allocation in allocations {
            let rule = RuleConfig::new(pruning(allocation.clone()));
            let mut config = with_rule(rule);
            config.sparsity.allocation = allocation;
            all.push(config);
        }
        all
    }

    /// The table of fields and the structures have the same keys: nothing undocumented, nothing invented.
    #[test]
    fn the_table_has_exactly_the_keys_that_configurations_have() {
        let mut found = BTreeSet::new();
        for config in all_kinds() {
            paths(&parse(&config.to_toml().unwrap()).unwrap(), "", &mut found);
        }
        // What the task itself reads has no row.
        found.retain(|key| !key.starts_with("env_settings."));
        let known: BTreeSet<String> = all().map(|f| f.key.to_owned()).collect();
        assert_eq!(known.len(), all().count());
        assert_eq!(known, found);
    }

    #[test]
    fn toml_round_trips_for_every_recipe_with_and_without_comments() {
        for config in recipes::names().map(|name| recipe(&name)) {
            let text = config.to_toml().unwrap();
            assert_eq!(TrainConfig::from_toml(&text).unwrap(), config, "{text}");
            let commented = config.to_commented_toml().unwrap();
            assert_eq!(TrainConfig::from_toml(&commented).unwrap(), config);
            let lines: Vec<&str> = commented.lines().collect();
            for pair in lines.windows(2).filter(|pair| pair[1].contains(" = ")) {
                assert!(pair[0].starts_with("# "), "no comment on {}", pair[1]);
            }
            assert!(lines[0].starts_with("# Task"), "{commented}");
        }
    }

    #[test]
    fn mistakes_are_one_line_with_the_place_and_what_is_allowed() {
        let text = recipe("rlx2-td3").to_toml().unwrap();
        for (old, new, expected) in [
            (
                "steps = 200000",
                "steps = \"many\"",
                &["`steps`", "1 or more"][..],
            ),
            ("steps = 200000\n", "", &["missing field `steps`"]),
            ("steps = 200000", "steps = ", &["line 3:"]),
            (
                "steps = 200000",
                "steps = 1\nsteps = 2",
                &["line 4:", "duplicate"],
            ),
            (
                "gamma = 0.99",
                "gamma = true",
                &["`learning.gamma`", "[0, 1]"],
            ),
            ("gamma", "gama", &["`learning.gama`", "`learning.gamma`"]),
            ("\"cosine\"", "\"linear\"", &["linear", "constant"]),
            (
                "steps = 200000",
                "steps = 0",
                &["steps = 0: must be 1 or more"],
            ),
        ] {
            let changed = text.replacen(old, new, 1);
            assert_ne!(changed, text, "{old}");
            let line = TrainConfig::from_toml(&changed).unwrap_err().to_string();
            assert!(!line.contains('\n'), "{line}");
            for word in expected {
                assert!(line.contains(word), "{word}: {line}");
            }
        }
        // Settings of another agent stand for all of it.
        let given = "[algo.sac]\npolicy_delay = 3\n";
        let line = recipe("rlx2-td3").merged(given).unwrap_err().to_string();
        for word in ["in `algo.sac`", "the agent is `td3`", "a recipe of `sac`"] {
            assert!(line.contains(word), "{word}: {line}");
        }
    }

    /// What a row says of a key that takes one of several names are the names that it takes.
    #[test]
    fn rows_name_the_choices_that_there_are() {
        let bases = ["rigl-td3", "rlx2-sac", "set-redq"].map(recipe);
        let names = |text: &str| -> BTreeSet<String> {
            let text = text.split(" or a rule that was registered").next().unwrap();
            let text = text
                .trim_start_matches("one of ")
                .replace(" or ", ", ")
                .replace('`', "");
            text.split(", ").map(str::to_owned).collect()
        };
        let mut compared = Vec::new();
        for (base, field) in bases
            .iter()
            .flat_map(|base| all().map(move |field| (base, field)))
        {
            let mut given = Value::String("zzz".to_owned());
            for key in field.key.rsplit('.') {
                given = Value::Table(Table::from_iter([(key.to_owned(), given)]));
            }
            let Value::Table(given) = given else {
                unreachable!()
            };
            let Err(error) = base.merged_with(given) else {
                continue;
            };
            let line = error.to_string();
            let Some((_, rest)) = line.split_once("unknown choice `zzz`, expected ") else {
                continue;
            };
            let choices = rest.split(" in `").next().unwrap();
            assert_eq!(
                names(choices),
                names(field.allowed),
                "{}: {line}",
                field.key
            );
            compared.push(field.key);
        }
        for key in [
            "networks.init",
            "networks.fans",
            "sparsity.allocation",
            "sparsity.storage",
            "algo.sac.log_std",
        ] {
            assert!(compared.contains(&key), "{key}: {compared:?}");
        }
        let rules: BTreeSet<String> = sparse_core::topology::rules()
            .iter()
            .map(|rule| rule.name.to_owned())
            .collect();
        assert_eq!(names(find("topology.rule").unwrap().allowed), rules);
    }

    #[test]
    fn one_setting_of_a_section_leaves_the_others() {
        let start = recipe("rlx2-sac");
        let text = "[algo.sac]\npolicy_delay = 2\n[replay.adaptive]\nmin = 5\n";
        let mut expected = start.clone();
        expected.algo.get_mut::<SacConfig>().unwrap().policy_delay = 2;
        expected.replay.adaptive.as_mut().unwrap().min = 5;
        assert_eq!(start.merged(text).unwrap(), expected);
    }

    #[test]
    fn what_a_run_may_be_without_is_switched_off() {
        let start = recipe("rlx2-td3");
        let off = start.merged("[replay]\nadaptive = false\n").unwrap();
        assert_eq!(off.replay.adaptive, None);
        assert_eq!(off.replay.capacity, start.replay.capacity);
        assert_eq!(start.merged("topology = false\n").unwrap().topology, None);
        assert_eq!(off.merged("topology.actor_every = false\n").unwrap(), off);
        let text = off.to_toml().unwrap();
        let whole = text.replace("[replay]", "[replay]\nadaptive = false");
        assert_eq!(TrainConfig::from_toml(&whole).unwrap(), off);
        // And on again.
        let on = off.merged("[replay.adaptive]\nmin = 7\n").unwrap();
        assert_eq!(on.replay.adaptive.unwrap().min, 7);
        for wrong in [
            "[replay]\nadaptive = true\n",
            "replay = false\n",
            "n_step = false\n",
        ] {
            let line = start.merged(wrong).unwrap_err().to_string();
            assert!(
                line.contains("invalid type") && !line.contains('\n'),
                "{line}"
            );
        }
        let pruned = recipe("pruned-td3").merged("pruning = false\n").unwrap();
        assert_eq!(pruned.pruning, None);
    }

    #[test]
    fn another_choice_takes_the_place_of_the_first() {
        let text = "[algo.sac.temperature]\nfixed = 0.2\n[sparsity.allocation]\nlambda = [7.0, 64.0]\n\
                    [topology.rule.set]\ndrop = \"sign_balanced\"\n";
        let config = recipe("rlx2-sac").merged(text).unwrap();
        let sac = config.algo.get::<SacConfig>().unwrap();
        assert_eq!(sac.temperature, Temperature::Fixed(0.2));
        let allocation = Allocation::Lambda(vec![7.0, 64.0]);
        assert_eq!(config.sparsity.allocation, allocation);
        assert!(config.topology.unwrap().rule.get::<Set>().is_some());
        // A name alone is the agent with its default settings.
        let config = recipe("dense-td3").merged("algo = \"sac\"\n").unwrap();
        assert_eq!(config.algo, AlgoConfig::new(SacConfig::default()));
    }

    #[test]
    fn settings_of_the_task_are_a_section_that_is_absent_by_default() {
        let plain = recipe("rlx2-td3");
        assert!(!plain.to_toml().unwrap().contains("env_settings"));
        let settings = envs::Settings::default()
            .with("healthy_z_range", vec![0.5, f64::INFINITY])
            .with("action_repeat", 2);
        let config = recipes::named_with("rlx2-td3", "Hopper-v5", &settings).unwrap();
        assert_eq!(config.env_settings, settings);
        let text = config.to_toml().unwrap();
        assert_eq!(TrainConfig::from_toml(&text).unwrap(), config);
        let merged = plain.merged("[env_settings]\naction_repeat = 2\n").unwrap();
        assert_eq!(merged.make_env().unwrap().info().frame_skip, 8);
        let wrong = plain.merged("env_settings = 5\n").unwrap_err().to_string();
        assert!(wrong.contains("`env_settings`"), "{wrong}");
    }

    #[test]
    fn settings_of_an_agent_are_refused_with_their_key() {
        let text = recipe("rlx2-sac").to_toml().unwrap();
        for (old, new, expected) in [
            (
                "policy_delay = 1",
                "policy_delay = \"often\"",
                "`algo.sac.policy_delay`; it must be 1 or more",
            ),
            ("[algo.sac]", "[algo.ppo]", "`algo.ppo."),
            (
                "initial = 1.0",
                "initial = true",
                "`algo.sac.temperature.auto.initial`; it must be above 0",
            ),
        ] {
            let changed = text.replacen(old, new, 1);
            assert_ne!(changed, text, "{old}");
            let line = TrainConfig::from_toml(&changed).unwrap_err().to_string();
            assert!(line.contains(expected) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn the_actor_may_have_a_rule_of_its_own() {
        let text = "[topology]\nactor_rule = \"static\"\n";
        let config = recipe("rlx2-td3").merged(text).unwrap();
        let rule = |learner: NetworkTrainerConfig| learner.topology.unwrap().rule;
        assert!(rule(config.actor_learner()).get::<Static>().is_some());
        assert!(rule(config.critic_learner()).get::<RigL>().is_some());
        let text = config.to_toml().unwrap();
        assert_eq!(TrainConfig::from_toml(&text).unwrap(), config);
    }
}
