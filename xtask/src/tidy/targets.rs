//! Every file of tests is run: packages that link their tests as few programs list them by hand.

use super::Finding;
use super::tree::{File, stem, text};

/// The program that holds the tests which can share a process.
const ALL: &str = "tests/all.rs";

/// Checks the packages that switch Cargo's own search for test files off.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter_map(|file| Some((file.path.strip_suffix("Cargo.toml")?, file.text.as_deref()?)))
        .filter(|(_, manifest)| manifest.contains("autotests = false"))
        .flat_map(|(package, manifest)| unlisted(package, manifest, files))
        .collect()
}

/// The files of a package's `tests` folder that neither its manifest nor `all.rs` names.
fn unlisted(package: &str, manifest: &str, files: &[File]) -> Vec<Finding> {
    let folder = format!("{package}tests/");
    let all = text(files, &format!("{package}{ALL}"));
    let is_listed = |path: &str| {
        let name = stem(path);
        all.lines().any(|line| line == format!("mod {name};"))
            || manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"))
    };
    let is_test = |path: &str| {
        let below = path.strip_prefix(&folder);
        below.is_some_and(|below| below.ends_with(".rs") && !below.contains('/'))
    };
    files
        .iter()
        .filter(|file| is_test(&file.path) && !is_listed(&file.path))
        .map(|file| {
            let what = format!("is run by nothing: name it in {package}{ALL}");
            Finding::new(&file.path, what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nothing_runs_is_found() {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: Some(text.to_owned()),
        };
        let mut files = vec![
            file(
                "crates/x/Cargo.toml",
                "autotests = false\n[[test]]\nname = \"all\"\n\n[[test]]\nname = \"gpu\"\nharness = false\n",
            ),
            file("crates/x/tests/all.rs", "mod common;\nmod one;\n"),
            file("crates/x/tests/one.rs", ""),
            file("crates/x/tests/gpu.rs", ""),
            file("crates/x/tests/common/mod.rs", ""),
            file("crates/y/Cargo.toml", ""),
            file("crates/y/tests/two.rs", ""),
        ];
        assert_eq!(check(&files), []);
        files.push(file("crates/x/tests/two.rs", ""));
        let found = check(&files);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "crates/x/tests/two.rs");
    }
}
