//! The page: text, tables and pictures in one file that needs no network.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use anyhow::Result;
use base64::Engine;

use super::beside::with_tables;
use super::claims::{self, Judged};
use super::finals::{self, Aggregates};
use super::table::Table;
use super::words::{count, text, value};
use super::{Options, beside, connections, run, svg};
use crate::charts::figure::Figure;
use crate::folder::names::{CONFIG, FROM, REPORT};
use crate::runs::score::{self, Board};
use crate::runs::{Run, RunSet, networks};
use crate::stats::curve::Centre;
use crate::terminal::shell;
use crate::terminal::table::thousands;

const STYLE: &str = include_str!("page.css");

/// Opens what a link of the page leads to.
const SCRIPT: &str = "function show(){const e=location.hash&&document.getElementById(decodeURIComponent(location.hash.slice(1)));if(e&&e.tagName==='DETAILS'){e.open=true;e.scrollIntoView()}}addEventListener('hashchange',show);show();";

/// What a page shows.
pub(super) struct Contents<'a> {
    pub(super) set: &'a RunSet,
    /// Runs that are left out since others of their method are longer.
    pub(super) behind: &'a [String],
    pub(super) board: &'a Board,
    pub(super) options: &'a Options,
    /// Or why there are none.
    pub(super) aggregates: &'a std::result::Result<Aggregates, String>,
    pub(super) figures: &'a [(&'static str, Figure)],
    pub(super) claims: &'a [Judged],
}

impl Contents<'_> {
    /// How many runs, tasks, methods and seeds there are, and which of the studies' runs are not.
    pub(super) fn counts(&self) -> String {
        let set = self.set;
        let seeds: BTreeSet<u64> = set.runs().iter().map(|run| run.seed).collect();
        let mut absent: Vec<(String, usize)> = Vec::new();
        for run in set.absent() {
            let name = format!("{} in {}", run.method, run.learns_from);
            match absent.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => *times += 1,
                None => absent.push((name, 1)),
            }
        }
        let absent = absent
            .iter()
            .map(|(name, times)| format!("{times} of {name}"));
        let absent: Vec<String> = absent.collect();
        let absent = match absent.len() {
            0 => String::new(),
            _ => format!(" Planned and not here: {}.", text(&absent.join(", "))),
        };
        format!(
            "{} in {} by {} with {}.{absent}",
            count(set.runs().len(), "run"),
            count(set.tasks().len(), "task"),
            count(set.methods().len(), "method"),
            count(seeds.len(), "seed"),
        )
    }

    /// The heading of the aggregates.
    pub(super) fn together(&self) -> &'static str {
        match self.set.tasks().len() {
            1 => "Aggregates",
            _ => "All tasks together",
        }
    }

    /// What lines and bands of learning curves are.
    pub(super) fn lines(&self) -> String {
        let centre = match self.options.centre {
            Centre::Mean => "mean",
            Centre::Iqm => "interquartile mean",
        };
        format!(
            "Lines: {centre} over seeds; bands: its 95 % interval by the bootstrap over seeds; no band where there is one seed."
        )
    }

    /// Which runs are left out, and why.
    pub(super) fn left_out(&self) -> Vec<String> {
        let missing = [
            ("there is no evaluation yet", self.set.left_out()),
            ("others of the same method are longer", self.behind),
        ];
        let missing = missing
            .into_iter()
            .filter(|(_, folders)| !folders.is_empty());
        missing
            .map(|(why, folders)| format!("Left out, as {why}: {}.", text(&folders.join(", "))))
            .collect()
    }
}

