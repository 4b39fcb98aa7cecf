//! What comes from a paper names it, and what a user can choose has its place in the book.

use super::Finding;
use super::source::Source;
use super::tree::{File, stem, text};

/// Folders whose files each follow a paper, and where the book must name them.
const KINDS: [(&str, Page); 5] = [
    (
        "crates/sparse-core/src/topology/rules/",
        Page::Names("docs/src/sparsity.md"),
    ),
    (
        "crates/rl-algos/src/algos/",
        Page::Own("docs/src/algorithms/"),
    ),
    (
        "crates/rl-algos/src/recipes/",
        Page::Names("docs/src/algorithms/td3.md"),
    ),
    (
        "crates/offline-prune/src/criteria/",
        Page::Names("docs/src/offline.md"),
    ),
    (
        "crates/offline-prune/src/algos/",
        Page::Own("docs/src/algorithms/"),
    ),
];

/// The tasks, which follow Gymnasium's documentation and not a paper, and the folder of their pages.
const TASKS: (&str, &str) = ("crates/envs/src/tasks/gymnasium/", "docs/src/tasks/");

/// Files of these folders that are no subject of their own: what several share.
const SHARED: [&str; 11] = [
    "mod",
    "common",
    "tests",
    "base",
    "parts",
    "policy",
    "gaussian",
    "soft_actor",
    "slope_tests",
    "version",
    "planar_walker",
];

/// Where a file's subject stands in the book.
enum Page {
    /// A page of this name in this folder.
    Own(&'static str),
    /// This page names it, in backticks.
    Names(&'static str),
}

/// Checks every file that follows a paper or is a task.
pub(crate) fn check(files: &[File], sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let subject = stem(&source.path);
        if SHARED.contains(&subject) {
            continue;
        }
        let inside = |folder: &str| source.path.starts_with(folder);
        for (_, page) in KINDS.iter().filter(|(folder, _)| inside(folder)) {
            if !cites(&source.header) {
                let what =
                    "its `//!` names no paper; give its authors and year, or arXiv:NNNN.NNNNN";
                findings.push(Finding::new(&source.path, what));
            }
            findings.extend(missing(files, page, subject));
        }
        if inside(TASKS.0) {
            findings.extend(missing(files, &Page::Own(TASKS.1), subject));
        }
    }
    findings
}

/// The folders that these rules look into. One that is empty now lies elsewhere, and its rule would find nothing.
pub(crate) fn folders() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(folder, _)| *folder).chain([TASKS.0])
}

/// Whether a header names an arXiv paper, a DOI, or authors with a year.
fn cites(header: &str) -> bool {
    let digits =
        |text: &str| text.len() >= 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    let arxiv = header.split("arXiv").skip(1);
    let mut arxiv = arxiv.map(|rest| rest.trim_start_matches([':', ' ']));
    let authors = header.contains("et al") || header.contains(" & ");
    let mut words = header.split(|c: char| !c.is_ascii_alphanumeric());
    let year =
        words.any(|word| word.len() == 4 && digits(word) && ("1900".."2100").contains(&word));
    arxiv.any(digits) || header.contains("doi.org/10.") || (authors && year)
}

/// The finding when the book lacks the subject.
fn missing(files: &[File], page: &Page, subject: &str) -> Option<Finding> {
    match page {
        Page::Own(folder) => {
            let path = format!("{folder}{subject}.md");
            let what = format!("missing: the page of `{subject}`");
            (text(files, &path).is_empty()).then(|| Finding::new(path, what))
        }
        Page::Names(path) => {
            let named = text(files, path).contains(&format!("`{subject}`"));
            (!named).then(|| Finding::new(*path, format!("does not name `{subject}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::read;
    use super::*;

    fn page(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            text: Some(text.into()),
        }
    }

    #[test]
    fn a_rule_names_its_paper_and_the_book_names_the_rule() {
        let path = "crates/sparse-core/src/topology/rules/rigl.rs";
        let book = [page("docs/src/sparsity.md", "the rule `rigl`")];
        let cited = read(path, "//! RigL, arXiv:1911.11134.").unwrap();
        let bare = read(path, "//! RigL, arXiv.").unwrap();
        assert_eq!(check(&book, &[cited]), []);
        assert_eq!(check(&book, &[bare]).len(), 1);
        let cited = read(path, "//! RigL, arXiv:1911.11134.").unwrap();
        assert_eq!(check(&[], &[cited]).len(), 1);
    }

    #[test]
    fn a_paper_has_a_number_or_authors_and_a_year() {
        for good in [
            "arXiv:1911.11134",
            "(arXiv 2205.15043)",
            "Evci et al. 2020",
            "Kingma & Ba 2015",
        ] {
            assert!(cites(good), "{good}");
        }
        for bad in [
            "",
            "arXiv",
            "see the paper of 2020",
            "Evci et al.",
            "in 10 000 steps, et al.",
        ] {
            assert!(!cites(bad), "{bad}");
        }
    }

    #[test]
    fn an_algorithm_has_its_page() {
        let source = || read("crates/rl-algos/src/algos/td3.rs", "//! arXiv:1802.09477").unwrap();
        assert!(
            check(&[], &[source()])[0]
                .what
                .contains("the page of `td3`")
        );
        assert_eq!(
            check(&[page("docs/src/algorithms/td3.md", "# TD3")], &[source()]),
            []
        );
    }

    #[test]
    fn a_task_has_its_page() {
        let source = || {
            read(
                "crates/envs/src/tasks/gymnasium/half_cheetah.rs",
                "//! A task.",
            )
            .unwrap()
        };
        assert_eq!(check(&[], &[source()]).len(), 1);
        let book = [page("docs/src/tasks/half_cheetah.md", "# HalfCheetah")];
        assert_eq!(check(&book, &[source()]), []);
    }
}
