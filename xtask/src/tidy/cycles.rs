//! No modules depend on each other in a circle: neither those at the top of a crate nor the folders and files of one
//! folder.
//!
//! A dependency between two modules counts where their paths part: `nn::linear` naming `topology::rules` is an edge
//! from `nn` to `topology`. A file may name what its own folder's `mod.rs` defines, which is no edge.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::modules::{Crate, Path};
use super::tree::File;

/// Circles that still stand, by folder. A line may go, none may come.
const KNOWN: [(&str, &[&str]); 0] = [];

/// Where one module names another.
type Places = BTreeSet<String>;

/// The modules of one folder, and what each names of the others.
type Graph = BTreeMap<String, BTreeMap<String, Places>>;

/// A group of modules of one folder that reach each other.
struct Circle {
    /// The folder.
    folder: String,
    /// Their names.
    names: BTreeSet<String>,
    /// Their edges, each with the places where it stands.
    edges: String,
}

/// Checks every crate.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    compare(&circles(files), &KNOWN)
}

/// What is new, and what is known but gone.
fn compare(found: &[Circle], known: &[(&str, &[&str])]) -> Vec<Finding> {
    let is = |circle: &Circle, (folder, names): &(&str, &[&str])| {
        circle.folder == *folder
            && circle
                .names
                .iter()
                .all(|name| names.contains(&name.as_str()))
    };
    let new = found
        .iter()
        .filter(|circle| !known.iter().any(|known| is(circle, known)));
    let new = new.map(|circle| {
        let names: Vec<&str> = circle.names.iter().map(String::as_str).collect();
        let what = format!("{} depend on each other:{}", names.join(", "), circle.edges);
        Finding::new(&circle.folder, what)
    });
    let gone = known
        .iter()
        .filter(|known| !found.iter().any(|circle| is(circle, known)));
    let gone = gone.map(|(folder, names)| {
        let names = names.join(", ");
        Finding::new(
            *folder,
            format!("{names} are no circle any more: delete their line in tidy/cycles.rs"),
        )
    });
    new.chain(gone).collect()
}

/// The circles of every crate.
fn circles(files: &[File]) -> Vec<Circle> {
    let mut found = Vec::new();
    for (root, modules) in crates(files) {
        for (folder, graph) in graphs(&modules) {
            let folder = [std::slice::from_ref(&root), folder.as_slice()]
                .concat()
                .join("/");
            for names in connected(&graph) {
                let edges = edges(&graph, &names);
                let names = names.into_iter().map(str::to_owned).collect();
                let folder = folder.clone();
                found.push(Circle {
                    folder,
                    names,
                    edges,
                });
            }
        }
    }
    found
}

/// The crates among the files, by their root folders.
fn crates(files: &[File]) -> BTreeMap<String, Crate> {
    let mut roots = BTreeSet::new();
    for file in files {
        if let Some((folder, "lib.rs" | "main.rs")) = file.path.rsplit_once('/')
            && folder.contains("src")
        {
            roots.insert(folder);
        }
    }
    let mut crates: BTreeMap<String, Crate> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        // The innermost root: a binary's folder lies inside the library's.
        let inside = |root: &&&str| {
            file.path
                .strip_prefix(**root)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let Some(root) = roots.iter().filter(inside).max_by_key(|root| root.len()) else {
            continue;
        };
        let path = module_path(&file.path[root.len() + 1..]);
        if path.last().is_some_and(|last| last == "tests") {
            continue;
        }
        let text = file.text.as_deref().unwrap_or("");
        crates
            .entry((*root).to_owned())
            .or_default()
            .read(path, &file.path, text);
    }
    crates
}

/// The path of the module that a file holds.
fn module_path(file: &str) -> Path {
    let mut parts: Path = file
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    let named_by_folder = parts.last().is_some_and(|last| last == "mod");
    if named_by_folder || parts == ["lib"] || parts == ["main"] {
        parts.pop();
    }
    parts
}

/// For each folder, the graph of what lies in it.
fn graphs(modules: &Crate) -> BTreeMap<Path, Graph> {
    let mut graphs: BTreeMap<Path, Graph> = BTreeMap::new();
    for (from, module) in &modules.modules {
        for named in &module.named {
            let Some(to) = modules.resolve(from, &named.path) else {
                continue;
            };
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let graph = graphs.entry(from[..shared].to_vec()).or_default();
                let edges = graph.entry(a.clone()).or_default();
                let place = format!("{}:{}", module.file, named.line);
                edges.entry(b.clone()).or_default().insert(place);
            }
        }
    }
    graphs
}

