//! The book's tables of names hold what the catalogue holds, and nothing else.

use super::Finding;
use super::tree::{File, text};

/// Where all names stand, a line for each: kind, name, what it is, source.
const CATALOGUE: &str = "crates/experiments/src/catalogue/catalogue.txt";

/// Which page has the table of a kind's names, and in which column.
const TABLES: [(&str, &str, usize); 6] = [
    ("task", "docs/src/tasks/README.md", 0),
    ("recipe", "docs/src/algorithms/td3.md", 0),
    ("offline-algorithm", "docs/src/algorithms/README.md", 2),
    ("criterion", "docs/src/offline.md", 0),
    ("rule", "docs/src/sparsity.md", 0),
    ("device", "docs/src/start.md", 0),
];

/// Checks every table.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let catalogue = text(files, CATALOGUE);
    let mut findings = Vec::new();
    for (kind, page, column) in TABLES {
        let names = names(catalogue, kind);
        let rows = table(text(files, page), column, &names);
        for name in &names {
            if !rows.iter().any(|row| row.contains(name)) {
                findings.push(Finding::new(
                    page,
                    format!("its table has no row for the {kind} `{name}`"),
                ));
            }
        }
        for row in rows {
            if !row.iter().any(|word| names.contains(word)) {
                let row = row.join(", ");
                findings.push(Finding::new(
                    page,
                    format!("its table has a row for `{row}`, which is no {kind}"),
                ));
            }
        }
    }
    findings
}

/// The names of a kind; of a task without the version, each once.
fn names<'a>(catalogue: &'a str, kind: &str) -> Vec<&'a str> {
    let named = catalogue.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let is = columns.next() == Some(kind);
        columns.next().filter(|_| is)
    });
    let mut names: Vec<&str> = Vec::new();
    for name in named {
        let name = match kind {
            "task" => name.rsplit_once("-v").map_or(name, |(family, _)| family),
            _ => name,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The words that a column of a table names, a list for each row: of the table that names most of these.
fn table<'a>(page: &'a str, column: usize, names: &[&str]) -> Vec<Vec<&'a str>> {
    let (mut best, mut rows) = (Vec::new(), Vec::new());
    let known = |rows: &[Vec<&str>]| {
        let words = rows.iter().flatten();
        words.filter(|word| names.contains(word)).count()
    };
    for line in page.lines().chain([""]) {
        if let Some(row) = line.strip_prefix('|') {
            rows.push(words(row.split('|').nth(column).unwrap_or_default()));
            continue;
        }
        // Without the heading, and the line below it.
        let body: Vec<Vec<&str>> = rows.drain(..).skip(2).collect();
        if known(&body) > known(&best) {
            best = body;
        }
    }
    best
}

/// What stands between backticks, and what links are called.
fn words(cell: &str) -> Vec<&str> {
    let code = cell.split('`').skip(1).step_by(2);
    let links = cell
        .split('[')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("](")?.0));
    code.chain(links).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            text: Some(text.into()),
        }
    }

    fn found(devices: &str) -> Vec<String> {
        let catalogue = "device\tflex\ta\tb\ndevice\twgpu\ta\tb\n";
        let page = format!(
            "# Start\n\n| word | is |\n|---|---|\n| `x` | y |\n\n| device | runs |\n|---|---|\n{devices}\nEnd\n"
        );
        let files = [file(CATALOGUE, catalogue), file("docs/src/start.md", &page)];
        check(&files)
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn a_table_has_a_row_for_each_name() {
        assert!(found("| `flex` | CPU |\n| `wgpu` (GPU) | GPU |").is_empty());
        let missing = found("| `flex` | CPU |");
        assert_eq!(missing, ["its table has no row for the device `wgpu`"]);
        let other = found("| `flex` | CPU |\n| `wgpu` | GPU |\n| `tpu` | ? |");
        assert_eq!(other, ["its table has a row for `tpu`, which is no device"]);
    }

    #[test]
    fn versions_of_a_task_are_one() {
        let catalogue = "task\tAnt-v5\ta\tb\ntask\tAnt-v4\ta\tb\ntask\tPusher-v5\ta\tb\n";
        assert_eq!(names(catalogue, "task"), ["Ant", "Pusher"]);
        assert_eq!(words(" [Ant](ant.md) `x` "), ["x", "Ant"]);
    }
}
