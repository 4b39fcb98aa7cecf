//! How large files, functions and traits may be, and how large they are.

use std::fmt;

use super::Finding;
use super::source::Source;

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 120;
const ARGUMENTS: usize = 7;
const TRAIT_METHODS: usize = 5;

/// The command line, which is thin: what it does stands in libraries. Source lines, without these parts of it.
const XTASK: (&str, usize) = ("xtask/src/", 2500);
const XTASK_APART: [&str; 2] = ["xtask/src/tidy/", "xtask/src/bin/run/bench/"];

/// A backend implements one function per operation, so its traits are as long as the list of operations; an
/// environment is what Gymnasium's is, a task every place in which tasks differ, and an observer all that it is told.
const LONG_TRAITS: [&str; 6] = [
    "SparseBackend",
    "SparseOps",
    "Env",
    "Task",
    "SuiteTask",
    "Observer",
];

/// Checks one file against the limits that hold without exception.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.lines > FILE_LINES {
        let what = format!("{} lines; a file has at most {FILE_LINES}", source.lines);
        findings.push(Finding::new(&source.path, what));
    }
    for function in &source.functions {
        let mut too_many = |what: &str, count: usize, limit: usize| {
            if count > limit {
                let name = &function.name;
                let what = format!("`{name}` has {count} {what}; a function has at most {limit}");
                findings.push(Finding::at(&source.path, function.line, what));
            }
        };
        too_many("lines", function.lines, FUNCTION_LINES);
        too_many("arguments", function.arguments, ARGUMENTS);
    }
    for item in &source.traits {
        if item.methods <= TRAIT_METHODS || LONG_TRAITS.contains(&item.name.as_str()) {
            continue;
        }
        let (name, count) = (&item.name, item.methods);
        let what = format!("`{name}` has {count} methods; a trait has at most {TRAIT_METHODS}");
        findings.push(Finding::at(&source.path, item.line, what));
    }
    findings
}

/// Checks that `xtask` stays thin.
pub(crate) fn check_xtask(sources: &[Source]) -> Vec<Finding> {
    let (root, limit) = XTASK;
    let counts = |source: &&Source| {
        let apart = |folder: &&str| source.path.starts_with(*folder);
        source.path.starts_with(root) && !XTASK_APART.iter().any(apart)
    };
    let lines: usize = sources
        .iter()
        .filter(counts)
        .map(|s| s.lines - s.test_code.len())
        .sum();
    match lines > limit {
        true => vec![Finding::new(
            root,
            format!(
                "{lines} lines without tidy, bench and tests; at most {limit}: move them into a library"
            ),
        )],
        false => Vec::new(),
    }
}

/// The spread of a size over the project.
#[derive(Debug, Default, PartialEq, Eq)]
struct Spread {
    median: usize,
    p90: usize,
    largest: usize,
}

impl Spread {
    fn of(mut sizes: Vec<usize>) -> Self {
        sizes.sort_unstable();
        let at = |share: usize| {
            let last = sizes.len().saturating_sub(1);
            sizes.get(last * share / 100).copied().unwrap_or(0)
        };
        Self {
            median: at(50),
            p90: at(90),
            largest: at(100),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            p90,
            largest,
        } = self;
        write!(f, "median {median}, p90 {p90}, largest {largest}")
    }
}

/// The sizes of the whole project.
pub(crate) struct Report {
    files: Spread,
    functions: Spread,
    code: usize,
    test_code: usize,
}

impl Report {
    /// Measures all files; those that only hold tests count as tests.
    pub(crate) fn of(sources: &[Source]) -> Self {
        let code = sources.iter().map(|source| source.code.len());
        let functions = sources.iter().flat_map(|source| &source.functions);
        Self {
            files: Spread::of(code.clone().filter(|&lines| lines > 0).collect()),
            functions: Spread::of(functions.map(|function| function.lines).collect()),
            code: code.sum(),
            test_code: sources.iter().map(|source| source.test_code.len()).sum(),
        }
    }

    /// Checks the limits that hold over the whole project.
    pub(crate) fn check(&self) -> Vec<Finding> {
        let limits = [
            ("median file, code lines", self.files.median, 150),
            ("p90 file, code lines", self.files.p90, 350),
            ("p90 function, lines", self.functions.p90, 40),
        ];
        let over = limits.into_iter().filter(|(_, size, limit)| size > limit);
        over.map(|(what, size, limit)| Finding::new(what, format!("{size}, at most {limit}")))
            .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "files, code lines:  {}", self.files)?;
        writeln!(f, "functions, lines:   {}", self.functions)?;
        let share = self.test_code as f64 / self.code.max(1) as f64;
        let Self {
            code, test_code, ..
        } = self;
        write!(
            f,
            "code {code} lines, tests {test_code} ({share:.2} a line of code)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::read;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let findings = check(&read("x.rs", text).unwrap());
        findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(found(&"\n".repeat(600)).len(), 0);
        assert!(found(&"\n".repeat(601))[0].contains("601 lines"));
    }

    #[test]
    fn a_long_function_is_found() {
        let text = format!("fn f() {{{}}}", "\n".repeat(119));
        assert_eq!(found(&text).len(), 0);
        let text = format!("fn f() {{{}}}", "\n".repeat(120));
        assert!(found(&text)[0].contains("121 lines"));
    }

    #[test]
    fn an_eighth_argument_is_found() {
        assert_eq!(
            found("fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8) {}").len(),
            0
        );
        let text = "fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) {}";
        assert!(found(text)[0].contains("8 arguments"));
    }

    #[test]
    fn a_sixth_method_is_found() {
        let text = "trait T { fn a(); fn b(); fn c(); fn d(); fn e(); fn f(); }";
        assert!(found(text)[0].contains("6 methods"));
    }

    #[test]
    fn an_xtask_that_grew_is_found() {
        let file = |path: &str, lines: usize| read(path, &"\n".repeat(lines)).unwrap();
        let mut tree = vec![
            file("xtask/src/main.rs", 2000),
            file("xtask/src/bin/run/main.rs", 500),
            file("xtask/src/bin/run/bench/layers.rs", 500),
            file("xtask/src/tidy/sizes.rs", 500),
            file("crates/envs/src/lib.rs", 500),
        ];
        assert_eq!(check_xtask(&tree), []);
        tree.push(file("xtask/src/launch.rs", 1));
        let found = check_xtask(&tree);
        assert!(found[0].what.starts_with("2501 lines"), "{}", found[0]);
    }

    #[test]
    fn the_spread_is_of_the_sorted_sizes() {
        let spread = Spread::of((0..=10).rev().collect());
        assert_eq!((spread.median, spread.p90, spread.largest), (5, 9, 10));
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }

    #[test]
    fn a_project_of_long_functions_is_found() {
        let text = format!("fn f() {{{}}}", "\n".repeat(50));
        let report = Report::of(&[read("x.rs", &text).unwrap()]);
        assert_eq!(report.check().len(), 1);
    }
}
