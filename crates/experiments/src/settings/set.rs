//! Settings from the command line: `--set key=value`, with the keys of `config.toml`, and `--env-set key=value`, with those
//! of its section `env_settings`.

use anyhow::{Context, Result, anyhow};
use envs::Settings;
use envs::wrappers::keys;
use toml::{Table, Value};

/// A key, for who gave none.
pub(crate) const KEY: &str = "learning.gamma, of config.toml";

/// The section of `config.toml` with what is set of the task.
const ENV_SETTINGS: &str = "env_settings";

/// What a table of settings sets of the task, and words of `--env-set` over it.
///
/// # Errors
/// With the word that is no setting, or the key that is set twice.
pub(crate) fn of_env(given: &Table, words: &[String]) -> Result<Settings> {
    let section = given.get(ENV_SETTINGS).and_then(Value::as_table);
    over(&section.cloned().unwrap_or_default().into(), words)
}

/// Words of `--env-set` over what is set of a task.
///
/// # Errors
/// As [`of_env`].
pub(crate) fn over(settings: &Settings, words: &[String]) -> Result<Settings> {
    let example = "action_repeat, or begin.noise[0].uniform of a task's file";
    let words = read_all("--env-set", example, words)?;
    settings.clone().over(&words).context("--env-set")
}

/// Puts the settings of the task into a table of settings.
pub(crate) fn put_env(given: &mut Table, settings: &Settings) {
    if !settings.is_empty() {
        let section = Value::Table(settings.table().clone());
        given.insert(ENV_SETTINGS.to_owned(), section);
    }
}

/// The settings of a task in a line; nothing where there are none.
pub(crate) fn told(settings: &Settings) -> String {
    let each = settings.table().iter();
    let each: Vec<String> = each
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    match each.is_empty() {
        true => String::new(),
        false => format!(" ({})", each.join(", ")),
    }
}

/// The tables that words such as `learning.gamma=0.9` stand for. A value is written as in TOML, or as a bare word.
///
/// # Errors
/// With the word that is no setting, or the key that is set twice or in two ways.
pub(crate) fn table(words: &[String]) -> Result<Table> {
    read_all("--set", KEY, words)
}

/// As [`table`], of words of an option.
fn read_all(option: &str, example: &str, words: &[String]) -> Result<Table> {
    let mut all = Table::new();
    for word in words {
        let (key, value) = word.split_once('=').ok_or_else(|| {
            anyhow!("{option} {word}: a setting is key=value; a key is one such as {example}")
        })?;
        let read = read(value.trim());
        read.and_then(|value| put(&mut all, key.trim(), value, example))
            .map_err(|what| anyhow!("{option} {word}: {what}"))?;
    }
    Ok(all)
}

/// Puts a value under a path such as `learning.gamma`, or `observe[0].position` of a list, where it stands under `observe.0.position`.
///
/// # Errors
/// In words, when the path is none, or is taken.
pub(crate) fn put(all: &mut Table, path: &str, value: Value, example: &str) -> Result<(), String> {
    let mut parts = keys(path).unwrap_or_default();
    let Some(last) = parts.pop() else {
        return Err(format!(
            "`{path}` is no key, which is one such as {example}"
        ));
    };
    let mut table = all;
    for part in parts {
        let inner = table
            .entry(part)
            .or_insert_with(|| Value::Table(Table::new()));
        table = match inner {
            Value::Table(inner) => inner,
            _ => {
                return Err(format!(
                    "`{part}` is set to a value, and to something in it"
                ));
            }
        };
    }
    insert(table, last, value, path)
}

/// Puts a value that nothing else is set to; of tables each value.
fn insert(table: &mut Table, key: &str, value: Value, path: &str) -> Result<(), String> {
    match (table.get_mut(key), value) {
        (None, value) => {
            table.insert(key.to_owned(), value);
            Ok(())
        }
        (Some(Value::Table(there)), Value::Table(new)) => {
            let mut new = new.into_iter();
            new.try_for_each(|(key, value)| insert(there, &key, value, &format!("{path}.{key}")))
        }
        _ => Err(format!("`{path}` is set twice")),
    }
}