/// The text of the page.
///
/// # Errors
/// When a figure cannot be drawn or a run's networks are damaged.
pub(super) fn page(contents: &Contents) -> Result<String> {
    let Contents { set, options, .. } = contents;
    let title = text(&options.title);
    let mut page = format!(
        "{REPORT}\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    let _ = writeln!(
        page,
        "<p>{} Made by <code>{}</code>, {}.</p>",
        contents.counts(),
        text(&options.made[0]),
        text(&options.made[1]),
    );
    for note in contents.left_out() {
        let _ = writeln!(page, "<p class=\"note\">{note}</p>");
    }
    if let Some((film, words)) = &options.film {
        let picture = base64::engine::general_purpose::STANDARD.encode(film);
        let _ = writeln!(
            page,
            "<figure class=\"film\"><img alt=\"film\" src=\"data:image/gif;base64,{picture}\"><figcaption>{}</figcaption></figure>",
            text(words)
        );
    }
    curves(&mut page, contents)?;
    finals(&mut page, contents)?;
    papers(&mut page, contents)?;
    aggregates(&mut page, contents)?;
    sparsity(&mut page, contents)?;
    page += "<h2>Each run</h2>\n<p>Settings, losses, values, replay and connections. The horizontal axis is steps. \
             <b>Q</b>: the critic's mean value of a batch, beside the discounted return that the mean reward per step of \
             the evaluations comes to; the band reaches from an episode that ends for good where it ended to one that goes \
             on for ever. A critic far above the band overestimates.</p>\n";
    for run in set.runs() {
        drill(&mut page, run, contents.board)?;
    }
    let _ = writeln!(page, "<script>{SCRIPT}</script>\n</body></html>");
    Ok(page)
}

/// A figure that has been drawn, by its name.
fn figure(page: &mut String, contents: &Contents, name: &str, words: &str) -> Result<bool> {
    let found = contents.figures.iter().find(|(own, _)| *own == name);
    if let Some((_, figure)) = found {
        let picture = svg(figure)?;
        let _ = writeln!(
            page,
            "<figure id=\"{name}\">{picture}<figcaption>{} As files: <a href=\"figures/{name}.svg\">SVG</a>, \
             <a href=\"figures/{name}.png\">PNG</a>.</figcaption></figure>",
            text(words)
        );
    }
    Ok(found.is_some())
}

fn curves(page: &mut String, contents: &Contents) -> Result<()> {
    *page += "<h2>Learning curves</h2>\n";
    figure(page, contents, "curves", &contents.lines())?;
    Ok(())
}

/// The scores in each task.
fn finals(page: &mut String, contents: &Contents) -> Result<()> {
    let link = |run: &Run| format!("<a href=\"#{}\">{}</a>", anchor(run), run.seed);
    let table = finals::in_each_task(contents.set, contents.board, link)?;
    let _ = writeln!(
        page,
        "<h2>Final scores</h2>\n<p>{}</p>\n{}<p>As files: <a href=\"scores.csv\">scores.csv</a>, and all evaluations in \
         <a href=\"evaluations.csv\">evaluations.csv</a>.</p>",
        finals::cells(contents.board),
        table.html()
    );
    Ok(())
}

/// What papers say of the same runs, and claim.
fn papers(page: &mut String, contents: &Contents) -> Result<()> {
    for paper in with_tables(&contents.options.papers) {
        let _ = writeln!(
            page,
            "<h2>Beside the paper</h2>\n<p>{}</p>",
            beside::words(paper)
        );
        for table in &paper.tables {
            let beside = beside::beside(contents.set, table)?;
            let _ = writeln!(page, "<h3>{}</h3>\n<p>{}</p>", beside.title, beside.words);
            if let Some(note) = &beside.note {
                let _ = writeln!(page, "<p class=\"note\">{note}</p>");
            }
            *page += &beside.table.html();
        }
        if !paper.not_comparable.is_empty() {
            *page += "<p>Not comparable:</p>\n<ul>\n";
            for line in &paper.not_comparable {
                let _ = writeln!(page, "<li>{}</li>", text(line));
            }
            *page += "</ul>\n";
        }
    }
    if !contents.claims.is_empty() {
        let _ = writeln!(page, "<h2>Claims</h2>\n<p>{}</p>", claims::rule());
    }
    for claim in contents.claims {
        let _ = writeln!(page, "<h3>{}</h3>", claim.words);
        for note in &claim.notes {
            let _ = writeln!(page, "<p class=\"note\">{note}</p>");
        }
        *page += &claim.table.as_ref().map_or_else(String::new, Table::html);
    }
    Ok(())
}

