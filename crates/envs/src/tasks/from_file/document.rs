//! A task's file as it is read: values with their lines and keys, and what is set over them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table};

use crate::nearest::hint;
use crate::{Error, Result};

/// Bytes of a file, at most.
const LONGEST: u64 = 1 << 20;

/// The text of a file.
///
/// # Errors
/// [`Error::Read`] when it cannot be read, and [`Error::TaskFile`] when it is longer than any task's is.
pub(super) fn read(path: &Path) -> Result<String> {
    let file = path.display().to_string();
    let unread = |error| Error::Read {
        file: file.clone(),
        error,
    };
    let mut text = String::new();
    let opened = std::fs::File::open(path).map_err(unread)?;
    opened
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(unread)?;
    if text.len() as u64 > LONGEST {
        let message = format!("the file is longer than {LONGEST} bytes, which no task is");
        return Err(Error::TaskFile {
            file,
            line: 1,
            message,
        });
    }
    Ok(text)
}

/// A file's name and lines, and the values that are set over its own.
pub(super) struct Document<'a> {
    file: &'a str,
    /// The bytes with which lines begin, but the first.
    starts: Vec<usize>,
    root: Spanned<DeTable<'a>>,
    /// By path, such as `reward.control.weight`.
    set: BTreeMap<String, Value>,
    /// Paths of values that were asked for.
    asked: RefCell<Vec<String>>,
}

impl<'a> Document<'a> {
    /// Reads TOML.
    ///
    /// # Errors
    /// [`Error::TaskFile`] with the line.
    pub(super) fn parse(file: &'a str, text: &'a str, set: &Table) -> Result<Self> {
        let root = DeTable::parse(text).map_err(|error| Error::TaskFile {
            file: file.to_owned(),
            line: line(&starts(text), error.span().map_or(0, |span| span.start)),
            message: error.message().replace('\n', ", "),
        })?;
        let mut flat = BTreeMap::new();
        flatten("", set, &mut flat);
        Ok(Self {
            file,
            starts: starts(text),
            root,
            set: flat,
            asked: RefCell::default(),
        })
    }

    /// The whole file.
    pub(super) fn root(&self) -> Node<'_> {
        Node {
            document: self,
            path: String::new(),
            at: 0,
            value: Inner::Table(self.root.get_ref()),
        }
    }

    /// Takes down that a value was asked for, where anything is set.
    fn ask(&self, path: &str) {
        if !self.set.is_empty() {
            self.asked.borrow_mut().push(path.to_owned());
        }
    }

    /// Refuses what was set and nothing asked for.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`].
    pub(super) fn check_set(&self, task: &'static str) -> Result<()> {
        let asked = self.asked.borrow();
        match self.set.keys().find(|path| !asked.contains(path)) {
            None => Ok(()),
            Some(name) => {
                let wrappers = crate::wrappers::settings().map(|(name, _)| name);
                Err(Error::UnknownSetting {
                    task,
                    name: name.clone(),
                    hint: hint(name, asked.iter().map(String::as_str).chain(wrappers)),
                })
            }
        }
    }
}

/// The bytes with which lines begin, but the first.
fn starts(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|(at, _)| at + 1).collect()
}

/// The line of a byte, from 1.
fn line(starts: &[usize], at: usize) -> u32 {
    let before = starts.partition_point(|start| *start <= at);
    u32::try_from(1 + before).unwrap_or(u32::MAX)
}

