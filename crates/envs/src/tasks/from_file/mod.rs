//! Tasks of files: a model, what is observed of it, what is rewarded and when an episode ends, in TOML.
//!
//! [`open()`] reads one, and so does [`make`](crate::make) of a name that ends on `.toml`. The book's page "Your own robot in
//! ten minutes" has every key.
//!
//! In reading order: `environment` (how a step goes), `document` (TOML with lines), `expression` (arithmetic in a text),
//! `source` and `quantity` (what is measured), `names` (of a model's things), `builder` (from words to quantities), `begin`, `reward`, `plan`, `open`, [`template()`] (a first
//! file for a model).

mod begin;
mod builder;
mod document;
mod environment;
mod expression;
mod intern;
mod names;
mod open;
mod plan;
mod quantity;
mod reward;
mod source;
mod template;
#[cfg(test)]
mod tests;

pub use environment::FileTask;
pub(crate) use intern::intern;
pub use open::{files, open};
pub use template::template;

/// What the name of a task that is a file ends on.
const ENDING: &str = ".toml";

/// Whether the name of a task is that of a file.
#[must_use]
pub fn is_file(id: &str) -> bool {
    let end = id.len().saturating_sub(ENDING.len());
    id.get(end..)
        .is_some_and(|end| end.eq_ignore_ascii_case(ENDING))
}
