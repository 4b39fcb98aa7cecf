//! Folders that one process locks, and the files in them, which are complete or absent, even after a power failure.

use std::fs::{File, TryLockError};
use std::io::BufWriter;
use std::path::Path;

use rl_algos::{Error, Result};

pub use super::whole::UNFINISHED;
use super::whole::{self, Writers};

/// The file by which a folder is held.
pub const LOCK: &str = ".lock";

/// [Writes](whole::write) a file of a folder that this process holds, in one move.
///
/// # Errors
/// [`Error::File`] when it cannot be written; what was there stays then.
pub fn atomic_write<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<T>,
) -> Result<T> {
    whole::write(path, Writers::One, write).map_err(Error::file(path))
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
