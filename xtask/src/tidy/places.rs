//! Places that only exist on one machine: absolute paths, other registries.

use std::env;
use std::path::Path;

use super::Finding;
use super::tree::File;

/// How paths of a person's machine start. Split, so that this file does not find itself.
const HOMES: [&str; 3] = [
    concat!("/ho", "me/"),
    concat!("/Use", "rs/"),
    concat!("C:\\Use", "rs"),
];

/// What names a registry or a replacement of one.
const REGISTRIES: [&str; 3] = [
    concat!("sparse+", "http"),
    concat!("[sour", "ce."),
    concat!("[regis", "tries"),
];

/// Checks one file, knowing where the project lies on this machine.
pub(crate) fn check(file: &File, root: &Path) -> Vec<Finding> {
    let Some(text) = &file.text else {
        return Vec::new();
    };
    let mut local: Vec<String> = HOMES.map(str::to_owned).to_vec();
    let home = env::var_os("HOME").unwrap_or_default();
    for place in [Some(root), root.parent(), Some(Path::new(&home))] {
        let place = place.map(|path| path.display().to_string());
        local.extend(place.filter(|p| p.len() > 1).map(|place| place + "/"));
    }
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut report = |what: &str| findings.push(Finding::at(&file.path, index + 1, what));
        if local.iter().any(|place| names(line, place)) {
            report("names a path of one machine");
        }
        if REGISTRIES.iter().any(|word| line.contains(word)) {
            report("names a package registry");
        }
    }
    findings
}

/// Whether a line names a place, and not a longer path that has its name within.
fn names(line: &str, place: &str) -> bool {
    let within =
        |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || "_-.".contains(c));
    line.match_indices(place)
        .any(|(at, _)| !within(&line[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> usize {
        let file = File {
            path: "x.md".into(),
            text: Some(line.into()),
        };
        check(&file, Path::new("/some/where/project")).len()
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        assert_eq!(found("see runs/x and ../shared"), 0);
        assert_eq!(found(concat!("see /ho", "me/ann/runs")), 1);
        assert_eq!(found("see /some/where/project/runs"), 1);
        assert_eq!(found("see /some/where/else"), 1);
        assert_eq!(found("see target/some/where/else"), 0);
    }

    #[test]
    fn registries_are_found() {
        assert_eq!(found(concat!("[sour", "ce.crates-io]")), 1);
        assert_eq!(
            found(concat!("registry = \"sparse+", "https://mirror.example/\"")),
            1
        );
    }
}
