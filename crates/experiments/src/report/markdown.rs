//! The report as Markdown, for a repository or a book: its tables and the two pictures that say most.

use anyhow::Result;

use super::page::Contents;
use super::table::Table;
use super::words::{text, value};
use super::{beside, claims, finals, run};
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
    let mut blocks = vec![
        format!(
            "{MARKDOWN} `{}`. -->\n# {}",
            // Which would end the comment: an empty pair of quotes within a quoted word says the same to a shell.
            options.made[0].replace("-->", "--''>"),
            text(&options.title)
        ),
        contents.counts(),
    ];
    blocks.extend(contents.left_out());
    let curves = contents.figures.iter().find(|(name, _)| *name == "curves");
    blocks.extend(curves.map(|_| {
        let words = contents.lines();
        format!("![Learning curves](figures/curves.svg)\n\n{words}")
    }));
    if !contents.claims.is_empty() {
        blocks.extend(["## Claims".to_owned(), claims::rule()]);
    }
    for claim in contents.claims {
        blocks.push(format!("**{}**", claim.words));
        blocks.extend(claim.notes.iter().cloned());
        blocks.extend(claim.table.as_ref().map(Table::markdown));
    }
    let table = finals::in_each_task(contents.set, contents.board, |run| run.seed.to_string())?;
    blocks.extend([
        "## Final scores".to_owned(),
        finals::cells(contents.board),
        table.markdown(),
    ]);
    for paper in beside::with_tables(&options.papers) {
        blocks.extend(["## Beside the paper".to_owned(), beside::words(paper)]);
        for table in &paper.tables {
            let beside = beside::beside(contents.set, table)?;
            blocks.push(format!("**{}.** {}", beside.title, beside.words));
            blocks.extend(beside.note);
            blocks.push(beside.table.markdown());
        }
        if !paper.not_comparable.is_empty() {
            let lines = paper.not_comparable.iter();
            let lines: Vec<String> = lines.map(|line| format!("- {}", text(line))).collect();
            blocks.extend(["Not comparable:".to_owned(), lines.join("\n")]);
        }
    }
    blocks.push(format!("## {}", contents.together()));
    match contents.aggregates {
        Err(why) => blocks.push(format!("Not shown: {}.", text(why))),
        Ok(found) => {
            blocks.push(found.words());
            blocks.extend(found.notes());
            blocks.push(found.table().markdown());
            blocks.push("![Aggregates](figures/aggregates.svg)".to_owned());
        }
    }
    blocks.extend(["## Runs".to_owned(), runs(contents).markdown()]);
    let blocks: Vec<&str> = blocks.iter().map(|block| block.trim_end()).collect();
    Ok(blocks.join("\n\n") + "\n")
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
        "backend",
    ];
    let none = || "–".to_owned();
    let row = |run: &Run| {
        let last = |column: &str| {
            let value = run.column(column).and_then(|values| values.last());
            value.map_or_else(none, |share| format!("{share:.3}"))
        };
        let score = score::score(run, contents.board.summary);
        vec![
            text(&run.task),
            text(&run.method),
            run.seed.to_string(),
            thousands(run.steps.last().copied().unwrap_or(0.0)),
            score.map_or_else(none, value),
            format!("{} · {}", last("actor_density"), last("critic_density")),
            run::version(run).map_or_else(none, |version| text(&version)),
            run::backend(run).map_or_else(none, |backend| text(&backend)),
        ]
    };
    Table {
        head: head.map(str::to_owned).to_vec(),
        rows: contents.set.runs().iter().map(row).collect(),
    }
}
