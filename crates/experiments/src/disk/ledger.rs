//! A table on disk whose owner keeps its rows: the file is made from them.
//!
//! The owner keeps [`rows`](Ledger::rows) with a checksum where nothing else writes; the file `metrics.csv` is for
//! people and their programs. No row is lost: a changed file is kept under another name, and written anew.

use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rl_algos::{Error, Result};

use crate::disk::files::atomic_write;

/// What a spreadsheet may put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A CSV file and the rows that it must have.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    /// The file as it must be, names of columns and all.
    rows: String,
    notes: Vec<String>,
    /// What the system said of the file when it was last found to be so.
    stamp: Option<Stamp>,
}

/// What the system says of a file. While it says the same, nobody else has written there, and the file need not be read
/// to know that: a long run would read all its rows for each new one.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// Device, number, and time of the last change, in s and ns.
    file: [i128; 4],
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            let [device, number] = [file.dev(), file.ino()].map(i128::from);
            let [seconds, rest] = [file.ctime(), file.ctime_nsec()].map(i128::from);
            [device, number, seconds, rest]
        };
        #[cfg(not(unix))]
        let identity = [0; 4];
        Self {
            bytes: file.len(),
            modified: file.modified().ok(),
            file: identity,
        }
    }
}

impl Ledger {
    /// Begins the file at `path` with the names of its columns.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written.
    pub fn create(path: &Path, columns: &[impl AsRef<[u8]>]) -> Result<Self> {
        let columns = line(columns).map_err(Error::file(path))?;
        Self::resume(path, columns)
    }

    /// Continues the file at `path` after these rows, which [`rows`](Self::rows) returned. Later rows are removed.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written.
    pub fn resume(path: &Path, rows: String) -> Result<Self> {
        let mut ledger = Self {
            path: path.to_owned(),
            rows,
            notes: Vec::new(),
            stamp: None,
        };
        ledger.mend()?;
        Ok(ledger)
    }

    /// Adds a row, which the file has when this returns.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written.
    pub fn push(&mut self, cells: &[impl AsRef<[u8]>]) -> Result<()> {
        let row = line(cells).map_err(Error::file(&self.path))?;
        self.mend()?;
        let file = File::options().append(true).open(&self.path);
        let mut file = file.map_err(Error::file(&self.path))?;
        file.write_all(row.as_bytes())
            .map_err(Error::file(&self.path))?;
        self.rows += &row;
        let stamp = file.metadata().ok().map(|file| Stamp::of(&file));
        self.stamp = stamp.filter(|stamp| stamp.bytes == self.rows.len() as u64);
        Ok(())
    }

    /// All rows so far, as the file has them.
    #[must_use]
    pub fn rows(&self) -> &str {
        &self.rows
    }

    /// Waits until the file is on the disk.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be.
    pub fn sync(&mut self) -> Result<()> {
        self.mend()?;
        let synced = File::open(&self.path).and_then(|file| file.sync_data());
        synced.map_err(Error::file(&self.path))
    }

    /// Notes on the file since the last call, a line each.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Makes the file what it must be.
    fn mend(&mut self) -> Result<()> {
        // Looked at before it is read: what changes meanwhile is seen the next time.
        let stamp = fs::metadata(&self.path).ok().map(|file| Stamp::of(&file));
        if stamp.is_some() && stamp == self.stamp {
            return Ok(());
        }
        self.stamp = None;
        match fs::read(&self.path) {
            Ok(found) if found == self.rows.as_bytes() => {
                self.stamp = stamp;
                return Ok(());
            }
            Ok(found) if self.has(&found) => {}
            Ok(_) => self.keep_aside()?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Error::file(&self.path)(error)),
        }
        atomic_write(&self.path, |file| file.write_all(self.rows.as_bytes()))
    }

    /// Whether the rows hold everything in a file: it may end early, have other line endings, or end with a row that
    /// was written just before the process was killed.
    fn has(&self, found: &[u8]) -> bool {
        let found = found.strip_prefix(BYTE_ORDER_MARK).unwrap_or(found);
        let found: Vec<u8> = found.iter().copied().filter(|b| *b != b'\r').collect();
        let rows = self.rows.as_bytes();
        rows.starts_with(&found)
            || found
                .strip_prefix(rows)
                .is_some_and(|row| self.follows(row))
    }

    /// Whether this is a row after the last, or the begin of one.
    fn follows(&self, row: &[u8]) -> bool {
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let number = |byte: &u8| byte.is_ascii_digit() || b",.-+eENainf".contains(byte);
        let Ok(row) = std::str::from_utf8(row) else {
            return false;
        };
        let first = |row: &str| row.split(',').next().and_then(|n| n.parse::<f64>().ok());
        let last = self.rows.lines().last().and_then(first);
        let later = !row.contains(',') || first(row) > last;
        row.as_bytes().iter().all(number) && later
    }

    /// Moves a changed file to a free name.
    fn keep_aside(&mut self) -> Result<()> {
        let name = |count: usize| match count {
            1 => self.path.with_extension("changed.csv"),
            _ => self.path.with_extension(format!("changed-{count}.csv")),
        };
        let aside = (1..).map(name).find(|path| !path.exists());
        let aside = aside.unwrap_or_else(|| name(1));
        fs::rename(&self.path, &aside).map_err(Error::file(&self.path))?;
        self.notes.push(format!(
            "{} is not as the run wrote it; it is kept as {}, and was written anew with all rows of the run",
            self.path.display(),
            aside.display()
        ));
        Ok(())
    }
}

