//! Files of a study that several commands may write at once.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};

use super::claim::Beat;

/// Writes a file in one move. Commands on several machines may write the same one at once: each writes beside it under a
/// name of its own, and the last move counts.
///
/// # Errors
/// When it cannot be written; what was there stays then.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let place = || path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(place)?;
    let Beat { host, pid, .. } = Beat::here();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{host}.{pid}.{count}.tmp"));
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    let written = write();
    if written.is_err() {
        // Half a file is of no use and may take the last space.
        let _ = fs::remove_file(&beside);
    }
    written.with_context(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_write_the_same_file_at_once_and_none_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study/manifest.jsonl");
        let barrier = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for round in 0..20 {
                        barrier.wait();
                        replace(&path, &format!("{round}\n")).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&path).unwrap(), "19\n");
        let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "nothing unfinished stays");
    }
}
