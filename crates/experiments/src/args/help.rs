//! What help says of names: read from the [catalogue](crate::catalogue), so that no name stands here.

use clap::Command;
use clap::builder::StyledStr;

use crate::catalogue::{Entry, Kind, entries, listed, names};

/// How the texts of this crate call the program.
const DEFAULT: &str = "cargo xtask";

/// Columns of a terminal.
const WIDTH: usize = 80;

/// Columns before what belongs to a heading.
const INDENT: usize = 10;

/// The line of an option that takes a name.
#[must_use]
pub fn named(what: &str, kind: Kind, default: &str) -> String {
    let names = listed(kind, "or");
    format!("{what}: {names} [default: {default}]")
}

/// A heading and a line for each name.
pub(super) fn table(heading: &str, kind: Kind) -> String {
    let entries = entries(kind);
    let width = entries.iter().map(|entry| entry.name.len() + 2).max();
    let width = width.unwrap_or(0).max(8);
    let line = |Entry { name, about, .. }: &Entry| format!("{name:<width$}{about}");
    let lines: Vec<String> = entries.iter().map(line).collect();
    under(heading, &lines)
}

/// All tasks: those of the same versions together.
pub(super) fn tasks() -> String {
    let mut families: Vec<(String, Vec<String>)> = Vec::new();
    for task in names(Kind::Task) {
        let (family, version) = task.rsplit_once('-').unwrap_or((&task, ""));
        match families.iter_mut().find(|(name, _)| name == family) {
            Some((_, versions)) => versions.push(version.to_owned()),
            None => families.push((family.to_owned(), vec![version.to_owned()])),
        }
    }
    let mut groups: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for (family, versions) in families {
        match groups.iter_mut().find(|(_, of)| *of == versions) {
            Some((names, _)) => names.push(family),
            None => groups.push((vec![family], versions)),
        }
    }
    let group = |(names, versions): &(Vec<String>, Vec<String>)| {
        format!("{} ({})", names.join(", "), versions.join(", "))
    };
    let groups: Vec<String> = groups.iter().map(group).collect();
    let said = format!(
        "{}; the version is optional, case and hyphens are forgiven",
        groups.join(", ")
    );
    under("Tasks:", &wrapped(&said, WIDTH - INDENT))
}

/// Lines below each other, the first beside a heading.
fn under(heading: &str, lines: &[String]) -> String {
    let blank = " ".repeat(INDENT);
    format!("{heading:<INDENT$}{}", lines.join(&format!("\n{blank}")))
}

/// A text in lines of `width` columns.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines
            .last_mut()
            .filter(|line| line.len() + 1 + word.len() <= width)
        {
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A command whose help says `program` where these texts say `cargo xtask`.
pub(super) fn called(command: Command, program: &str) -> Command {
    let named = |text: &StyledStr| text.to_string().replace(DEFAULT, program);
    let mut command = command.mut_args(|arg| match arg.get_help().map(named) {
        Some(help) => arg.help(help),
        None => arg,
    });
    if let Some(after) = command.get_after_help().map(named) {
        command = command.after_help(after);
    }
    command.mut_subcommands(|inner| called(inner, program))
}
