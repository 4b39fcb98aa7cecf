//! A task's file as it is read: values with their lines and keys, and what is set over them.

use std::collections::HashMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::intern::intern;
use crate::mjcf::open_file;
use crate::nearest::hint;
use crate::wrappers::{Missing, index, join, overlay, shortened};
use crate::{Error, Result};

/// Bytes of a file, at most.
const LONGEST: u64 = 1 << 20;

/// The text of a file.
///
/// # Errors
/// [`Error::Read`] when it cannot be read, and [`Error::TaskFile`] when it is longer than any task's is, or no text.
pub(super) fn read(path: &Path) -> Result<String> {
    use std::io::Read as _;
    let file = path.display().to_string();
    let unread = |error| Error::Read {
        file: file.clone(),
        error,
    };
    let mut bytes = Vec::new();
    let opened = open_file(path).map_err(unread)?;
    opened
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    let wrong = |line: usize, message: String| Error::TaskFile {
        file: file.clone(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        message,
    };
    if bytes.len() as u64 > LONGEST {
        let message = format!("the file is longer than {LONGEST} bytes, which no task is");
        return Err(wrong(1, message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let lines = good.iter().filter(|byte| **byte == b'\n').count();
        wrong(1 + lines, "the file is no text in UTF-8".to_owned())
    })
}

/// A file's name and lines, and its values with those that are set over them.
pub(super) struct Document<'a> {
    file: &'a str,
    /// The bytes with which lines begin, but the first.
    starts: Vec<usize>,
    root: Value,
    /// The bytes with which the file's own values begin, by path.
    places: HashMap<String, usize>,
    /// The paths of what is set, and its values.
    set: Vec<(String, Value)>,
}

impl<'a> Document<'a> {
    /// Reads TOML, and lays what is `set` over it.
    ///
    /// # Errors
    /// [`Error::TaskFile`] with the line, and [`Error::UnknownSetting`] of an element of a list that is not there.
    pub(super) fn parse(file: &'a str, text: &str, set: &Table) -> Result<Self> {
        let read = DeTable::parse(text).map_err(|error| Error::TaskFile {
            file: file.to_owned(),
            line: line(&starts(text), error.span().map_or(0, |span| span.start)),
            message: error.message().replace('\n', ", "),
        })?;
        let mut places = HashMap::new();
        let mut root = table("", read.get_ref(), &mut places);
        let mut laid = Vec::new();
        overlay(&mut root, set, "", &mut laid)
            .map_err(|Missing { path, hint }| unknown(file, path, hint))?;
        Ok(Self {
            file,
            starts: starts(text),
            root: Value::Table(root),
            places,
            set: laid,
        })
    }

    /// The whole file.
    pub(super) fn root(&self) -> Node<'_> {
        Node {
            document: self,
            path: String::new(),
            value: &self.root,
        }
    }
}

/// The values of a table; `places` is given where they stand.
fn table(path: &str, table: &DeTable<'_>, places: &mut HashMap<String, usize>) -> Table {
    let entries = table.iter().map(|(name, read)| {
        let path = join(path, name.get_ref());
        places.insert(path.clone(), name.span().start);
        let value = value(&path, read.get_ref(), places);
        (name.get_ref().to_string(), value)
    });
    entries.collect()
}

/// As [`table`], of any value.
fn value(path: &str, read: &DeValue<'_>, places: &mut HashMap<String, usize>) -> Value {
    let number = |text: &str| text.parse().unwrap_or(f64::NAN);
    match read {
        DeValue::Table(inner) => Value::Table(table(path, inner, places)),
        DeValue::Array(list) => {
            let each = list.iter().enumerate().map(|(i, element)| {
                let path = format!("{path}[{i}]");
                places.insert(path.clone(), element.span().start);
                value(&path, element.get_ref(), places)
            });
            Value::Array(each.collect())
        }
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(time) => Value::Datetime(*time),
        DeValue::Float(float) => Value::Float(number(float.as_str())),
        // One of too many digits is a number, and no whole one.
        DeValue::Integer(whole) => match i64::from_str_radix(whole.as_str(), whole.radix()) {
            Ok(whole) => Value::Integer(whole),
            Err(_) if whole.radix() == 10 => Value::Float(number(whole.as_str())),
            Err(_) => Value::Float(f64::NAN),
        },
    }
}