/// The groups of modules that reach each other.
fn connected(graph: &Graph) -> Vec<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = graph
        .keys()
        .map(|from| (from.as_str(), reach(graph, from)))
        .collect();
    let mut circles: Vec<BTreeSet<&str>> = Vec::new();
    for (from, to) in &reached {
        let back = to
            .iter()
            .filter(|other| reached.get(**other).is_some_and(|to| to.contains(from)));
        let circle: BTreeSet<&str> = back.copied().collect();
        if !circle.is_empty() && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

/// The modules that one leads to.
fn reach<'a>(graph: &'a Graph, from: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        let edges = graph.get(module).into_iter().flatten();
        open.extend(
            edges
                .map(|(to, _)| to.as_str())
                .filter(|to| seen.insert(*to)),
        );
    }
    seen
}

/// The edges of a circle, each with the places where it stands.
fn edges(graph: &Graph, circle: &BTreeSet<&str>) -> String {
    let mut text = String::new();
    for from in circle {
        for (to, places) in graph[*from]
            .iter()
            .filter(|(to, _)| circle.contains(to.as_str()))
        {
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            text += &format!("\n    {from} -> {to}: {}", places.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a crate of these files.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> = files
            .iter()
            .map(|(path, text)| File {
                path: format!("crates/x/src/{path}"),
                text: Some((*text).to_owned()),
            })
            .collect();
        compare(&circles(&files), &[])
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn one_way_is_fine() {
        let found = found(&[
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("a.rs", "pub struct A;"),
            (
                "b.rs",
                "use crate::A; use super::a; pub struct B(A); #[cfg(test)] mod tests { use crate::b; }",
            ),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn two_modules_in_a_circle_are_found() {
        let found = found(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            (
                "b.rs",
                "pub struct B;\nfn f() -> crate::a::A { crate::a::A }",
            ),
        ]);
        let expected = concat!(
            "crates/x/src: a, b depend on each other:",
            "\n    a -> b: crates/x/src/a.rs:1\n    b -> a: crates/x/src/b.rs:2"
        );
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_circle_through_three_folders_of_a_folder_is_found() {
        let found = found(&[
            ("lib.rs", "mod net;"),
            ("net/mod.rs", "mod a; mod b; mod c;"),
            ("net/a/mod.rs", "mod deep;"),
            ("net/a/deep.rs", "use super::super::b;"),
            ("net/b.rs", "use super::{c::{self, C}, b as me};"),
            ("net/c.rs", "pub struct C; fn f() { super::a::g() }"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("crates/x/src/net: a, b, c depend"),
            "{found:?}"
        );
    }

    #[test]
    fn a_re_export_leads_to_where_the_item_stands() {
        let files = |names: &'static str| {
            [
                (
                    "lib.rs",
                    "mod a; mod b; pub use a::*; pub use b::inner::B as C;",
                ),
                ("a.rs", "use crate::C; pub struct A;"),
                ("b/mod.rs", "pub mod inner;"),
                ("b/inner.rs", names),
            ]
        };
        assert_eq!(found(&files("pub struct B;")).len(), 0);
        assert_eq!(found(&files("pub struct B(crate::A);")).len(), 1);
    }

    #[test]
    fn a_file_may_name_its_folder() {
        let found = found(&[
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod b; pub trait T {} pub use b::B;"),
            ("a/b.rs", "use super::T; pub struct B; impl T for B {}"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn tests_may_look_anywhere() {
        let found = found(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B;"),
            (
                "b.rs",
                "pub struct B; #[cfg(test)] #[allow(dead_code)] mod tests { use crate::a; }",
            ),
            ("b/tests.rs", "use crate::a;"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn a_known_circle_may_shrink_and_go_and_not_grow() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let circle = |of: &[&str]| {
            [Circle {
                folder: "x".to_owned(),
                names: names(of),
                edges: String::new(),
            }]
        };
        let known: [(&str, &[&str]); 1] = [("x", &["a", "b", "c"])];
        assert_eq!(compare(&circle(&["a", "b"]), &known).len(), 0);
        assert!(
            compare(&[], &known)[0]
                .what
                .contains("a, b, c are no circle any more")
        );
        let grown = compare(&circle(&["a", "b", "c", "d"]), &known);
        assert_eq!(grown.len(), 2);
    }
}
