//! Whose file a path would be.

use std::path::Path;

use super::offline;
use super::run_dir::RunDir;

/// Folders above a file of a run, at most, up to the run's own.
const DEPTH: usize = 3;

/// The run or sweep, if any, in whose folder a file of this path would pass for one of a run's: of one on a dataset too,
/// by whose files others know what a folder holds.
pub(crate) fn owner(file: &Path) -> Option<&Path> {
    let above = file.ancestors().skip(1).take(DEPTH);
    above.into_iter().find(|folder| {
        let name = file.strip_prefix(folder);
        name.is_ok_and(|name| RunDir::is_own(name) || offline::is_own(name))
            && (RunDir::is_taken(folder) || offline::is_taken(folder))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn names_of_a_runs_files_are_its_own_there_and_nowhere_else() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path();
        let owned = |name: &str| owner(&place.join(name)).map(Path::to_owned);
        assert_eq!(owned("run/metrics.csv"), None);
        fs::create_dir(place.join("run")).unwrap();
        let settings = "env = \"a\"\nrecipe = \"b\"\nsteps = 1\n";
        fs::write(place.join("run/config.toml"), settings).unwrap();
        for name in ["metrics.csv", "checkpoints/best.json", "policy.safetensors"] {
            assert_eq!(
                owned(&format!("run/{name}")),
                Some(place.join("run")),
                "{name}"
            );
        }
        for name in ["run/watch.gif", "run/a/metrics.csv", "metrics.csv"] {
            assert_eq!(owned(name), None, "{name}");
        }
    }
}
