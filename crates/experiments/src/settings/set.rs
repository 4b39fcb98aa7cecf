//! Settings from the command line: `--set key=value`, with the keys of `config.toml`, and `--env-set key=value`, with those
//! of its section `env_settings`.

use anyhow::{Result, anyhow};
use envs::Settings;
use toml::{Table, Value};

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
    let mut all = settings.table().clone();
    lay_over(&mut all, read_all("--env-set", words)?);
    Ok(all.into())
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
    read_all("--set", words)
}

/// As [`table`], of words of an option.
fn read_all(option: &str, words: &[String]) -> Result<Table> {
    let mut all = Table::new();
    for word in words {
        let (key, value) = word.split_once('=').ok_or_else(|| {
            anyhow!("{option} {word}: a setting is key=value, such as learning.gamma=0.98")
        })?;
        put(&mut all, key.trim(), read(value.trim()))
            .map_err(|what| anyhow!("{option} {word}: {what}"))?;
    }
    Ok(all)
}

/// Puts a value under a path such as `learning.gamma`, or `observe[0].position` of a list, where it stands under `observe.0.position`.
///
/// # Errors
/// In words, when the path is none, or is taken.
pub(crate) fn put(all: &mut Table, path: &str, value: Value) -> Result<(), String> {
    let parts: Option<Vec<Vec<&str>>> = path.split('.').map(|part| keys(part.trim())).collect();
    let mut parts = parts.unwrap_or_default().concat();
    let Some(last) = parts.pop() else {
        return Err(format!(
            "`{path}` is no key; keys are those of config.toml, such as learning.gamma"
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
    match table.get(last) {
        None => drop(table.insert(last.to_owned(), value)),
        Some(_) => return Err(format!("`{path}` is set twice")),
    }
    Ok(())
}

/// The keys that a part of a path is: `noise[0]` is `noise` and `0`.
fn keys(part: &str) -> Option<Vec<&str>> {
    let letter = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
    let mut all = vec![Some(name).filter(|name| !name.is_empty() && name.chars().all(letter))?];
    let mut rest = indices;
    while !rest.is_empty() {
        let (index, behind) = rest.strip_prefix('[')?.split_once(']')?;
        let digits = !index.is_empty() && index.bytes().all(|letter| letter.is_ascii_digit());
        all.push(Some(index).filter(|_| digits)?);
        rest = behind;
    }
    Some(all)
}

/// A value as TOML, else as a word.
fn read(text: &str) -> Value {
    let read = toml::from_str::<Table>(&format!("value = {text}"));
    let value = read.ok().filter(|table| table.len() == 1);
    let value = value.and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Puts the values of one table over those of another, section by section; a table over a list counts its elements from 0.
pub(crate) fn lay_over(all: &mut Table, given: Table) {
    for (key, value) in given {
        match all.get_mut(&key) {
            Some(there) => lay(there, value),
            None => drop(all.insert(key, value)),
        }
    }
}

/// As [`lay_over`], of one value over another.
fn lay(there: &mut Value, given: Value) {
    let elements = |table: &Table, count: usize| {
        let indices = table.keys().map(|key| key.parse().ok());
        let indices: Option<Vec<usize>> = indices.collect();
        indices.filter(|all| !all.is_empty() && all.iter().all(|index| *index < count))
    };
    match (there, given) {
        (Value::Table(there), Value::Table(given)) => lay_over(there, given),
        (Value::Array(there), Value::Table(given)) if elements(&given, there.len()).is_some() => {
            for (index, (_, value)) in elements(&given, there.len())
                .into_iter()
                .flatten()
                .zip(given)
            {
                lay(&mut there[index], value);
            }
        }
        (there, given) => *there = given,
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
    fn elements_of_lists_are_set_by_their_number() {
        let over = |below: &str, above: &str| {
            let mut all: Table = below.parse().unwrap();
            lay_over(&mut all, above.parse().unwrap());
            all
        };
        let list = "a = [{ b = 1, c = 2 }, 5]";
        let expected: Table = "a = [{ b = 7, c = 2 }, 6]".parse().unwrap();
        assert_eq!(over(list, "a.0.b = 7\na.1 = 6"), expected);
        // No such element, or no element at all: what is given takes the place.
        for given in ["a = { 2 = 1 }", "a = { x = 1 }", "a = {}", "a = [3]"] {
            let expected: Table = given.parse().unwrap();
            assert_eq!(over(list, given), expected);
        }
    }

    #[test]
    fn what_is_no_setting_is_one_line() {
        for (bad, said) in [
            (&["gamma"][..], "--set gamma: a setting is key=value"),
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
            (&["a.b=5", "a=6"], "`a` is set twice"),
        ] {
            let line = words(bad).unwrap_err().to_string();
            assert!(line.contains(said) && !line.contains('\n'), "{line}");
        }
    }
}
