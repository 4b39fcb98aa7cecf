//! Tells the program the commit that it is built from, where git knows one.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

use std::process::Command;

fn main() {
    // Where a commit is made or chosen, or a source changes.
    for path in ["HEAD", "index"] {
        if let Some(path) = git(&["rev-parse", "--git-path", path]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    for path in ["build.rs", "src", "../crates", "../Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_default();
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    let changed = changed.is_some_and(|files| !files.is_empty());
    let with = if changed { " with changes" } else { "" };
    println!("cargo::rustc-env=BUILD_COMMIT={commit}{with}");
}

/// What git says; nothing where it is not there, or this is no checkout.
fn git(words: &[&str]) -> Option<String> {
    let done = Command::new("git").args(words).output().ok()?;
    let said = String::from_utf8(done.stdout).ok()?;
    done.status.success().then(|| said.trim().to_owned())
}