/// The error of a setting that the file's task has not.
fn unknown(file: &str, name: String, hint: String) -> Error {
    let task = intern(file);
    Error::UnknownSetting { task, name, hint }
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

/// Whether a path goes on from another, or is it.
fn is_within(path: &str, outer: &str) -> bool {
    let rest = path.strip_prefix(outer);
    rest.is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Where a value is from, for what comes to light later.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    line: u32,
    key: String,
    /// The value, where it is set.
    set: Option<String>,
    /// What is set in it, in words.
    within: String,
}

impl Mark {
    /// What is wrong with it.
    pub(super) fn error(&self, file: &str, message: impl std::fmt::Display) -> Error {
        let (file, within) = (file.to_owned(), &self.within);
        if let Some(value) = &self.set {
            return Error::TaskFileSetting {
                file,
                name: self.key.clone(),
                value: value.clone(),
                message: message.to_string(),
            };
        }
        let message = match self.key.as_str() {
            "" => format!("{message}{within}"),
            key => format!("{key}: {message}{within}"),
        };
        Error::TaskFile {
            file,
            line: self.line,
            message,
        }
    }
}

/// A value in the file.
#[derive(Clone)]
pub(super) struct Node<'a> {
    document: &'a Document<'a>,
    path: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    /// Whether the value is set, as a whole.
    fn is_set(&self) -> bool {
        let mut set = self.document.set.iter();
        set.any(|(path, _)| is_within(&self.path, path))
    }

    /// Where it is from.
    pub(super) fn mark(&self) -> Mark {
        let Document {
            starts,
            places,
            set,
            ..
        } = self.document;
        let inner = set.iter().filter(|(path, _)| is_within(path, &self.path));
        let inner = inner
            .take(3)
            .map(|(path, value)| format!("; {path} is set to {value}"));
        Mark {
            line: line(starts, places.get(&self.path).copied().unwrap_or(0)),
            key: self.path.clone(),
            set: self.is_set().then(|| shortened(&self.value.to_string())),
            within: match self.path.as_str() {
                "" => String::new(),
                _ => inner.collect(),
            },
        }
    }

    /// What is wrong with it.
    pub(super) fn error(&self, message: impl std::fmt::Display) -> Error {
        self.mark().error(self.document.file, message)
    }

    /// Of a new name that is set, those that the file has in its place, one of which may be meant.
    pub(super) fn misspelt(&self) -> String {
        let places = &self.document.places;
        let Some((section, name)) = self.path.rsplit_once('.') else {
            return String::new();
        };
        if !self.is_set() || places.contains_key(&self.path) {
            return String::new();
        }
        let known = places
            .keys()
            .filter_map(|path| path.strip_prefix(section)?.strip_prefix('.'));
        let mut known: Vec<_> = known.filter(|name| !name.contains(['.', '['])).collect();
        known.sort_unstable();
        format!(" (the file has no `{}`; {})", self.path, hint(name, known))
    }

    fn table(&self) -> Option<&'a Table> {
        self.value.as_table()
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    fn child(&self, path: String, value: &'a Value) -> Node<'a> {
        Node {
            document: self.document,
            path,
            value,
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.table()?.get(key)?;
        Some(self.child(join(&self.path, key), value))
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &str, what: &str) -> Result<Node<'a>> {
        self.get(key)
            .ok_or_else(|| self.error(format!("`{key}` is missing: {what}")))
    }

    /// All keys and values of a section, in the order of the file; what is new there follows.
    pub(super) fn entries(&self, what: &str) -> Result<Vec<(String, Node<'a>)>> {
        let Some(table) = self.table() else {
            return Err(self.error(format!("it must be {what}")));
        };
        let each = table.iter();
        let each = each.map(|(key, value)| (key.clone(), self.child(join(&self.path, key), value)));
        let mut all: Vec<_> = each.collect();
        let places = &self.document.places;
        all.sort_by_key(|(_, node)| places.get(&node.path).copied().unwrap_or(usize::MAX));
        Ok(all)
    }

    /// Refuses keys that are not among those known.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        for (key, node) in self.entries("a table")? {
            if known.contains(&key.as_str()) {
                continue;
            }
            if !node.is_set() {
                let hint = hint(&key, known.iter().copied());
                let Mark { line, .. } = node.mark();
                let mark = Mark {
                    line,
                    ..self.mark()
                };
                let message = format!("unknown key `{key}`; {hint}");
                return Err(mark.error(self.document.file, message));
            }
            // At the top there are wrappers' settings too.
            let wrappers = crate::wrappers::settings().map(|(name, _)| name);
            let wrappers = wrappers
                .filter(|name| self.path.is_empty() && known.iter().all(|known| known != name));
            let hint = match index(&key).filter(|_| !self.path.is_empty()) {
                Some(_) => format!("the file has no list `{}`", self.path),
                None => hint(&key, known.iter().copied().chain(wrappers)),
            };
            return Err(unknown(self.document.file, node.path, hint));
        }
        Ok(())
    }

    /// The values of a list; one value stands for a list of it.
    pub(super) fn list(&self) -> Vec<Node<'a>> {
        let Some(list) = self.value.as_array() else {
            return vec![self.clone()];
        };
        let each = list.iter().enumerate();
        each.map(|(i, value)| self.child(format!("{}[{i}]", self.path), value))
            .collect()
    }

    pub(super) fn text(&self, what: &str) -> Result<&'a str> {
        let text = self.value.as_str();
        text.ok_or_else(|| self.error(format!("it must be {what}, in quotes")))
    }

    /// The text, where it is one.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    pub(super) fn flag(&self) -> Result<bool> {
        let flag = self.value.as_bool();
        flag.ok_or_else(|| self.error("it must be true or false"))
    }

    /// A number that may be infinite.
    pub(super) fn number(&self, what: &str) -> Result<f64> {
        let number = match self.value {
            Value::Float(float) => Some(*float),
            Value::Integer(whole) => Some(*whole as f64),
            _ => None,
        };
        let number = number.filter(|number: &f64| !number.is_nan());
        number.ok_or_else(|| self.error(format!("it must be {what}")))
    }

    /// A finite number, as single precision has them: agents see no others.
    pub(super) fn finite(&self) -> Result<f64> {
        self.checked("a finite number", |_| true)
    }

    /// A finite number of 0 or more.
    pub(super) fn size(&self) -> Result<f64> {
        self.checked("a finite number, 0 or more", |number| number >= 0.0)
    }

    /// A finite number that is `good`.
    pub(super) fn checked(&self, what: &str, good: impl Fn(f64) -> bool) -> Result<f64> {
        let number = self.number(what)?;
        match number.is_finite() && good(number) {
            true if is_single(number) => Ok(number),
            true => Err(self.error(format!(
                "it must be within {:e}, as single precision is",
                f32::MAX
            ))),
            false => Err(self.error(format!("it must be {what}"))),
        }
    }

    /// A place: three finite numbers.
    pub(super) fn place(&self) -> Result<[f64; 3]> {
        let place: [f64; 3] = self.numbers("three numbers, x, y and z, in m")?;
        self.all_finite()?;
        Ok(place)
    }

    /// Refuses a number of a list that is not finite.
    pub(super) fn all_finite(&self) -> Result<()> {
        self.list()
            .iter()
            .try_for_each(|number| number.finite().map(drop))
    }

    /// So many numbers.
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

    /// A whole number in a range.
    pub(super) fn count(&self, allowed: std::ops::RangeInclusive<usize>) -> Result<usize> {
        let count = self.value.as_integer();
        let count = count.and_then(|whole| usize::try_from(whole).ok());
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
        let index = position(name, names);
        index.ok_or_else(|| self.no(what, name, names))
    }

    /// The error of a name that is none of some names.
    pub(super) fn no(&self, what: &str, name: &str, names: &[String]) -> Error {
        let hint = hint(name, names.iter().map(String::as_str));
        self.error(format!("there is no {what} `{}`; {hint}", shortened(name)))
    }
}

/// Whether a number is finite in single precision, in which agents see and are paid.
pub(super) fn is_single(number: f64) -> bool {
    (number as f32).is_finite()
}

/// The number of a name among some, of which those without a name have none.
pub(super) fn position(name: &str, names: &[String]) -> Option<usize> {
    names
        .iter()
        .position(|other| other == name && !name.is_empty())
}
