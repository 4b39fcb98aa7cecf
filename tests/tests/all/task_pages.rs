//! The tables on the pages of the tasks are those of the environments.
//!
//! `TASK_PAGES=1` writes them.

use envs::{SpaceDim, make};
use std::fmt::Write;
use std::path::Path;
use tests::recording::Result;

const TASKS: [&str; 11] = [
    "HalfCheetah",
    "Hopper",
    "Walker2d",
    "Ant",
    "Humanoid",
    "HumanoidStandup",
    "Swimmer",
    "InvertedPendulum",
    "InvertedDoublePendulum",
    "Reacher",
    "Pusher",
];

/// Rows of numbers with equal bounds and unit that only count on are drawn together.
const MOST_ROWS: usize = 60;

fn rows(text: &mut String, quantities: &[SpaceDim]) {
    let _ = writeln!(
        text,
        "| # | what | unit | lowest | highest |\n|---|---|---|---|---|"
    );
    for (i, q) in quantities.iter().enumerate().take(MOST_ROWS) {
        let _ = writeln!(
            text,
            "| {i} | {} | {} | {} | {} |",
            q.name, q.unit, q.low, q.high
        );
    }
    let left = quantities.len().saturating_sub(MOST_ROWS);
    if left > 0 {
        let last = &quantities[quantities.len() - 1].name;
        let _ = writeln!(text, "| … | {left} more, up to {last} | | | |");
    }
}

fn table(task: &str) -> Result<String> {
    let env = make(task).map_err(|error| error.to_string())?;
    let info = env.info();
    let (model, _) = env.physics().ok_or("no physics")?;
    let mut text = String::new();
    let dt = model.opt.timestep;
    let _ = writeln!(
        text,
        "\n`{}`: {} Source: {}.\n\n{} numbers observed, {} acted; {} physics steps of {dt} s per step, at most {} steps.\n",
        info.id,
        info.about,
        info.source,
        info.observation.len(),
        info.action.len(),
        info.frame_skip,
        info.max_episode_steps
    );
    let _ = writeln!(text, "### Action\n");
    rows(&mut text, &info.action);
    let _ = writeln!(text, "\n### Observation\n");
    rows(&mut text, &info.observation);
    let names: Vec<String> = info.info.iter().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(text, "\n### Info\n\n{}\n", names.join(", "));
    Ok(text)
}

#[test]
fn pages_hold_the_tables_of_their_tasks() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/tasks");
    for task in TASKS {
        let mut name = String::new();
        for (i, letter) in task.chars().enumerate() {
            if letter.is_uppercase() && i > 0 {
                name.push('_');
            }
            name.extend(letter.to_lowercase());
        }
        let path = folder.join(format!("{name}.md"));
        let page = std::fs::read_to_string(&path).map_err(|e| format!("{name}.md: {e}"))?;
        let (begin, end) = ("<!-- begin table -->\n", "<!-- end table -->");
        let start = page
            .find(begin)
            .ok_or_else(|| format!("{name}.md: no {begin}"))?
            + begin.len();
        let stop = page
            .find(end)
            .ok_or_else(|| format!("{name}.md: no {end}"))?;
        let table = table(task)?;
        if std::env::var_os("TASK_PAGES").is_some() {
            let page = format!("{}{table}{}", &page[..start], &page[stop..]);
            std::fs::write(&path, page).map_err(|e| format!("{name}.md: {e}"))?;
        } else if page[start..stop] != table {
            return Err(format!(
                "docs/src/tasks/{name}.md is not what the task is; run with TASK_PAGES=1 to write it"
            ));
        }
    }
    Ok(())
}
