//! Paths as names, by their letters alone: nothing is looked up.

/// A path without the parts that lead nowhere: `./d`, `d/` and `a//d` are `d`, `d` and `a/d`. `..` stays, since behind a link
/// it leads elsewhere.
pub(crate) fn plain(path: &str) -> String {
    let first = path.find(|c| !std::path::is_separator(c));
    let (root, rest) = path.split_at(first.unwrap_or(path.len()));
    let parts = rest.split(std::path::is_separator);
    let parts: Vec<&str> = parts
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    match (root, parts.join("/")) {
        ("", parts) if parts.is_empty() && !path.is_empty() => ".".to_owned(),
        ("", parts) => parts,
        // Two have a meaning of their own on Windows.
        (root, parts) if cfg!(windows) => format!("{root}{parts}"),
        (_, parts) => format!("/{parts}"),
    }
}

/// What tells different paths apart: each without the parts at the beginning and at the end that all have.
#[cfg(feature = "figures")]
pub(crate) fn differing(paths: &[&str]) -> Vec<String> {
    let parts = |path: &&str| -> Vec<String> {
        let path = plain(path);
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    let all: Vec<Vec<String>> = paths.iter().map(parts).collect();
    let shortest = all.iter().map(Vec::len).min().unwrap_or(0);
    let is_common = |at: &dyn Fn(&[String]) -> Option<String>| {
        let mut found = all.iter().map(|parts| at(parts));
        let first = found.next();
        found.all(|other| Some(other) == first)
    };
    let most = shortest.saturating_sub(1);
    let end = (0..most)
        .take_while(|n| is_common(&|parts| parts.get(parts.len() - 1 - n).cloned()))
        .count();
    let start = (0..most - end)
        .take_while(|n| is_common(&|parts| parts.get(*n).cloned()))
        .count();
    // One path alone is known by its last part.
    let (start, end) = if all.len() == 1 {
        (most, 0)
    } else {
        (start, end)
    };
    all.iter()
        .map(|parts| parts[start..parts.len() - end].join("/"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_name() {
        for (path, name) in [
            ("d", "d"),
            ("./d", "d"),
            ("d/", "d"),
            ("././a//b/./c//", "a/b/c"),
            ("a/../d", "a/../d"),
            ("../d", "../d"),
            (".", "."),
            ("./", "."),
            ("", ""),
            ("..", ".."),
            (".hidden/d.hdf5", ".hidden/d.hdf5"),
        ] {
            assert_eq!(plain(path), name, "{path}");
            assert_eq!(plain(&plain(path)), name);
        }
        if !cfg!(windows) {
            assert_eq!(plain("//a/./d/"), "/a/d");
            assert_eq!(plain("/"), "/");
            assert_eq!(plain("a\\b"), "a\\b");
        }
    }

    #[cfg(feature = "figures")]
    #[test]
    fn paths_are_told_apart_by_what_differs() {
        for (paths, names) in [
            (
                &["d/hopper/medium", "./d/hopper/expert/"][..],
                &["medium", "expert"][..],
            ),
            (&["x/data/main.hdf5", "y/data/main.hdf5"], &["x", "y"]),
            (&["/s/a/table", "/s/b/table"], &["a", "b"]),
            (&["a", "b/a"], &["a", "b/a"]),
            (&["s/a", "s/a/b", "t"], &["s/a", "s/a/b", "t"]),
            (&["runs/studies/table"], &["table"]),
            (&[], &[]),
        ] {
            assert_eq!(differing(paths), names, "{paths:?}");
        }
    }
}
