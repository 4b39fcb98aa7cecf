//! Settings from TOML, with the key of what is not as it must be.

use serde::de::DeserializeOwned;
use toml::de::DeTable;
use toml::{Table, Value};

use super::fields::Field;

/// Reads settings from a table whose keys begin with `prefix` in the whole configuration.
///
/// # Errors
/// One line: what the parser says, the key that it says it of, and what `row` knows of that key.
pub(super) fn read<T: DeserializeOwned>(
    given: &Table,
    prefix: &str,
    row: impl Fn(&str) -> Option<&'static Field>,
) -> Result<T, String> {
    let text = toml::to_string(given).map_err(|error| error.to_string())?;
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let said: Vec<&str> = error.message().lines().map(str::trim).collect();
        let said = said.join(" ");
        let key = error.span().and_then(|span| key_at(&text, span.start));
        let Some(key) = key.map(|key| format!("{prefix}{key}")) else {
            return said;
        };
        let allowed = row(&key).map_or("", |field| field.allowed);
        match allowed {
            "" => format!("{said} in `{key}`"),
            allowed => format!("{said} in `{key}`; it must be {allowed}"),
        }
    })
}

/// Checks that no number under the key `path` is NaN or infinite: settings of an agent or a rule are stored without such.
///
/// # Errors
/// One line, with the key.
pub(super) fn check_finite(given: &Table, path: &str) -> Result<(), String> {
    given
        .iter()
        .try_for_each(|(key, value)| is_finite(value, &format!("{path}.{key}")))
}

fn is_finite(value: &Value, path: &str) -> Result<(), String> {
    match value {
        Value::Float(number) if !number.is_finite() => {
            Err(format!("{path} = {number}: must be a finite number"))
        }
        Value::Table(inner) => check_finite(inner, path),
        Value::Array(all) => all.iter().try_for_each(|value| is_finite(value, path)),
        _ => Ok(()),
    }
}

/// The path of the key whose value stands at this place of a TOML text; the innermost.
fn key_at(text: &str, place: usize) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let mut table = table.get_ref();
    let mut path: Option<String> = None;
    loop {
        let at = table.iter().find(|(key, value)| {
            key.span().start <= place && place <= value.span().end.max(key.span().end)
                || value
                    .get_ref()
                    .as_table()
                    .is_some_and(|inner| holds(inner, place))
        });
        let Some((key, value)) = at else {
            return path;
        };
        let key = key.get_ref();
        path = Some(path.map_or(key.to_string(), |path| format!("{path}.{key}")));
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => return path,
        }
    }
}

/// Whether a place lies in a value under a table.
fn holds(table: &DeTable<'_>, place: usize) -> bool {
    table.iter().any(|(_, value)| {
        value.span().contains(&place)
            || value
                .get_ref()
                .as_table()
                .is_some_and(|inner| holds(inner, place))
    })
}
