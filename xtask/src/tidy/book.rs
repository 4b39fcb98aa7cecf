//! The book hangs together: every page is in the summary, every relative link leads somewhere, every source file that it
//! names is there, every code span is closed in its paragraph.

use super::Finding;
use super::tree::{File, text};

const SUMMARY: &str = "docs/src/SUMMARY.md";

/// Names files of earlier versions, too.
const CHANGELOG: &str = "CHANGELOG.md";

/// Checks every Markdown file.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let pages = files.iter().filter(|file| file.path.ends_with(".md"));
    let summary: Vec<String> = links(text(files, SUMMARY))
        .map(|(_, target)| resolve(SUMMARY, target))
        .collect();
    for page in pages {
        let listed = page.path == SUMMARY || summary.contains(&page.path);
        if page.path.starts_with("docs/src/") && !listed {
            findings.push(Finding::new(
                SUMMARY,
                format!("does not list {}", page.path),
            ));
        }
        for (line, named) in sources(page) {
            let end = format!("/{named}");
            if !files
                .iter()
                .any(|file| file.path == named || file.path.ends_with(&end))
            {
                let what = format!("there is no file `{named}`");
                findings.push(Finding::at(&page.path, line, what));
            }
        }
        let text = page.text.as_deref().unwrap_or("");
        findings.extend(unclosed(text).into_iter().map(|line| {
            let what =
                "a code span is not closed in this paragraph: has a replacement gone astray?";
            Finding::at(&page.path, line, what)
        }));
        for (line, target) in links(text) {
            let target_path = resolve(&page.path, target);
            let folder = format!("{target_path}/");
            let leads = |file: &File| file.path == target_path || file.path.starts_with(&folder);
            if !files.iter().any(leads) {
                let what = format!("the link to {target} leads nowhere");
                findings.push(Finding::at(&page.path, line, what));
            }
        }
    }
    findings
}

/// The relative links of a page with their lines, without what follows `#`.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        let targets = line.split("](").skip(1);
        let targets = targets.filter_map(|rest| rest.split([')', '#', ' ']).next());
        let relative = targets.filter(|t| !t.is_empty() && !t.contains("://"));
        relative.map(move |target| (index + 1, target))
    })
}

/// The Rust files that a page of today names in backticks by folder and name, with their lines; `x.rs` stands for any.
fn sources(page: &File) -> impl Iterator<Item = (usize, &str)> {
    let text = page.text.as_deref().filter(|_| page.path != CHANGELOG);
    let lines = text.unwrap_or("").lines().enumerate();
    lines.flat_map(|(index, line)| {
        let spans = line.split('`').skip(1).step_by(2);
        let named = spans.filter(|span| {
            let path =
                span.contains('/') && span.ends_with(".rs") && !span.contains([' ', '*', '{']);
            path && !span.ends_with("/x.rs")
        });
        named.map(move |span| (index + 1, span))
    })
}

/// The first lines of the paragraphs outside code blocks that have an odd number of backticks. A list's item, a table's row and a
/// heading are paragraphs of their own.
fn unclosed(text: &str) -> Vec<usize> {
    let (mut found, mut is_code, mut start, mut ticks) = (Vec::new(), false, 1, 0);
    for (index, line) in text.lines().chain([""]).enumerate() {
        let trimmed = line.trim_start();
        let is_fence = trimmed.starts_with("```");
        let starts = ["- ", "* ", "|", "#"];
        let begins = trimmed.is_empty() || starts.iter().any(|start| trimmed.starts_with(start));
        if is_fence || (begins && !is_code) {
            if ticks % 2 == 1 {
                found.push(start);
            }
            (start, ticks) = (index + 1, 0);
        }
        if is_fence {
            is_code = !is_code;
        } else if !is_code {
            if ticks == 0 && line.contains('`') {
                start = index + 1;
            }
            ticks += line.matches('`').count();
        }
    }
    found
}

/// The path that a link on a page means, from the root.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            text: Some(text.into()),
        }
    }

    #[test]
    fn a_whole_book_is_fine() {
        let files = [
            page(SUMMARY, "- [Start](start.md)\n- [TD3](algorithms/td3.md)"),
            page(
                "docs/src/start.md",
                "[TD3](algorithms/td3.md#recipes) [web](https://x.org)",
            ),
            page(
                "docs/src/algorithms/td3.md",
                "[start](../start.md), [code](../../../crates/)",
            ),
            page("crates/x.rs", ""),
        ];
        assert_eq!(check(&files), []);
    }

    #[test]
    fn a_source_file_that_moved_is_found() {
        let text = "`rules/rigl.rs`, `rules/x.rs`, `tests/*.rs`, `mod.rs`\n`rules/old.rs`";
        let files = [
            page(SUMMARY, "[a](a.md)"),
            page("docs/src/a.md", text),
            page("crates/a/src/rules/rigl.rs", ""),
            page(CHANGELOG, text),
        ];
        let found = check(&files);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "docs/src/a.md:2");
    }

    #[test]
    fn a_code_span_that_a_replacement_cut_is_found() {
        let whole =
            "`NAME=page.md` rewrites\nthe `tables\n--below`.\n- `a`\n\n```\n`\n```\n| `b` | c |";
        let cut = "`NAME_`compare.py` finds:\n\n| x |\n\nmore\nhere.=page.md` rewrites";
        let found = |text| check(&[page(SUMMARY, ""), page("README.md", text)]);
        assert_eq!(found(whole), []);
        let places: Vec<String> = found(cut).into_iter().map(|f| f.place).collect();
        assert_eq!(places, ["README.md:1", "README.md:6"]);
    }

    #[test]
    fn a_dead_link_and_an_unlisted_page_are_found() {
        let files = [
            page(SUMMARY, ""),
            page("docs/src/a.md", "x\n![picture](img/a.svg)"),
        ];
        let found = check(&files);
        assert_eq!(found.len(), 2);
        assert!(found[0].what.contains("does not list"));
        assert_eq!(found[1].place, "docs/src/a.md:2");
    }
}
