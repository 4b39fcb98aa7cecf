//! Which crate may depend on which, read from `Cargo.lock` (so development dependencies count too).

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;

/// Every edge between members of the workspace that may exist.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("envs", &[]),
    (
        "experiments",
        &["envs", "offline-prune", "rl-algos", "sparse-core"],
    ),
    (
        "outside",
        &["envs", "experiments", "rl-algos", "sparse-core"],
    ),
    ("sparse-core", &[]),
    ("rl-algos", &["envs", "sparse-core"]),
    ("offline-prune", &["envs", "rl-algos", "sparse-core"]),
    (
        "tests",
        &[
            "envs",
            "experiments",
            "offline-prune",
            "rl-algos",
            "sparse-core",
        ],
    ),
    (
        "xtask",
        &[
            "envs",
            "experiments",
            "offline-prune",
            "rl-algos",
            "sparse-core",
        ],
    ),
];

/// How the names of tensor libraries start; `envs` has none in its whole tree.
const TENSORS: [&str; 7] = [
    "burn", "candle", "cubecl", "dfdx", "ndarray", "tch", "tract",
];

/// The registry that every dependency comes from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What the lock file says of a package.
#[derive(Default)]
struct Package<'a> {
    /// Where it comes from; `None` for a member of the workspace.
    source: Option<&'a str>,
    dependencies: Vec<&'a str>,
}

/// Checks the lock file.
pub(crate) fn check(lock: &str) -> Vec<Finding> {
    let packages = parse(lock);
    let mut findings = Vec::new();
    let mut report = |what: String| findings.push(Finding::new("Cargo.lock", what));
    if packages.is_empty() {
        report("missing or empty; commit it".to_owned());
    }
    for (name, package) in &packages {
        match package.source {
            Some(REGISTRY) => {}
            Some(source) => report(format!("`{name}` comes from {source}, not from crates.io")),
            None => {
                let allowed = ALLOWED.iter().find(|(member, _)| member == name);
                let allowed = allowed.map_or(&[][..], |(_, allowed)| allowed);
                for edge in member_edges(&packages, package) {
                    if !allowed.contains(&edge) {
                        report(format!("`{name}` must not depend on `{edge}`"));
                    }
                }
            }
        }
    }
    for name in tree(&packages, "envs") {
        if TENSORS.iter().any(|start| name.starts_with(start)) {
            report(format!(
                "`envs` has the tensor library `{name}` in its tree"
            ));
        }
    }
    findings
}

/// The members of the workspace that a package depends on.
fn member_edges<'a>(
    packages: &BTreeMap<&str, Package>,
    package: &Package<'a>,
) -> impl Iterator<Item = &'a str> {
    let member = |name: &&str| packages.get(name).is_some_and(|p| p.source.is_none());
    package.dependencies.iter().copied().filter(member)
}

/// Everything that a package depends on, directly or not.
fn tree<'a>(packages: &BTreeMap<&'a str, Package<'a>>, root: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    while let Some(package) = open.pop().and_then(|name| packages.get(name)) {
        open.extend(
            package
                .dependencies
                .iter()
                .filter(|name| seen.insert(**name)),
        );
    }
    seen
}

/// Reads the regular form in which cargo writes the file. Versions of one name are taken together, which can
/// only add edges.
fn parse(lock: &str) -> BTreeMap<&str, Package<'_>> {
    let mut packages: BTreeMap<&str, Package> = BTreeMap::new();
    let mut package = None;
    for line in lock.lines() {
        if let Some(name) = quoted(line, "name = ") {
            package = Some(packages.entry(name).or_default());
        } else if let Some(package) = package.as_mut() {
            if let Some(source) = quoted(line, "source = ") {
                package.source = Some(source);
            } else if let Some(dependency) = quoted(line.trim_start(), "") {
                let name = dependency.split(' ').next();
                package.dependencies.extend(name);
            }
        }
    }
    packages
}

/// The text between the quotes that follow `key` at the start of the line.
fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(key)?.strip_prefix('"')?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lock file of packages, their sources and their dependencies.
    fn lock(packages: &[(&str, bool, &[&str])]) -> String {
        let mut text = String::from("version = 4\n");
        for (name, member, dependencies) in packages {
            text += &format!("\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n");
            if !member {
                text += &format!("source = \"{REGISTRY}\"\nchecksum = \"00\"\n");
            }
            text += "dependencies = [\n";
            text.extend(dependencies.iter().map(|name| format!(" \"{name}\",\n")));
            text += "]\n";
        }
        text
    }

    #[test]
    fn downward_edges_are_fine() {
        let good = lock(&[
            ("burn", false, &[]),
            ("envs", true, &["glam 0.34.0"]),
            ("glam", false, &[]),
            ("rl-algos", true, &["envs", "sparse-core"]),
            ("sparse-core", true, &["burn"]),
        ]);
        assert_eq!(check(&good), []);
    }

    #[test]
    fn an_upward_edge_is_found() {
        let bad = lock(&[("envs", true, &[]), ("sparse-core", true, &["envs"])]);
        assert!(
            check(&bad)[0]
                .what
                .contains("`sparse-core` must not depend on `envs`")
        );
        let bad = lock(&[("rl-algos", true, &["tests"]), ("tests", true, &[])]);
        assert!(check(&bad)[0].what.contains("on `tests`"));
    }

    #[test]
    fn a_tensor_library_deep_under_envs_is_found() {
        let bad = lock(&[
            ("burn-tensor", false, &[]),
            ("envs", true, &["helper"]),
            ("helper", false, &["burn-tensor"]),
        ]);
        assert!(check(&bad)[0].what.contains("`burn-tensor`"));
    }

    #[test]
    fn a_foreign_source_and_a_missing_file_are_found() {
        let bad = lock(&[("x", false, &[])]).replace(REGISTRY, "git+https://example.org/x");
        assert!(check(&bad)[0].what.contains("not from crates.io"));
        assert_eq!(check("").len(), 1);
    }
}