/// The aggregates over all tasks.
fn aggregates(page: &mut String, contents: &Contents) -> Result<()> {
    let _ = writeln!(page, "<h2>{}</h2>", contents.together());
    let found = match contents.aggregates {
        Ok(found) => found,
        Err(why) => {
            let _ = writeln!(page, "<p class=\"note\">Not shown: {}.</p>", text(why));
            return Ok(());
        }
    };
    let _ = writeln!(page, "<p>{}</p>", found.words());
    for note in found.notes() {
        let _ = writeln!(page, "<p class=\"note\">{note}</p>");
    }
    *page += &found.table().html();
    figure(
        page,
        contents,
        "aggregates",
        "Marks: the aggregate; bars: its 95 % interval.",
    )?;
    figure(
        page,
        contents,
        "together",
        "Left: the share of all runs above each score. Right: scores along training. Bands: 95 %, at each place for itself.",
    )?;
    Ok(())
}

fn sparsity(page: &mut String, contents: &Contents) -> Result<()> {
    let mut section = String::new();
    let shown = figure(
        &mut section,
        contents,
        "density",
        "Share of the actor's possible connections that are there.",
    )?;
    let values = figure(
        &mut section,
        contents,
        "q",
        "The critic's mean value of a batch.",
    )?;
    if shown || values {
        *page += "<h2>Density and values</h2>\n";
        *page += &section;
    }
    Ok(())
}

/// A run by itself.
fn drill(page: &mut String, run: &Run, board: &Board) -> Result<()> {
    let score = score::score(run, board.summary).map_or_else(|| "no return".to_owned(), value);
    let _ = writeln!(
        page,
        "<details id=\"{}\"><summary><b>{}</b> {} seed {}: {score} <small>{}</small></summary>",
        anchor(run),
        text(&run.task),
        text(&run.method),
        run.seed,
        text(&run.path.display().to_string())
    );
    let _ = writeln!(page, "<p>{}</p>", made(run));
    let _ = writeln!(page, "<figure>{}</figure>", svg(&run::figure(run))?);
    let folder = match run.path.is_file() {
        true => run.path.parent(),
        false => Some(run.path.as_path()),
    };
    if let Some(file) = folder
        .and_then(networks::file)
        .filter(|_| run.path.is_dir())
    {
        let layers = networks::layers(&file)?;
        let name = file.strip_prefix(&run.path).unwrap_or(&file);
        layers_of(page, &layers, &name.display().to_string())?;
    }
    let settings = run
        .settings
        .iter()
        .map(|(key, value)| format!("{key} = {value}\n"));
    let settings: String = settings.collect();
    let _ = writeln!(
        page,
        "<details><summary>settings</summary><pre>{}</pre></details></details>",
        text(&settings)
    );
    Ok(())
}

/// Densities of all layers, and pictures of the first ones.
fn layers_of(page: &mut String, layers: &[networks::Layer], file: &str) -> Result<()> {
    let row = |layer: &networks::Layer| {
        vec![
            format!("{}.{}", text(&layer.network), layer.index),
            format!("{} → {}", layer.inputs, layer.outputs),
            thousands(layer.positions.len() as f64),
            format!("{:.4}", layer.density()),
        ]
    };
    let head = ["layer", "inputs → outputs", "connections", "density"];
    let table = Table {
        head: head.map(str::to_owned).to_vec(),
        rows: layers.iter().map(row).collect(),
    };
    let _ = writeln!(
        page,
        "<h3>Connections in {}</h3>{}",
        text(file),
        table.html()
    );
    for layer in layers.iter().filter(|layer| layer.index == 0) {
        let kept = layer.by_input();
        let used = kept.iter().filter(|count| **count > 0).count();
        let _ = writeln!(
            page,
            "<figure><figcaption>First layer of {}: {used} of {} inputs are read. A row is an input with the number of \
             its connections, a column a unit.</figcaption>",
            text(&layer.network),
            layer.inputs
        );
        if layer.density() == 1.0 {
            *page += "<p>All connections are there.</p>";
        } else if let Some(picture) = connections::picture(layer)? {
            let counts: Vec<String> = kept.iter().map(ToString::to_string).collect();
            let rows = if layer.inputs <= 40 {
                counts.join("<br>")
            } else {
                String::new()
            };
            let height = (layer.inputs * 16).min(900);
            let _ = writeln!(
                page,
                "<div class=\"layer\" style=\"height:{height}px\"><div class=\"counts\">{rows}</div>\
                 <img alt=\"connections\" src=\"{picture}\"></div>"
            );
        }
        *page += "</figure>\n";
    }
    Ok(())
}

