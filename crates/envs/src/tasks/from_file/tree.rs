//! The values of a file with their places, and what is set over them.

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use crate::nearest::hint;

/// Where a value is from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    File,
    /// Set in the place of one that the file has.
    Set,
    /// Set where the file has nothing; what it has there, in words.
    Added(String),
}

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// The byte of the file with which it begins; of what is set, that of what it is set in.
    pub(super) at: usize,
    pub(super) origin: Origin,
    pub(super) inner: Inner,
}

#[derive(Clone, Debug)]
pub(super) enum Inner {
    /// By key, in the order of the file.
    Table(Vec<(String, Tree)>),
    List(Vec<Tree>),
    Leaf(Value),
}

/// A setting that names nothing.
pub(super) struct Unknown {
    pub(super) path: String,
    pub(super) hint: String,
}

/// A key behind a path.
pub(super) fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

/// An element behind a path.
pub(super) fn element(path: &str, index: impl std::fmt::Display) -> String {
    format!("{path}[{index}]")
}

impl Tree {
    /// The values of a file.
    pub(super) fn of_file(table: &DeTable<'_>) -> Self {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let entries = entries.into_iter().map(|(name, value)| {
            let value = Self::of_value(name.span().start, value.get_ref());
            (name.get_ref().to_string(), value)
        });
        Self {
            at: 0,
            origin: Origin::File,
            inner: Inner::Table(entries.collect()),
        }
    }

    fn of_value(at: usize, value: &DeValue<'_>) -> Self {
        let leaf = match value {
            DeValue::Table(table) => {
                return Self {
                    at,
                    ..Self::of_file(table)
                };
            }
            DeValue::Array(array) => {
                let each = array.iter();
                let each = each.map(|value| Self::of_value(value.span().start, value.get_ref()));
                return Self {
                    at,
                    origin: Origin::File,
                    inner: Inner::List(each.collect()),
                };
            }
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Datetime(time) => Value::Datetime(*time),
            DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
            // One of too many digits is told as what it is: a number, and no count.
            DeValue::Integer(whole) => match i64::from_str_radix(whole.as_str(), whole.radix()) {
                Ok(whole) => Value::Integer(whole),
                Err(_) => Value::Float(whole.as_str().parse().unwrap_or(f64::NAN)),
            },
        };
        Self {
            at,
            origin: Origin::File,
            inner: Inner::Leaf(leaf),
        }
    }

    /// A value that is set.
    fn of_set(at: usize, origin: Origin, value: &Value) -> Self {
        let inner = match value {
            Value::Table(table) => Inner::Table(
                table
                    .iter()
                    .map(|(key, value)| (key.clone(), Self::of_set(at, Origin::Set, value)))
                    .collect(),
            ),
            Value::Array(array) => Inner::List(
                array
                    .iter()
                    .map(|value| Self::of_set(at, Origin::Set, value))
                    .collect(),
            ),
            leaf => Inner::Leaf(leaf.clone()),
        };
        Self { at, origin, inner }
    }

    /// Lays a value over this one: a table key by key, over a list by the numbers of elements; all else takes its place.
    ///
    /// # Errors
    /// What is set of a list's element that is not there.
    pub(super) fn lay(&mut self, path: &str, set: &Value) -> Result<(), Unknown> {
        let Value::Table(set) = set else {
            *self = Self::of_set(self.at, Origin::Set, set);
            return Ok(());
        };
        match &mut self.inner {
            Inner::Table(entries)
                if !(is_first(set) && entries.iter().all(|(key, _)| key != FIRST)) =>
            {
                lay_over(entries, self.at, path, set)
            }
            Inner::List(list) => {
                let count = list.len();
                for (index, value) in set {
                    let there = index
                        .parse()
                        .ok()
                        .and_then(|index: usize| list.get_mut(index));
                    let path = element(path, index);
                    match there {
                        Some(there) => there.lay(&path, value)?,
                        None => {
                            let hint = match count {
                                0 => "the list is empty".to_owned(),
                                count => format!("the list has {count} elements, from 0"),
                            };
                            return Err(Unknown { path, hint });
                        }
                    }
                }
                Ok(())
            }
            // One value stands for a list of it.
            _ => match set.get(FIRST).filter(|_| is_first(set)) {
                Some(value) => self.lay(path, value),
                None => {
                    *self = Self::of_set(self.at, Origin::Set, &Value::Table(set.clone()));
                    Ok(())
                }
            },
        }
    }

    /// As TOML has it.
    pub(super) fn to_value(&self) -> Value {
        match &self.inner {
            Inner::Table(entries) => {
                let entries = entries.iter();
                Value::Table(
                    entries
                        .map(|(key, tree)| (key.clone(), tree.to_value()))
                        .collect(),
                )
            }
            Inner::List(list) => Value::Array(list.iter().map(Self::to_value).collect()),
            Inner::Leaf(value) => value.clone(),
        }
    }
}

/// The key that means the first element of a list.
const FIRST: &str = "0";

/// Whether a table says something of the first element of a list, and of nothing else.
fn is_first(set: &Table) -> bool {
    set.len() == 1 && set.contains_key(FIRST)
}

fn lay_over(
    entries: &mut Vec<(String, Tree)>,
    at: usize,
    path: &str,
    set: &Table,
) -> Result<(), Unknown> {
    for (key, value) in set {
        let inner = join(path, key);
        if let Some((_, there)) = entries.iter_mut().find(|(name, _)| name == key) {
            there.lay(&inner, value)?;
            continue;
        }
        let is_number = |key: &String| key.bytes().all(|letter| letter.is_ascii_digit());
        if let Some(index) = value
            .as_table()
            .and_then(|table| table.keys().find(|key| is_number(key)))
        {
            return Err(Unknown {
                path: element(&inner, index),
                hint: format!("the file has no list `{inner}`"),
            });
        }
        let known = entries.iter().map(|(name, _)| name.as_str());
        let origin = Origin::Added(hint(key, known));
        entries.push((key.clone(), Tree::of_set(at, origin, value)));
    }
    Ok(())
}
