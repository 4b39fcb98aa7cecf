//! Settings from TOML, with the key of what is not as it must be.

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

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
        let said = in_words(error.message());
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

/// What a parser says of a value, in one line, with TOML's kinds of values in the place of Rust's types.
fn in_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    let said = lines.join(" ");
    let said = said
        .replacen("unknown variant", "unknown choice", 1)
        .replacen("invalid type: map", "invalid type: a table", 1)
        .replacen("invalid type: sequence", "invalid type: a list", 1)
        .replacen(": floating point", ": number", 1);
    let Some((found, expected)) = said.rsplit_once(", expected ") else {
        return said;
    };
    let expected = match expected {
        "u64" | "u32" | "usize" | "i64" | "i32" => "a whole number",
        "f64" | "f32" => "a number",
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "true or false",
        kind if kind.starts_with("struct ") => "a table",
        other => other,
    };
    format!("{found}, expected {expected}")
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

/// The path of the key whose value stands at this place of a TOML text; the innermost. The tables of a list are as one.
fn key_at(text: &str, place: usize) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let mut table = table.get_ref();
    let mut path: Option<String> = None;
    loop {
        let at = table.iter().find(|(key, value)| {
            key.span().start <= place && place <= value.span().end.max(key.span().end)
                || holds(value, place)
        });
        let Some((key, value)) = at else {
            return path;
        };
        let key = key.get_ref();
        path = Some(path.map_or(key.to_string(), |path| format!("{path}.{key}")));
        let listed = value.get_ref().as_array().and_then(|list| {
            let mut items = list.iter();
            items.find(|item| holds(item, place))?.get_ref().as_table()
        });
        match value.get_ref().as_table().or(listed) {
            Some(inner) => table = inner,
            None => return path,
        }
    }
}

/// Whether a place lies in a value, or in one under it: a table that is a section has no end of its own.
fn holds(value: &Spanned<DeValue<'_>>, place: usize) -> bool {
    let inner = value.get_ref();
    value.span().contains(&place)
        || inner
            .as_table()
            .is_some_and(|table| table.values().any(|value| holds(value, place)))
        || inner
            .as_array()
            .is_some_and(|list| list.iter().any(|value| holds(value, place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_values_are_tomls() {
        for (said, words) in [
            (
                "invalid type: floating point `1000000.0`, expected u64",
                "invalid type: number `1000000.0`, expected a whole number",
            ),
            (
                "invalid type: map, expected a sequence\n",
                "invalid type: a table, expected a list",
            ),
            (
                "invalid type: string \"often, expected u64\", expected struct Evaluation",
                "invalid type: string \"often, expected u64\", expected a table",
            ),
            (
                "unknown variant `all`, expected `one` or `none`",
                "unknown choice `all`, expected `one` or `none`",
            ),
            ("missing field `method`", "missing field `method`"),
        ] {
            assert_eq!(in_words(said), words);
        }
    }

    #[test]
    fn a_key_is_found_in_sections_and_in_lists_of_them() {
        let text = "seed = 1\n\n[[many]]\nname = \"a\"\n\n[[many]]\nname = \"b\"\n\n[many.from]\ntake = \"all\"\n\n[one]\nlist = [{ deep = 2 }]\n";
        for (at, key) in [
            ("1", "seed"),
            ("\"a\"", "many.name"),
            ("\"b\"", "many.name"),
            ("\"all\"", "many.from.take"),
            ("[many.from]", "many.from"),
            ("[one]", "one"),
            ("2", "one.list.deep"),
        ] {
            let place = text.find(at).unwrap();
            assert_eq!(key_at(text, place).as_deref(), Some(key), "{at}");
        }
    }
}