/// What made a run: the command that makes it again, the version, the device.
fn made(run: &Run) -> String {
    let folder = &run.path;
    if !folder.is_dir() {
        return "read from a table alone".to_owned();
    }
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let mut said = Vec::new();
    if !run.offline {
        let word = shell::word(&folder.join(CONFIG));
        let program = crate::terminal::tell::program();
        let command = format!("{program} train --config {word}");
        let settings = read(CONFIG).unwrap_or_default();
        let from = settings.lines().find_map(|line| line.strip_prefix(FROM));
        let from = from.map_or(String::new(), |from| {
            format!(
                " with <code>--init-from</code>, as it began with {}",
                text(from)
            )
        });
        said.push(format!(
            "Made again by <code>{}</code>{from}",
            text(&command)
        ));
    }
    said.extend(run::version(run).map(|version| format!("version {}", text(&version))));
    said.extend(run::backend(run).map(|backend| format!("on {}", text(&backend))));
    said.join(", ")
}

/// The name of a run's place in the page.
fn anchor(run: &Run) -> String {
    // Each letter that may not stand there by its number, so that no two runs have one name.
    let word = |text: &str| -> String {
        let letter = |c: char| match c.is_ascii_alphanumeric() || "-.".contains(c) {
            true => c.to_string(),
            false => format!("~{:x}~", u32::from(c)),
        };
        text.chars().map(letter).collect()
    };
    format!("{}_{}_{}", word(&run.task), word(&run.method), run.seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(path: &std::path::Path, method: &str) -> Run {
        Run {
            name: "a".to_owned(),
            path: path.to_owned(),
            task: "Hopper-v5".to_owned(),
            method: method.to_owned(),
            recipe: "static-td3".to_owned(),
            seed: 0,
            offline: false,
            settings: Vec::new(),
            steps: Vec::new(),
            columns: Vec::new(),
        }
    }

    #[test]
    fn methods_that_look_alike_have_places_of_their_own() {
        let anchor = |method: &str| anchor(&run("a".as_ref(), method));
        assert_eq!(anchor("rlx2-td3"), "Hopper-v5_rlx2-td3_0");
        let alike = ["a b", "a-b", "a_b", "a+b", "a~b", "aéb"].map(anchor);
        let apart: BTreeSet<&String> = alike.iter().collect();
        assert_eq!(apart.len(), alike.len(), "{alike:?}");
        assert!(
            alike
                .iter()
                .all(|name| name.is_ascii() && !name.contains(' '))
        );
    }

    #[test]
    fn a_run_tells_how_it_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path(), "ticket");
        let write = |text: &str| fs::write(folder.path().join(CONFIG), text).unwrap();
        write("seed = 0\n");
        let said = made(&run);
        assert!(
            said.contains("train --config") && !said.contains("--init-from"),
            "{said}"
        );
        write("# init-from: ticket of runs/<b>\nseed = 0\n");
        let said = made(&run);
        assert!(
            said.ends_with(
                "with <code>--init-from</code>, as it began with ticket of runs/&lt;b&gt;"
            ),
            "{said}"
        );
    }
}
