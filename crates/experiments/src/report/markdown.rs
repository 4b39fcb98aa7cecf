//! The report as Markdown, for a repository or a book: its tables and the two pictures that say most.

use std::fmt::Write;
use std::fs;

use anyhow::Result;

use super::page::Contents;
use super::table::Table;
use super::words::{text, value};
use super::{beside, claims, finals};
use crate::folder::names::MARKDOWN;
use crate::runs::Run;
use crate::runs::score;
use crate::terminal::table::thousands;

/// The text.
///
/// # Errors
/// When a table of a paper has no score.
pub(super) fn markdown(contents: &Contents) -> Result<String> {
    let options = contents.options;
    let mut text_of = format!("{MARKDOWN} `{}`. -->\n", options.made[0]);
    let _ = writeln!(
        text_of,
        "# {}\n\n{}",
        text(&options.title),
        contents.counts()
    );
    paragraphs(&mut text_of, &contents.left_out());
    if contents.figures.iter().any(|(name, _)| *name == "curves") {
        text_of += "\n![Learning curves](figures/curves.svg)\n";
    }
    for (at, claim) in contents.claims.iter().enumerate() {
        if at == 0 {
            let _ = writeln!(text_of, "\n## Claims\n\n{}", claims::RULE);
        }
        let _ = writeln!(
            text_of,
            "\n**{}**\n\n{}",
            claim.words,
            claim.table.markdown()
        );
    }
    let table = finals::in_each_task(contents.set, contents.board, |run| run.seed.to_string())?;
    let _ = writeln!(
        text_of,
        "\n## Final scores\n\n{}\n\n{}",
        finals::cells(contents.board),
        table.markdown()
    );
    for paper in &options.papers {
        let _ = writeln!(text_of, "## Beside the paper\n\n{}", beside::words(paper));
        for table in &paper.tables {
            let beside = beside::beside(contents.set, table)?;
            let _ = writeln!(text_of, "\n**{}.** {}", beside.title, beside.words);
            paragraphs(&mut text_of, beside.note.as_slice());
            let _ = writeln!(text_of, "\n{}", beside.table.markdown());
        }
        if !paper.not_comparable.is_empty() {
            text_of += "Not comparable:\n\n";
            for line in &paper.not_comparable {
                let _ = writeln!(text_of, "- {}", text(line));
            }
            text_of += "\n";
        }
    }
    text_of += "## All tasks together\n\n";
    match contents.aggregates {
        Err(why) => {
            let _ = writeln!(text_of, "Not shown: {}.", text(why));
        }
        Ok(found) => {
            text_of += &found.words();
            text_of += "\n";
            paragraphs(&mut text_of, &found.notes());
            let _ = writeln!(text_of, "\n{}", found.table().markdown());
            text_of += "![Aggregates](figures/aggregates.svg)\n";
        }
    }
    let _ = write!(text_of, "\n## Runs\n\n{}", runs(contents).markdown());
    Ok(text_of)
}

fn paragraphs(text_of: &mut String, notes: &[String]) {
    for note in notes {
        let _ = writeln!(text_of, "\n{note}");
    }
}

/// Each run: its score, what was left of its networks, and what made it.
fn runs(contents: &Contents) -> Table {
    let head = [
        "task",
        "method",
        "seed",
        "steps",
        "score",
        "density, actor · critic",
        "version",
        "processor",
    ];
    let row = |run: &Run| {
        let last = |column: &str| {
            let value = run.column(column).and_then(|values| values.last());
            value.map_or_else(|| "–".to_owned(), |share| format!("{share:.3}"))
        };
        let score = score::score(run, contents.board.summary);
        let read = |name: &str| fs::read_to_string(run.path.join(name)).ok();
        let info = read("checkpoints/latest.json");
        let info = info.and_then(|t| serde_json::from_str::<serde_json::Value>(&t).ok());
        let version = info.as_ref().and_then(|info| info["version"].as_str());
        let device = read("device");
        vec![
            text(&run.task),
            text(&run.method),
            run.seed.to_string(),
            thousands(run.steps.last().copied().unwrap_or(0.0)),
            score.map_or_else(|| "–".to_owned(), value),
            format!("{} · {}", last("actor_density"), last("critic_density")),
            text(version.unwrap_or("–")),
            text(device.as_deref().map_or("–", str::trim)),
        ]
    };
    Table {
        head: head.map(str::to_owned).to_vec(),
        rows: contents.set.runs().iter().map(row).collect(),
    }
}
