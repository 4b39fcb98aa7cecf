//! A task's file as it is read: values with their lines and keys.

use std::path::Path;

use toml::de::DeTable;
use toml::{Table, Value};

use super::intern::intern;
use super::tree::{Inner, Origin, Tree, Unknown, element, join};
use crate::nearest::hint;
use crate::wrappers::shortened;
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
    let opened = std::fs::File::open(path).map_err(unread)?;
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
    root: Tree,
}

impl<'a> Document<'a> {
    /// Reads TOML, and lays what is `set` over it.
    ///
    /// # Errors
    /// [`Error::TaskFile`] with the line, and [`Error::UnknownSetting`] of an element of a list that is not there.
    pub(super) fn parse(file: &'a str, text: &str, set: &Table) -> Result<Self> {
        let root = DeTable::parse(text).map_err(|error| Error::TaskFile {
            file: file.to_owned(),
            line: line(&starts(text), error.span().map_or(0, |span| span.start)),
            message: error.message().replace('\n', ", "),
        })?;
        let mut root = Tree::of_file(root.get_ref());
        root.lay("", &Value::Table(set.clone()))
            .map_err(|Unknown { path, hint }| unknown(file, path, hint))?;
        Ok(Self {
            file,
            starts: starts(text),
            root,
        })
    }

    /// The whole file.
    pub(super) fn root(&self) -> Node<'_> {
        Node {
            document: self,
            path: String::new(),
            tree: &self.root,
        }
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

/// Where something stands in a file, for what comes to light later.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) line: u32,
    pub(super) key: String,
}

/// A value in the file.
#[derive(Clone)]
pub(super) struct Node<'a> {
    document: &'a Document<'a>,
    path: String,
    tree: &'a Tree,
}

impl<'a> Node<'a> {
    /// Its line and key.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            line: line(&self.document.starts, self.tree.at),
            key: self.path.clone(),
        }
    }

    /// What is wrong with it.
    pub(super) fn error(&self, message: impl std::fmt::Display) -> Error {
        let file = self.document.file.to_owned();
        let there = match &self.tree.origin {
            Origin::File => {
                let Mark { line, key } = self.mark();
                let message = match key.as_str() {
                    "" => message.to_string(),
                    key => format!("{key}: {message}"),
                };
                return Error::TaskFile {
                    file,
                    line,
                    message,
                };
            }
            Origin::Set => String::new(),
            Origin::Added(hint) => format!(" (the file has no `{}`; {hint})", self.path),
        };
        Error::TaskFileSetting {
            file,
            name: self.path.clone(),
            value: shortened(&self.tree.to_value().to_string()),
            message: format!("{message}{there}"),
        }
    }

    fn entry(&self) -> Option<&'a [(String, Tree)]> {
        match &self.tree.inner {
            Inner::Table(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn is_table(&self) -> bool {
        self.entry().is_some()
    }

    fn child(&self, path: String, tree: &'a Tree) -> Node<'a> {
        Node {
            document: self.document,
            path,
            tree,
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let (_, tree) = self.entry()?.iter().find(|(name, _)| name == key)?;
        Some(self.child(join(&self.path, key), tree))
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &str, what: &str) -> Result<Node<'a>> {
        self.get(key)
            .ok_or_else(|| self.error(format!("`{key}` is missing: {what}")))
    }

    /// All keys and values of a section, in the order of the file.
    pub(super) fn entries(&self, what: &str) -> Result<Vec<(String, Node<'a>)>> {
        let Some(entries) = self.entry() else {
            return Err(self.error(format!("it must be {what}")));
        };
        let each = entries.iter();
        let each = each.map(|(key, tree)| (key.clone(), self.child(join(&self.path, key), tree)));
        Ok(each.collect())
    }

    /// Refuses keys that are not among those known.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        for (key, node) in self.entries("a table")? {
            if known.contains(&key.as_str()) {
                continue;
            }
            let known = known.iter().copied();
            return Err(match node.tree.origin {
                Origin::File => {
                    let hint = hint(&key, known);
                    let at = self.child(self.path.clone(), node.tree);
                    at.error(format!("unknown key `{key}`; {hint}"))
                }
                // At the top there are wrappers' settings too.
                Origin::Set | Origin::Added(_) => {
                    let wrappers = crate::wrappers::settings().map(|(name, _)| name);
                    let wrappers = wrappers.filter(|_| self.path.is_empty());
                    let hint = hint(&key, known.chain(wrappers));
                    unknown(self.document.file, node.path, hint)
                }
            });
        }
        Ok(())
    }

    /// The values of a list; one value stands for a list of it.
    pub(super) fn list(&self) -> Vec<Node<'a>> {
        let Inner::List(list) = &self.tree.inner else {
            return vec![self.clone()];
        };
        let each = list.iter().enumerate();
        each.map(|(i, tree)| self.child(element(&self.path, i), tree))
            .collect()
    }

    fn leaf(&self) -> Option<&'a Value> {
        match &self.tree.inner {
            Inner::Leaf(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn text(&self, what: &str) -> Result<&'a str> {
        let text = self.leaf().and_then(Value::as_str);
        text.ok_or_else(|| self.error(format!("it must be {what}, in quotes")))
    }

    /// The text, where it is one.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        self.leaf().and_then(Value::as_str)
    }

    pub(super) fn flag(&self) -> Result<bool> {
        let flag = self.leaf().and_then(Value::as_bool);
        flag.ok_or_else(|| self.error("it must be true or false"))
    }

    /// A number that may be infinite.
    pub(super) fn number(&self, what: &str) -> Result<f64> {
        let number = match self.leaf() {
            Some(Value::Float(float)) => Some(*float),
            Some(Value::Integer(whole)) => Some(*whole as f64),
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
    fn checked(&self, what: &str, good: impl Fn(f64) -> bool) -> Result<f64> {
        let number = self.number(what)?;
        match number.is_finite() && good(number) {
            true if is_single(number) => Ok(number),
            true => Err(self.error(format!("it must be at most {:e}", f32::MAX))),
            false => Err(self.error(format!("it must be {what}"))),
        }
    }

    /// A place: three finite numbers.
    pub(super) fn place(&self) -> Result<[f64; 3]> {
        let place: [f64; 3] = self.numbers("three numbers, x, y and z, in m")?;
        for number in self.list() {
            number.finite()?;
        }
        Ok(place)
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
        let count = self.leaf().and_then(Value::as_integer);
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
        let index = names
            .iter()
            .position(|other| other == name && !name.is_empty());
        index.ok_or_else(|| {
            let hint = hint(name, names.iter().map(String::as_str));
            self.error(format!("there is no {what} `{name}`; {hint}"))
        })
    }
}

/// Whether a number is finite in single precision, in which agents see and are paid.
pub(super) fn is_single(number: f64) -> bool {
    (number as f32).is_finite()
}
