//! Files that are complete or absent, even after a power failure, and folders that one process locks.

use std::fs::{self, File, TryLockError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rl_algos::{Error, Result};

/// The ending of an unfinished file's name.
pub const UNFINISHED: &str = ".tmp";

/// The file by which a folder is held.
pub const LOCK: &str = ".lock";

/// Writes a file beside its place, waits until it is on the disk, and moves it there in one step. The move itself is
/// on the disk once the folder is, too.
///
/// # Errors
/// [`Error::File`] when it cannot be written; what was there stays then.
pub fn atomic_write<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<T>,
) -> Result<T> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(UNFINISHED);
    let beside = PathBuf::from(beside);
    let write = || {
        let mut writer = BufWriter::with_capacity(1 << 16, File::create(&beside)?);
        let written = write(&mut writer)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        Ok(written)
    };
    let written = write().map_err(Error::file::<std::io::Error>(&beside));
    let written = written.and_then(|written| {
        fs::rename(&beside, path).map_err(Error::file(path))?;
        Ok(written)
    });
    if written.is_err() {
        // Half a file is of no use and may take the last space.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A folder that is held, until this is dropped.
#[derive(Debug)]
pub struct Held(File);

impl Drop for Held {
    /// Not by closing the file alone: a process that another thread is about to start has it open too for a moment.
    fn drop(&mut self) {
        // A file system without locks has none to release.
        let _ = self.0.unlock();
    }
}

/// Locks a folder for writing, until the returned lock is dropped or the process ends.
///
/// # Errors
/// [`Error::File`] when another process or another part of this one holds it, or nothing can be written there.
pub fn lock_dir(folder: &Path) -> Result<Held> {
    let path = folder.join(LOCK);
    // Without a change of what may be there.
    let file = File::options().append(true).create(true).open(&path);
    let file = file.map_err(Error::file(&path))?;
    match file.try_lock() {
        // A file system without locks holds nothing.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Held(file)),
        Err(TryLockError::WouldBlock) => {
            let message =
                "another command is writing here; wait for its end, or choose another folder";
            Err(Error::file(folder)(message))
        }
    }
}

/// Waits until moves and removals in a folder are on the disk. Does nothing on systems that cannot open folders.
///
/// # Errors
/// [`Error::File`] when the folder cannot be opened.
pub fn sync_dir(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let folder_file = File::open(folder).map_err(Error::file(folder))?;
        folder_file.sync_all().map_err(Error::file(folder))?;
    }
    Ok(())
}
