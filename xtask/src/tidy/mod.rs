//! `cargo xtask tidy`: the invariants of the project that a program can check, without building it.
//!
//! [`tree`] lists the files, [`source`] reads Rust, and each other module is one family of rules. A rule takes
//! text and returns findings, so that its tests can show it failing on a bad example.

use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use experiments::terminal::tell::print_line;

mod book;
mod catalogue;
mod cycles;
mod edges;
mod modules;
mod papers;
mod places;
mod sizes;
mod source;
mod tree;
mod words;

/// One breach of one rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// File, with a line where there is one.
    place: String,
    /// What is wrong and what would be right.
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }

    fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// The places that rules know and no file is at.
fn gone<'a>(known: impl Iterator<Item = &'a str>, sources: &[source::Source]) -> Vec<Finding> {
    let is_there = |place: &&str| sources.iter().any(|source| source.path.starts_with(*place));
    known
        .filter(|place| !is_there(place))
        .map(|place| {
            Finding::new(
                place,
                "holds no Rust file: tell tidy's rules where it lies now",
            )
        })
        .collect()
}

/// Checks every rule and prints the findings and the sizes.
///
/// # Errors
/// When the files cannot be listed or read.
pub(crate) fn tidy() -> Result<ExitCode> {
    let root = crate::launch::root()?;
    let files = tree::files(&root)?;
    let (sources, mut findings) = source::read_all(&files);
    findings.extend(edges::check(tree::text(&files, "Cargo.lock")));
    findings.extend(sources.iter().flat_map(words::check));
    findings.extend(sources.iter().flat_map(sizes::check));
    findings.extend(sizes::check_xtask(&sources));
    findings.extend(files.iter().flat_map(|f| places::check(f, &root)));
    findings.extend(papers::check(&files, &sources));
    findings.extend(gone(words::places().chain(papers::folders()), &sources));
    findings.extend(book::check(&files));
    findings.extend(catalogue::check(&files));
    findings.extend(cycles::check(&files));
    let report = sizes::Report::of(&sources);
    findings.extend(report.check());
    print_line(&report.to_string());
    for finding in &findings {
        print_line(&finding.to_string());
    }
    if findings.is_empty() {
        print_line(&format!("tidy: {} files, nothing found", files.len()));
        return Ok(ExitCode::SUCCESS);
    }
    print_line(&format!(
        "tidy: {} found in {} files",
        findings.len(),
        files.len()
    ));
    Ok(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_for_a_folder_that_moved_is_found() {
        let sources = [source::read("crates/x/src/new/a.rs", "").unwrap()];
        let found = gone(
            ["crates/x/src/new/", "crates/x/src/old/"].into_iter(),
            &sources,
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "crates/x/src/old/");
    }
}