/// A line of CSV.
fn line(cells: &[impl AsRef<[u8]>]) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(|e| e.to_string())?;
    let line = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(line).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "step,mean\n300,-1.5\n600,2\n";

    /// A ledger after two rows, whose file is then changed, and goes on: what it says, and the file aside.
    fn goes_on(change: impl FnOnce(&Path)) -> (Vec<String>, Option<Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        fs::write(&path, ROWS).unwrap();
        change(&path);
        let mut ledger = Ledger::resume(&path, ROWS.to_owned()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), ROWS);
        ledger.push(&["900", "NaN"]).unwrap();
        ledger.sync().unwrap();
        let rows = format!("{ROWS}900,NaN\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), rows);
        assert_eq!(ledger.rows(), rows);
        let aside = fs::read(path.with_extension("changed.csv")).ok();
        (ledger.notes(), aside)
    }

    /// What the system says of the file tells that somebody wrote there, even where it is as long as before.
    #[test]
    fn a_digit_that_somebody_changes_meanwhile_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let mut ledger = Ledger::resume(&path, ROWS.to_owned()).unwrap();
        ledger.push(&["900", "3"]).unwrap();
        ledger.push(&["1200", "4"]).unwrap();
        assert!(ledger.stamp.is_some());
        // Times of files have the grain of the system's clock.
        std::thread::sleep(std::time::Duration::from_millis(30));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("900,3", "900,8")).unwrap();
        ledger.push(&["1500", "5"]).unwrap();
        let rows = format!("{ROWS}900,3\n1200,4\n1500,5\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), rows);
        assert_eq!(ledger.notes().len(), 1);
    }

    #[test]
    fn what_loses_nothing_is_mended_without_a_word() {
        let crlf = ROWS.replace('\n', "\r\n");
        for text in [
            ROWS.as_bytes(),
            b"",
            b"step,me",
            b"step,mean\n300,-1.5\n60",
            crlf.as_bytes(),
            &[BYTE_ORDER_MARK, crlf.as_bytes()].concat(),
            &[ROWS.as_bytes(), b"9"].concat(),
            &[ROWS.as_bytes(), b"900,inf"].concat(),
            &[ROWS.as_bytes(), b"900,inf\n"].concat(),
        ] {
            let (notes, aside) = goes_on(|path| fs::write(path, text).unwrap());
            assert_eq!((notes.len(), aside), (0, None), "{text:?}");
        }
        let (notes, _) = goes_on(|path| fs::remove_file(path).unwrap());
        assert!(notes.is_empty());
    }

    #[test]
    fn what_somebody_changed_is_kept_beside_it() {
        for text in [
            "step,mean\n300,-1.6\n600,2\n",
            "step,mean\n600,2\n",
            "step,mean\n300,-1.5\n300,-1.5\n600,2\n",
            "step,mean\n300,-1.5\n600,2\n600,2\n",
            "step,mean\n300,-1.5\n600,2\n900,1\n1200,1\n",
            "step,mean\n300,-1.5\n600,2\n# good\n",
            "step;mean\n300;-1,5\n600;2\n",
        ] {
            let (notes, aside) = goes_on(|path| fs::write(path, text).unwrap());
            assert_eq!(aside.unwrap(), text.as_bytes());
            let said = notes[0].contains("metrics.changed.csv");
            assert!(said && notes.len() == 1, "{notes:?}");
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        for bit in 0..8 * ROWS.len() {
            let mut bytes = ROWS.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (_, aside) = goes_on(|path| fs::write(path, &bytes).unwrap());
            assert_eq!(aside, Some(bytes), "bit {bit}");
        }
    }

    #[test]
    fn a_file_that_is_changed_again_and_again_loses_nothing_while_rows_come() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let mut ledger = Ledger::create(&path, &["step", "mean"]).unwrap();
        for step in 1..=5 {
            ledger.push(&[step.to_string(), "0".to_owned()]).unwrap();
            // As `sed -i` does: another file in its place.
            let changed = format!("{}{step}!\n", fs::read_to_string(&path).unwrap());
            let beside = folder.path().join("sed");
            fs::write(&beside, &changed).unwrap();
            fs::rename(&beside, &path).unwrap();
        }
        ledger.sync().unwrap();
        let rows = "step,mean\n1,0\n2,0\n3,0\n4,0\n5,0\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), rows);
        assert_eq!(ledger.notes().len(), 5);
        for (name, end) in [("changed.csv", "1,0\n1!\n"), ("changed-5.csv", "5,0\n5!\n")] {
            let aside = fs::read_to_string(path.with_extension(name)).unwrap();
            assert!(aside.ends_with(end), "{name}: {aside}");
        }
        drop(ledger);
        // A folder in its place is no file.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(Ledger::resume(&path, rows.to_owned()).is_err());
    }
}
