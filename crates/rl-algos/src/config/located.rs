//! Settings from TOML's values, with the key of what is not as it must be.

mod problem;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use toml::{Table, Value};

use self::problem::Problem;
use super::fields::Field;

/// Reads settings from a table that stands under the key `section` of the whole configuration; empty for all of it.
///
/// # Errors
/// One line: what is wrong, the key that it is wrong at, and what `row` knows of that key.
pub(super) fn read<T: DeserializeOwned>(
    given: &Table,
    section: &str,
    row: impl Fn(&str) -> Option<&'static Field>,
) -> Result<T, String> {
    let all = Section {
        rows: given.iter(),
        value: None,
        path: section,
    };
    let read = T::deserialize(serde::de::value::MapAccessDeserializer::new(all));
    read.map_err(|problem| {
        let Problem { said, key } = problem.at(section);
        match key.as_deref().map(|key| (key, row(key))) {
            None | Some(("", _)) => said,
            // It is another reader's, which names its own keys.
            Some((_, Some(field))) if field.is_choice && field.allowed.is_empty() => said,
            Some((key, Some(field))) if !field.allowed.is_empty() => {
                format!("{said} in `{key}`; it must be {}", field.allowed)
            }
            Some((key, _)) => format!("{said} in `{key}`"),
        }
    })
}

/// A value and the path of its key. The items of a list are as one; a time, which no setting is, is read as its text.
struct At<'a> {
    value: &'a Value,
    path: &'a str,
}

impl<'a> At<'a> {
    /// Hands the value to the visitor where it is of the kind that is asked for.
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let read = match self.value {
            Value::String(text) => visitor.visit_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(flag) => visitor.visit_bool(*flag),
            Value::Datetime(time) => visitor.visit_string(time.to_string()),
            Value::Array(items) => visitor.visit_seq(List {
                items: items.iter(),
                path: self.path,
            }),
            Value::Table(table) => visitor.visit_map(Section {
                rows: table.iter(),
                value: None,
                path: self.path,
            }),
        };
        read.map_err(|problem| problem.at(self.path))
    }

    /// The same, and an error of a value of another kind.
    fn visit_if<'de, V: Visitor<'de>>(
        self,
        is_good: bool,
        kind: &str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match is_good {
            true => self.visit(visitor),
            false => Err(Problem::of_kind(self.value, kind).at(self.path)),
        }
    }
}

/// What a setting of each of Rust's types asks for, in TOML's words.
macro_rules! kinds {
    ($($method:ident $kind:literal $good:pat,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            let is_good = matches!(self.value, $good);
            self.visit_if(is_good, $kind, visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = Problem;

    kinds! {
        deserialize_bool "true or false" Value::Boolean(_),
        deserialize_i32 "a whole number" Value::Integer(_),
        deserialize_i64 "a whole number" Value::Integer(_),
        deserialize_f32 "a number" Value::Integer(_) | Value::Float(_),
        deserialize_f64 "a number" Value::Integer(_) | Value::Float(_),
        deserialize_str "a string" Value::String(_),
        deserialize_string "a string" Value::String(_),
        deserialize_seq "a list" Value::Array(_),
        deserialize_map "a table" Value::Table(_),
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.value {
            Value::Integer(..0) => self.visit_if(false, "0 or more", visitor),
            _ => self.deserialize_i64(visitor),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.visit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_map(visitor)
    }

    /// The name of one of several choices, or a table of its name and what is in it.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let (path, value) = (self.path, self.value);
        let read = match value {
            Value::String(name) => visitor.visit_enum(StrDeserializer::new(name)),
            Value::Table(table) if table.len() == 1 => {
                let one = table.iter().next();
                let choice = one.map(|(name, value)| Choice { name, value, path });
                choice.map_or_else(
                    || Err(Problem::of_kind(value, CHOICE)),
                    |choice| visitor.visit_enum(choice),
                )
            }
            other => Err(Problem::of_kind(other, CHOICE)),
        };
        read.map_err(|problem| problem.at(path))
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 char bytes byte_buf unit unit_struct tuple_struct identifier ignored_any
    }
}

/// What stands for one of several choices.
const CHOICE: &str = "the name of a choice, or a table of it";

/// The path of a key in a section.
fn joined(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

/// The keys and values of a section.
struct Section<'a> {
    rows: toml::map::Iter<'a, String, Value>,
    value: Option<(&'a str, &'a Value)>,
    path: &'a str,
}

impl<'de> MapAccess<'de> for Section<'_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        let Some((key, value)) = self.rows.next() else {
            return Ok(None);
        };
        self.value = Some((key, value));
        let key_read: Result<_, Problem> = seed.deserialize(StrDeserializer::new(key));
        key_read
            .map(Some)
            .map_err(|problem| problem.at(&joined(self.path, key)))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        let Some((key, value)) = self.value.take() else {
            return Err(Problem::custom("a value is asked for before its key"));
        };
        let path = joined(self.path, key);
        seed.deserialize(At { value, path: &path })
            .map_err(|problem| problem.at(&path))
    }
}

