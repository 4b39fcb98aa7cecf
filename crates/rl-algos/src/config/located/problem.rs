//! What is wrong with a value, as deserialising tells it.

use std::fmt::{self, Display};

use serde::de::{Error, Expected, Unexpected};
use toml::Value;

/// What is wrong, and the key that it is wrong at, once it is known.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) said: String,
    pub(super) key: Option<String>,
}

impl Problem {
    /// A value of another kind than `expected`.
    pub(super) fn of_kind(value: &Value, expected: &str) -> Self {
        let found = match value {
            Value::String(text) => Unexpected::Str(text),
            Value::Integer(number) => Unexpected::Signed(*number),
            Value::Float(number) => Unexpected::Float(*number),
            Value::Boolean(flag) => Unexpected::Bool(*flag),
            Value::Datetime(_) => Unexpected::Other("a time"),
            Value::Array(_) => Unexpected::Seq,
            Value::Table(_) => Unexpected::Map,
        };
        Self::invalid_type(found, &expected)
    }

    /// The problem at this key, if it has none: the innermost is told first.
    pub(super) fn at(self, key: &str) -> Self {
        Self {
            key: self.key.or_else(|| Some(key.to_owned())),
            ..self
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Problem {}

impl Error for Problem {
    fn custom<T: Display>(said: T) -> Self {
        Self {
            said: said.to_string(),
            key: None,
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Unsigned(number) => format!("number `{number}`"),
            Unexpected::Signed(number) => format!("number `{number}`"),
            Unexpected::Float(number) => format!("number `{}`", Value::Float(number)),
            Unexpected::Map => "a table".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            other => other.to_string(),
        };
        Self::custom(format!("invalid type: {found}, expected {expected}"))
    }

    fn unknown_variant(name: &str, choices: &'static [&'static str]) -> Self {
        let all: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
        let expected = match all.as_slice() {
            [] => "none".to_owned(),
            [one] => one.clone(),
            [one, other] => format!("{one} or {other}"),
            many => format!("one of {}", many.join(", ")),
        };
        Self::custom(format!("unknown choice `{name}`, expected {expected}"))
    }
}
