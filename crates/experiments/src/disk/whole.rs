//! A file that is written beside its place and moved there in one step, so that it is whole or absent.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};

/// The ending of an unfinished file's name.
pub const UNFINISHED: &str = ".tmp";

/// Who may write a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// One process, which holds its folder. What it left unfinished is written over by the next.
    One,
    /// Several, on several machines. Each writes under a name of its own, and the last move counts.
    Several,
}

/// Writes a file beside its place, waits until it is on the disk, and moves it there in one step. The move itself is
/// on the disk once the folder is, too.
///
/// # Errors
/// When it cannot be written; what was there stays then.
pub fn write<T>(
    path: &Path,
    writers: Writers,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
) -> io::Result<T> {
    let (beside, file) = match writers {
        Writers::One => {
            let beside = ending(path, UNFINISHED);
            let file = File::create(&beside)?;
            (beside, file)
        }
        Writers::Several => own(path)?,
    };
    let all = || {
        let mut writer = BufWriter::with_capacity(1 << 16, file);
        let written = write(&mut writer)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        // Some systems move no file that is open.
        drop(writer);
        fs::rename(&beside, path)?;
        Ok(written)
    };
    let written = all();
    if written.is_err() {
        // Half a file is of no use and may take the last space.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Writes the text of a file that several commands may write at once, and makes its folder where there is none.
///
/// # Errors
/// When it cannot be written; what was there stays then.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    let place = || path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(place)?;
    write(path, Writers::Several, |file| {
        file.write_all(text.as_bytes())
    })
    .with_context(place)
}

/// A new file beside a place, under a name that no other process has, on no machine.
fn own(path: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let beside = ending(path, &format!(".{}.{count}{UNFINISHED}", process::id()));
        match File::create_new(&beside) {
            Ok(file) => return Ok((beside, file)),
            // That of a process of this number on another machine, or of one that was killed.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// A path with more at its end.
fn ending(path: &Path, more: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(more);
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| {
            let name = entry.unwrap().file_name();
            name.to_string_lossy().into_owned()
        });
        names.collect()
    }

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
        let left = names(path.parent().unwrap());
        assert_eq!(left, ["manifest.jsonl"], "nothing unfinished stays");
    }

    /// As when another machine's process of the same number writes at the same time.
    #[test]
    fn a_name_that_another_has_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("done.json");
        let (theirs, _) = own(&path).unwrap();
        let digits = theirs.to_string_lossy().into_owned();
        let count: u64 = digits.rsplit('.').nth(1).unwrap().parse().unwrap();
        for next in count + 1..count + 500 {
            let name = format!("done.json.{}.{next}{UNFINISHED}", process::id());
            fs::write(folder.path().join(name), "theirs").unwrap();
        }
        replace(&path, "ours").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours");
        assert_eq!(names(folder.path()).len(), 501);
    }

    #[test]
    fn what_fails_leaves_what_was_there_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.bin");
        fs::write(&path, "before").unwrap();
        for writers in [Writers::One, Writers::Several] {
            let full = |file: &mut BufWriter<File>| -> io::Result<()> {
                file.write_all(b"half")?;
                file.flush()?;
                Err(io::Error::from(ErrorKind::StorageFull))
            };
            let error = write(&path, writers, full).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            assert_eq!(fs::read_to_string(&path).unwrap(), "before");
            assert_eq!(names(folder.path()), ["state.bin"]);
            write(&path, writers, |file| file.write_all(b"before")).unwrap();
        }
        // What a killed process left is written over.
        fs::write(
            folder.path().join("state.bin.tmp"),
            "a long unfinished text",
        )
        .unwrap();
        write(&path, Writers::One, |file| file.write_all(b"after")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(names(folder.path()), ["state.bin"]);
    }
}