/// The items of a list.
struct List<'a> {
    items: std::slice::Iter<'a, Value>,
    path: &'a str,
}

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Problem> {
        let item = self.items.next();
        item.map(|value| {
            seed.deserialize(At {
                value,
                path: self.path,
            })
        })
        .transpose()
    }
}

/// One of several choices, with what is in it.
struct Choice<'a> {
    name: &'a str,
    value: &'a Value,
    path: &'a str,
}

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Problem> {
        let name: StrDeserializer<'_, Problem> = StrDeserializer::new(self.name);
        let read = seed.deserialize(name);
        read.map(|name| (name, self))
    }
}

impl Choice<'_> {
    /// Reads what is in it.
    fn read<T>(self, read: impl FnOnce(At<'_>) -> Result<T, Problem>) -> Result<T, Problem> {
        let path = joined(self.path, self.name);
        read(At {
            value: self.value,
            path: &path,
        })
        .map_err(|problem| problem.at(&path))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        self.read(|at| match at.value {
            Value::Table(table) if table.is_empty() => Ok(()),
            _ => Err(Problem::of_kind(
                at.value,
                "nothing, for the choice has no settings",
            )),
        })
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Problem> {
        self.read(|at| seed.deserialize(at))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Problem> {
        self.read(|at| at.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.read(|at| at.deserialize_map(visitor))
    }
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Many {
        One,
        All { of: f32 },
        Some(u64),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Part {
        count: Option<usize>,
        many: Many,
        #[serde(default)]
        flags: Vec<bool>,
        #[serde(default)]
        parts: Vec<Part>,
        #[serde(default)]
        free: Table,
    }

    fn read_text(text: &str) -> Result<Part, String> {
        read(&toml::from_str(text).unwrap(), "", |_| None)
    }

    #[test]
    fn values_are_read_as_by_the_parser() {
        for text in [
            "many = \"one\"\n",
            "count = 3\nmany.some = 4\nflags = [true, false]\n",
            "many.all.of = 2\n[free]\na = 1\nb = [1.5, \"c\"]\nd.e = true\n",
            "many.all.of = 2.5\n[[parts]]\nmany.one = {}\n[[parts]]\nmany = \"one\"\ncount = 0\n",
        ] {
            let parsed: Part = toml::from_str(text).unwrap();
            assert_eq!(read_text(text).unwrap(), parsed, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_tomls_words_and_with_its_key() {
        let good = "many = \"one\"\n";
        for (text, line) in [
            (
                format!("{good}count = 1e6"),
                "invalid type: number `1000000.0`, expected a whole number in `count`",
            ),
            (
                format!("{good}count = -1"),
                "invalid type: number `-1`, expected 0 or more in `count`",
            ),
            (
                format!("{good}flags = \"often, expected u64\""),
                "invalid type: string \"often, expected u64\", expected a list in `flags`",
            ),
            (
                format!("{good}flags = [true, []]"),
                "invalid type: a list, expected true or false in `flags`",
            ),
            (
                "many = \"two\"".to_owned(),
                "unknown choice `two`, expected one of `one`, `all`, `some` in `many`",
            ),
            (
                "many.two = 1".to_owned(),
                "unknown choice `two`, expected one of `one`, `all`, `some` in `many`",
            ),
            (
                "many = true".to_owned(),
                "invalid type: boolean `true`, expected the name of a choice, or a table of it in `many`",
            ),
            (
                "many.all.of = \"x\"".to_owned(),
                "invalid type: string \"x\", expected a number in `many.all.of`",
            ),
            ("count = 1".to_owned(), "missing field `many`"),
            (
                format!("{good}[[parts]]\ncount = 1"),
                "missing field `many` in `parts`",
            ),
            (
                format!("{good}[[parts]]\nmany.some = \"x\""),
                "invalid type: string \"x\", expected a whole number in `parts.many.some`",
            ),
            (
                format!("{good}parts = [1]"),
                "invalid type: number `1`, expected a table in `parts`",
            ),
            (
                format!("{good}[[parts]]\n{good}fre = 1"),
                "unknown field `fre`, expected one of `count`, `many`, `flags`, `parts`, `free` in `parts.fre`",
            ),
        ] {
            assert_eq!(read_text(&text).unwrap_err(), line, "{text}");
        }
    }

    #[test]
    fn a_row_says_what_a_key_may_be() {
        let row = Field {
            key: "algo.own.many",
            about: "",
            allowed: "one of many",
            is_choice: false,
        };
        let row: &'static Field = Box::leak(Box::new(row));
        let given = toml::from_str("many = 5").unwrap();
        let line = read::<Part>(&given, "algo.own", |key| (key == row.key).then_some(row));
        assert_eq!(
            line.unwrap_err(),
            "invalid type: number `5`, expected the name of a choice, or a table of it in `algo.own.many`; it must be \
             one of many"
        );
    }
}
