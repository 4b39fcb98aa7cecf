//! Where in a file something was said, for complaints.

use crate::Error;
use std::rc::Rc;

/// Longest complaint in bytes: a value can be as long as a file.
pub(super) const LONGEST_MESSAGE: usize = 2000;

/// The name of a file and where its lines begin, counted once: files can be long.
#[derive(Debug)]
pub(super) struct Source {
    file: String,
    lines: Vec<usize>,
}

impl Source {
    pub(super) fn new(file: &str, text: &str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            file: file.into(),
            lines: lines.collect(),
        }
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Line of byte `at`, from 1.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|line| *line <= at)
    }

    /// Place in its line of byte `at`, from 1, in bytes.
    pub(super) fn column(&self, at: usize) -> usize {
        at + 1 - self.lines[self.line(at) - 1]
    }
}

/// Where in a file something was said, kept for complaints that come later.
#[derive(Clone, Debug)]
pub(super) struct Place {
    source: Rc<Source>,
    line: u32,
    element: Rc<str>,
}

impl Place {
    /// The place of byte `at`.
    pub(super) fn at(source: &Rc<Source>, at: usize, element: &str) -> Self {
        Self {
            source: source.clone(),
            line: source.line(at) as u32,
            element: element.into(),
        }
    }

    pub(super) fn source(&self) -> &Rc<Source> {
        &self.source
    }

    /// Whether both are the same line of the same file.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.source, &other.source) && self.line == other.line
    }

    /// File and line.
    pub(super) fn line(&self) -> String {
        format!("{}:{}", self.source.file, self.line)
    }

    /// An error at this place.
    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        let mut message = message.into();
        if message.len() > LONGEST_MESSAGE {
            message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
            message.push('…');
        }
        Error::Mjcf {
            file: self.source.file.clone(),
            line: self.line,
            element: self.element.to_string(),
            message,
        }
    }
}
