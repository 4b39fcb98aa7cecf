//! The book hangs together: every page is in the summary, every relative link leads somewhere.

use super::Finding;
use super::tree::{File, text};

const SUMMARY: &str = "docs/src/SUMMARY.md";

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
        for (line, target) in links(page.text.as_deref().unwrap_or("")) {
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
