//! What the reader ignores: noted once per kind and file, so that a long file has a short list.

use super::place::{Place, Source};
use std::collections::HashMap;
use std::rc::Rc;

/// Remarks in the order in which their kinds first came up.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    list: Vec<Note>,
    /// Index of the note of a file and a kind.
    known: HashMap<(*const Source, &'static str), usize>,
}

#[derive(Clone, Debug)]
struct Note {
    text: String,
    more: usize,
}

impl Notes {
    /// Notes `kind` at `place`; only the first place of a file and kind is kept, with `details`.
    pub(super) fn add(&mut self, place: &Place, kind: &'static str, details: &str) {
        let key = (Rc::as_ptr(place.source()), kind);
        if let Some(index) = self.known.get(&key) {
            self.list[*index].more += 1;
            return;
        }
        self.known.insert(key, self.list.len());
        let message = match details {
            "" => kind.into(),
            details => format!("{details}: {kind}"),
        };
        self.list.push(Note {
            text: place.error(message).to_string(),
            more: 0,
        });
    }

    /// Adds those of another model.
    pub(super) fn append(&mut self, other: &Self) {
        self.list.extend(other.list.iter().cloned());
    }

    /// One line for each.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |note: &Note| match note.more {
            0 => note.text.clone(),
            more => format!("{} (and {more} more like this)", note.text),
        };
        self.list.iter().map(line).collect()
    }
}