/// A value as TOML, else as a word; what begins as a list, a table or a text of TOML is no word.
fn read(text: &str) -> Result<Value, String> {
    let read = toml::from_str::<Table>(&format!("value = {text}"));
    match read {
        Err(error) if text.starts_with(['[', '{', '"', '\'']) => {
            Err(format!("no TOML: {}", error.message().replace('\n', ", ")))
        }
        Ok(mut table) if table.len() == 1 => Ok(table
            .remove("value")
            .unwrap_or_else(|| Value::String(text.to_owned()))),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// Puts the values of one table over those of another, section by section.
pub(crate) fn lay_over(all: &mut Table, given: Table) {
    for (key, value) in given {
        match (all.get_mut(&key), value) {
            (Some(Value::Table(there)), Value::Table(new)) => lay_over(there, new),
            (_, value) => drop(all.insert(key, value)),
        }
    }
}

/// The paths of all values, with the values.
pub(crate) fn flat(table: &Table) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                let inner = flat(inner).into_iter();
                all.extend(inner.map(|(path, value)| (format!("{key}.{path}"), value)));
            }
            value => all.push((key.clone(), value.clone())),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Result<Table> {
        table(
            &words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn words_are_tables_of_values() {
        let read = words(&[
            "learning.gamma=0.9",
            "learning.batch_size = 64",
            "networks.actor=[64, 64]",
            "sparsity.mask=random",
            "replay.adaptive=false",
            "topology.rule={ rigl = { allow_regrow = false } }",
            "recipe=\"ds\"",
        ]);
        let expected = "recipe = \"ds\"\n[learning]\ngamma = 0.9\nbatch_size = 64\n[networks]\nactor = [64, 64]\n\
                        [sparsity]\nmask = \"random\"\n[replay]\nadaptive = false\n[topology.rule.rigl]\nallow_regrow = false\n";
        assert_eq!(read.unwrap(), toml::from_str::<Table>(expected).unwrap());
        let read = words(&[
            "begin.noise[0].uniform=0.2",
            "begin.noise[1]=x",
            "a[2][0]=1",
        ]);
        let expected = "[begin.noise]\n1 = \"x\"\n[begin.noise.0]\nuniform = 0.2\n[a.2]\n0 = 1\n";
        assert_eq!(read.unwrap(), toml::from_str::<Table>(expected).unwrap());
        assert_eq!(
            words(&["a=1\nb = 2"]).unwrap()["a"],
            Value::String("1\nb = 2".into())
        );
    }

    #[test]
    fn what_is_no_setting_is_one_line() {
        for (bad, said) in [
            (
                &["gamma"][..],
                "--set gamma: a setting is key=value; a key is one such as learning.gamma",
            ),
            (&["=5"], "`` is no key"),
            (&["a..b=5"], "`a..b` is no key"),
            (&["a b=5"], "`a b` is no key"),
            (&["a[=5"], "`a[` is no key"),
            (&["a[x]=5"], "`a[x]` is no key"),
            (&["[0]=5"], "`[0]` is no key"),
            (&["a[0]b=5"], "`a[0]b` is no key"),
            (&["a=[5]", "a[0]=6"], "`a` is set to a value"),
            (
                &["steps=5", "steps=6"],
                "--set steps=6: `steps` is set twice",
            ),
            (&["a=5", "a.b=6"], "`a` is set to a value"),
            (&["a={b=5}", "a.b=6"], "`a.b` is set twice"),
            (&["a.b=5", "a={c=1,b=6}"], "`a.b` is set twice"),
            (&["a=[5, x]"], "--set a=[5, x]: no TOML: "),
            (&["a={b=.5}"], "--set a={b=.5}: no TOML: "),
            (&["a=\"b"], "--set a=\"b: no TOML: "),
            (&["a.b=5", "a=6"], "`a` is set twice"),
        ] {
            let line = words(bad).unwrap_err().to_string();
            assert!(line.contains(said) && !line.contains('\n'), "{line}");
        }
    }
}
