//! Texts that live as long as the process, each once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
static LISTS: Mutex<BTreeSet<&'static [&'static str]>> = Mutex::new(BTreeSet::new());

/// The same text, for good.
pub(crate) fn intern(text: &str) -> &'static str {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    match texts.get(text) {
        Some(known) => known,
        None => {
            let known: &'static str = Box::leak(text.into());
            texts.insert(known);
            known
        }
    }
}

/// The same texts, for good.
pub(super) fn intern_all<'a>(texts: impl Iterator<Item = &'a str>) -> &'static [&'static str] {
    let texts: Vec<&'static str> = texts.map(intern).collect();
    let mut lists = LISTS.lock().unwrap_or_else(PoisonError::into_inner);
    match lists.get(texts.as_slice()) {
        Some(known) => known,
        None => {
            let known: &'static [&'static str] = Box::leak(texts.into());
            lists.insert(known);
            known
        }
    }
}
