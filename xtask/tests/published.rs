//! Published reports say what the runs beside them say, and no number in them was typed by hand.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What such a report begins with.
const MADE: &str = "<!-- A report of runs, made and not to be edited: `cargo xtask ";

/// The reports below a folder.
fn reports(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            reports(&path, found);
        } else if path.file_name().is_some_and(|name| name == "README.md")
            && fs::read_to_string(&path).unwrap().starts_with(MADE)
        {
            found.push(path);
        }
    }
}

/// The words of a command as it is printed: plain, or in single quotes.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in command.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words
}

#[test]
fn published_reports_are_made_from_the_runs_beside_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    reports(&root.join("docs/results"), &mut found);
    assert!(!found.is_empty());
    let folder = tempfile::tempdir().unwrap();
    for (at, report) in found.iter().enumerate() {
        let text = fs::read_to_string(report).unwrap();
        let command = text.strip_prefix(MADE).unwrap();
        let mut words = words(command.split("`. -->").next().unwrap());
        let out = folder.path().join(at.to_string());
        let option = words.iter().position(|word| word == "--out").unwrap();
        words[option + 1] = out.display().to_string();
        for run in words
            .iter()
            .skip(1)
            .take_while(|word| !word.starts_with("--"))
        {
            assert!(
                run.starts_with("docs/results/"),
                "{}: {run}",
                report.display()
            );
        }
        let made = Command::new(env!("CARGO_BIN_EXE_run"))
            .args(&words)
            .current_dir(root)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{}: {said}", report.display());
        let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
        // The first line has the folder.
        let after = |text: &str| text.split_once('\n').unwrap().1.to_owned();
        let there = report.parent().unwrap();
        assert_eq!(
            after(&read(&out, "README.md")),
            after(&text),
            "{}: make it again",
            report.display()
        );
        for name in ["scores.csv", "figures/curves.svg", "figures/aggregates.svg"] {
            if !there.join(name).exists() && !out.join(name).exists() {
                continue;
            }
            assert!(
                read(&out, name) == read(there, name),
                "{}: {name}",
                there.display()
            );
        }
    }
}