fn flatten(path: &str, table: &Table, all: &mut BTreeMap<String, Value>) {
    for (key, value) in table {
        let path = join(path, key);
        match value {
            Value::Table(inner) => flatten(&path, inner, all),
            value => drop(all.insert(path, value.clone())),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

/// A value in the file.
#[derive(Clone)]
pub(super) struct Node<'a> {
    document: &'a Document<'a>,
    path: String,
    at: usize,
    value: Inner<'a>,
}

#[derive(Clone)]
enum Inner<'a> {
    Table(&'a DeTable<'a>),
    Value(&'a DeValue<'a>),
    /// What is set over it.
    Set(&'a Value),
}

impl<'a> Node<'a> {
    /// Its line, from 1.
    pub(super) fn line(&self) -> u32 {
        line(&self.document.starts, self.at)
    }

    /// What is wrong with it.
    pub(super) fn error(&self, message: impl std::fmt::Display) -> Error {
        let message = match self.path.as_str() {
            "" => message.to_string(),
            path => format!("{path}: {message}"),
        };
        Error::TaskFile {
            file: self.document.file.to_owned(),
            line: self.line(),
            message,
        }
    }

    fn table(&self) -> Option<&'a DeTable<'a>> {
        match self.value {
            Inner::Table(table) => Some(table),
            Inner::Value(value) => value.as_table(),
            Inner::Set(_) => None,
        }
    }

    pub(super) fn is_table(&self) -> bool {
        self.table().is_some()
    }

    fn child(&self, path: String, at: usize, value: &'a DeValue<'a>) -> Node<'a> {
        let value = match self.document.set.get(&path) {
            Some(set) => Inner::Set(set),
            None => Inner::Value(value),
        };
        self.document.ask(&path);
        Node {
            document: self.document,
            path,
            at,
            value,
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let table = self.table()?;
        let path = join(&self.path, key);
        match table.iter().find(|(name, _)| name.get_ref() == key) {
            Some((name, value)) => Some(self.child(path, name.span().start, value.get_ref())),
            None => {
                self.document.ask(&path);
                let set = self.document.set.get(&path)?;
                Some(Node {
                    document: self.document,
                    path,
                    at: self.at,
                    value: Inner::Set(set),
                })
            }
        }
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &str, what: &str) -> Result<Node<'a>> {
        self.get(key)
            .ok_or_else(|| self.error(format!("`{key}` is missing: {what}")))
    }

    /// All keys and values of a section, in the order of the file.
    pub(super) fn entries(&self, what: &str) -> Result<Vec<(String, Node<'a>)>> {
        let Some(table) = self.table() else {
            return Err(self.error(format!("it must be {what}")));
        };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let each = entries.into_iter().map(|(name, value)| {
            let path = join(&self.path, name.get_ref());
            let node = self.child(path, name.span().start, value.get_ref());
            (name.get_ref().to_string(), node)
        });
        Ok(each.collect())
    }

    /// Refuses keys that are not among those known.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        for (key, node) in self.entries("a table")? {
            if !known.contains(&key.as_str()) {
                let hint = hint(&key, known.iter().copied());
                let at = Node {
                    path: self.path.clone(),
                    ..node
                };
                return Err(at.error(format!("unknown key `{key}`; {hint}")));
            }
        }
        Ok(())
    }

    /// The values of a list; one value stands for a list of it.
    pub(super) fn list(&self) -> Vec<Node<'a>> {
        let array = match self.value {
            Inner::Value(value) => value.as_array(),
            _ => None,
        };
        let Some(array) = array else {
            return vec![self.clone()];
        };
        let each = array.iter().enumerate().map(|(i, value)| {
            let path = format!("{}[{i}]", self.path);
            self.child(path, value.span().start, value.get_ref())
        });
        each.collect()
    }

    pub(super) fn text(&self, what: &str) -> Result<&'a str> {
        let text = match &self.value {
            Inner::Value(value) => value.as_str(),
            Inner::Set(value) => value.as_str(),
            Inner::Table(_) => None,
        };
        text.ok_or_else(|| self.error(format!("it must be {what}, in quotes")))
    }

    /// The text, where it is one.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        self.text("").ok()
    }

    pub(super) fn flag(&self) -> Result<bool> {
        let flag = match &self.value {
            Inner::Value(value) => value.as_bool(),
            Inner::Set(value) => value.as_bool(),
            Inner::Table(_) => None,
        };
        flag.ok_or_else(|| self.error("it must be true or false"))
    }

    /// A number that may be infinite.
    pub(super) fn number(&self, what: &str) -> Result<f64> {
        let number = match &self.value {
            Inner::Value(DeValue::Float(float)) => float.as_str().parse().ok(),
            Inner::Value(DeValue::Integer(_)) => self.integer().map(|whole| whole as f64),
            Inner::Set(Value::Float(float)) => Some(*float),
            Inner::Set(Value::Integer(whole)) => Some(*whole as f64),
            _ => None,
        };
        let number = number.filter(|number: &f64| !number.is_nan());
        number.ok_or_else(|| self.error(format!("it must be {what}")))
    }

    /// A finite number.
    pub(super) fn finite(&self) -> Result<f64> {
        let what = "a finite number";
        let number = self.number(what)?;
        match number.is_finite() {
            true => Ok(number),
            false => Err(self.error(format!("it must be {what}"))),
        }
    }

    /// A finite number of 0 or more.
    pub(super) fn size(&self) -> Result<f64> {
        let what = "a finite number, 0 or more";
        let number = self.number(what)?;
        match number >= 0.0 && number.is_finite() {
            true => Ok(number),
            false => Err(self.error(format!("it must be {what}"))),
        }
    }

    /// So many finite numbers.
    pub(super) fn numbers<const N: usize>(&self, what: &str) -> Result<[f64; N]> {
        let list = self.list();
        let wrong = || self.error(format!("it must be {what}"));
        let mut all = [0.0; N];
        if list.len() != N {
            return Err(wrong());
        }
        for (to, node) in all.iter_mut().zip(list) {
            *to = node.number(what).map_err(|_| wrong())?;
        }
        Ok(all)
    }

    /// A lower and a higher bound.
    pub(super) fn range(&self) -> Result<[f64; 2]> {
        let what = "two numbers, the lower first, such as [0.7, inf]";
        let [low, high] = self.numbers(what)?;
        match low <= high {
            true => Ok([low, high]),
            false => Err(self.error(format!("it must be {what}"))),
        }
    }

    fn integer(&self) -> Option<i64> {
        match &self.value {
            Inner::Value(value) => {
                let integer = value.as_integer()?;
                i64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            Inner::Set(value) => value.as_integer(),
            Inner::Table(_) => None,
        }
    }

    /// A whole number in a range.
    pub(super) fn count(&self, allowed: std::ops::RangeInclusive<usize>) -> Result<usize> {
        let count = self.integer().and_then(|whole| usize::try_from(whole).ok());
        count
            .filter(|count| allowed.contains(count))
            .ok_or_else(|| {
                let (low, high) = (allowed.start(), allowed.end());
                self.error(format!("it must be a whole number, {low} to {high}"))
            })
    }

    /// The number of a name in a list of names; the error says what was probably meant.
    pub(super) fn index(&self, what: &str, names: &[String]) -> Result<usize> {
        let name = self.text(&format!("the name of a {what}"))?;
        self.find(what, name, names)
    }

    /// As [`index`](Self::index), of a name that was read.
    pub(super) fn find(&self, what: &str, name: &str, names: &[String]) -> Result<usize> {
        let index = names
            .iter()
            .position(|other| other == name && !name.is_empty());
        index.ok_or_else(|| {
            let hint = hint(name, names.iter().map(String::as_str));
            self.error(format!("there is no {what} `{name}`; {hint}"))
        })
    }
}
