//! Who makes a run: a file that one worker alone can make, and that tells that it is still there.
//!
//! A claim is `state/NAME/claim.N`. The highest N counts. A worker takes a run by making the file with the next number,
//! which succeeds for one worker only, on network file systems too. It writes there every few seconds; a claim expires
//! when its worker is silent for [`SILENCE`], or at once where the worker was a process of this machine that is gone: it
//! held a lock on the file. A worker that lost its claim sees it before its next write ([`Claim::is_mine`]), because its
//! number is no longer the highest. Numbers are never used twice, so a worker that slept cannot take another's claim for
//! its own.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::place::StudyDir;

/// How long a worker is silent before its claim expires. Network file systems tell the age of a file up to a minute late.
pub const SILENCE: Duration = Duration::from_secs(180);

/// How often a worker writes to its claim.
pub const BEAT: Duration = Duration::from_secs(2);

/// What a worker tells of itself and of its run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// The machine's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// The machine since it was last started; empty where the system does not tell.
    pub boot: String,
    /// Whether the run was given back.
    pub free: bool,
    /// Steps or updates of the run so far.
    pub step: u64,
    /// Those per second since the worker began; 0 before the first.
    pub pace: f64,
    /// Mean return of the last evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_return: Option<f64>,
}

impl Beat {
    /// Of this process, before the first step.
    #[must_use]
    pub fn here() -> Self {
        // The same as long as this process lives, and asked of each claim that is looked at.
        static HERE: OnceLock<[String; 2]> = OnceLock::new();
        let [host, boot] = HERE.get_or_init(|| {
            ["hostname", "random/boot_id"].map(|file| {
                let text = fs::read_to_string(Path::new("/proc/sys/kernel").join(file));
                text.unwrap_or_default().trim().to_owned()
            })
        });
        Self {
            host: host.clone(),
            boot: boot.clone(),
            pid: std::process::id(),
            ..Self::default()
        }
    }
}

/// A run that is this worker's, until this is dropped, given back or lost.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    number: u64,
    file: File,
}

impl Claim {
    /// Takes a run; `None` when another worker has it.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn take(study: &StudyDir, name: &str) -> Result<Option<Self>> {
        Self::take_after(study, name, SILENCE)
    }

    /// As [`take`](Self::take), from a worker that is silent for so long.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_after(study: &StudyDir, name: &str, silence: Duration) -> Result<Option<Self>> {
        let folder = study.state_path(name);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let highest = highest(&folder)?;
        if let Some(number) = highest {
            let now = clock(&folder)?;
            if is_held(&numbered(&folder, number), now, silence) {
                return Ok(None);
            }
        }
        let number = highest.map_or(1, |number| number + 1);
        let path = numbered(&folder, number);
        let made = File::options()
            .write(true)
            .read(true)
            .create_new(true)
            .open(&path);
        let file = match made {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        // Before it says whose it is: who reads that may rely on the lock. A file system without locks holds nothing.
        let _ = file.lock();
        let mut claim = Self {
            folder,
            number,
            file,
        };
        if let Err(error) = claim.beat(&Beat::here()) {
            // A claim that does not say whose it is would count until it is silent for long.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        // Of those before it stays one, by which its worker sees that it lost the run.
        for old in (1..number.saturating_sub(1)).rev() {
            if fs::remove_file(numbered(&claim.folder, old)).is_err() {
                break;
            }
        }
        Ok(claim.is_mine().then_some(claim))
    }

    /// Whether the run is still this worker's. Asked before every write.
    #[must_use]
    pub fn is_mine(&self) -> bool {
        // Not the next number alone: that claim is removed when the run is taken twice more.
        matches!(highest(&self.folder), Ok(Some(number)) if number == self.number)
    }

    /// Tells that the worker is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn beat(&mut self, beat: &Beat) -> Result<()> {
        let place = || numbered(&self.folder, self.number).display().to_string();
        let mut text = serde_json::to_string(beat)?;
        // In its place, so that the lock stays, and never shorter than before.
        while text.len() < 300 {
            text.push(' ');
        }
        text.push('\n');
        let mut write = || {
            self.file.rewind()?;
            self.file.write_all(text.as_bytes())
        };
        write().with_context(place)
    }

    /// Gives the run back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn release(mut self, last: Beat) -> Result<()> {
        self.beat(&Beat { free: true, ..last })?;
        // Not by closing it alone: a process that is about to start has it open too for a moment.
        let _ = self.file.unlock();
        Ok(())
    }
}

/// The run that this process makes.
static MINE: Mutex<Option<Claim>> = Mutex::new(None);

fn mine() -> MutexGuard<'static, Option<Claim>> {
    MINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that this process makes a run, and no other.
pub fn hold(claim: Claim) {
    *mine() = Some(claim);
}

/// The claim of the run that this process makes, which it makes no longer.
#[must_use]
pub fn give_up() -> Option<Claim> {
    mine().take()
}

/// Tells that this process is there.
///
/// # Errors
/// When it cannot be written.
pub fn tell(beat: &Beat) -> Result<()> {
    mine().as_mut().map_or(Ok(()), |claim| claim.beat(beat))
}

/// Refuses to write where this process makes a run of a study, and another worker took it meanwhile.
///
/// # Errors
/// When it did.
pub fn check_mine() -> Result<(), String> {
    match mine().as_ref().is_none_or(Claim::is_mine) {
        true => Ok(()),
        false => Err(
            "another worker took this run, after this one was silent; nothing more is written"
                .to_owned(),
        ),
    }
}

/// What the worker of a run tells, where one has it. Reads only.
#[must_use]
pub fn holder(study: &StudyDir, name: &str) -> Option<Beat> {
    let folder = study.state_path(name);
    let path = numbered(&folder, highest(&folder).ok()??);
    let beat = read(&path);
    is_held(&path, SystemTime::now(), SILENCE).then(|| beat.unwrap_or_default())
}

fn numbered(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("claim.{number}"))
}

/// The highest number of the claims in a folder.
fn highest(folder: &Path) -> Result<Option<u64>> {
    if !folder.exists() {
        return Ok(None);
    }
    let place = || folder.display().to_string();
    let mut highest = None;
    for entry in fs::read_dir(folder).with_context(place)? {
        let entry = entry.with_context(place)?.file_name();
        let entry = entry.to_string_lossy();
        let number = entry
            .strip_prefix("claim.")
            .and_then(|n| n.parse::<u64>().ok());
        highest = highest.max(number);
    }
    Ok(highest)
}

fn read(path: &Path) -> Option<Beat> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Whether a claim's worker is there.
fn is_held(path: &Path, now: SystemTime, silence: Duration) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let beat = read(path);
    if beat.as_ref().is_some_and(|beat| beat.free) {
        return false;
    }
    let told = file.metadata().and_then(|file| file.modified());
    let silent = told.ok().and_then(|told| now.duration_since(told).ok());
    if silent.is_some_and(|silent| silent > silence) {
        return false;
    }
    let here = Beat::here().boot;
    let same = beat.is_some_and(|beat| !beat.boot.is_empty() && beat.boot == here);
    match same.then(|| file.try_lock()) {
        // The process that held it is gone.
        Some(Ok(())) => false,
        Some(Err(TryLockError::WouldBlock | TryLockError::Error(_))) | None => true,
    }
}

/// The time of the file system in which a folder lies, by which its files are dated.
fn clock(folder: &Path) -> Result<SystemTime> {
    let path = folder.join(format!(".clock.{}", std::process::id()));
    let place = || path.display().to_string();
    fs::write(&path, "now\n").with_context(place)?;
    let told = fs::metadata(&path).and_then(|file| file.modified());
    // Another thread of this process may have removed it.
    let _ = fs::remove_file(&path);
    Ok(told.unwrap_or_else(|_| SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn study() -> (tempfile::TempDir, StudyDir) {
        let folder = tempfile::tempdir().unwrap();
        let study = StudyDir::at(folder.path());
        (folder, study)
    }

    /// A worker may sleep while the run is taken many times, of which only the last claims stay.
    #[test]
    fn a_claim_is_lost_to_any_higher_one() {
        let (_folder, study) = study();
        let claim = Claim::take(&study, "run").unwrap().unwrap();
        assert!(claim.is_mine());
        let higher = numbered(&study.state_path("run"), claim.number + 3);
        fs::write(&higher, "").unwrap();
        assert!(!claim.is_mine());
        fs::remove_file(higher).unwrap();
        assert!(claim.is_mine());
        fs::remove_file(numbered(&study.state_path("run"), claim.number)).unwrap();
        assert!(!claim.is_mine());
    }

    #[test]
    fn one_of_many_gets_a_run() {
        let (_folder, study) = study();
        for round in 0..20 {
            let name = format!("r{round}");
            let got = AtomicUsize::new(0);
            let barrier = std::sync::Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        barrier.wait();
                        if let Some(claim) = Claim::take(&study, &name).unwrap() {
                            got.fetch_add(1, Ordering::Relaxed);
                            barrier.wait();
                            assert!(claim.is_mine());
                        } else {
                            barrier.wait();
                        }
                    });
                }
            });
            assert_eq!(got.load(Ordering::Relaxed), 1, "round {round}");
        }
    }

    #[test]
    fn what_is_given_back_or_dropped_is_free_and_what_is_held_is_not() {
        let (_folder, study) = study();
        let mut claim = Claim::take(&study, "a").unwrap().unwrap();
        let beat = Beat {
            step: 7,
            ..Beat::here()
        };
        claim.beat(&beat).unwrap();
        assert_eq!(holder(&study, "a").unwrap().step, 7);
        assert!(Claim::take(&study, "a").unwrap().is_none());
        claim.release(beat).unwrap();
        assert_eq!(holder(&study, "a"), None);
        let claim = Claim::take(&study, "a").unwrap().unwrap();
        // As when its process is killed.
        drop(claim);
        if cfg!(target_os = "linux") {
            assert_eq!(holder(&study, "a"), None);
            Claim::take(&study, "a").unwrap().unwrap();
        }
        assert!(holder(&study, "never").is_none());
    }

    #[test]
    fn a_silent_worker_loses_its_run_and_knows_it() {
        let (_folder, study) = study();
        let first = Claim::take(&study, "a").unwrap().unwrap();
        std::thread::sleep(Duration::from_millis(60));
        let silence = Duration::from_millis(20);
        let second = Claim::take_after(&study, "a", silence).unwrap().unwrap();
        assert!(!first.is_mine() && second.is_mine());
        // Through any number of later owners.
        let mut last = second;
        for _ in 0..4 {
            std::thread::sleep(Duration::from_millis(60));
            let next = Claim::take_after(&study, "a", silence).unwrap().unwrap();
            assert!(!first.is_mine() && !last.is_mine() && next.is_mine());
            last = next;
        }
        let left = fs::read_dir(study.state_path("a")).unwrap().count();
        assert_eq!(left, 2, "old claims are removed");
    }

    #[test]
    fn a_claim_of_another_machine_counts_until_it_is_silent() {
        let (_folder, study) = study();
        let mut claim = Claim::take(&study, "a").unwrap().unwrap();
        let beat = Beat {
            boot: "another".to_owned(),
            ..Beat::here()
        };
        claim.beat(&beat).unwrap();
        drop(claim);
        assert!(holder(&study, "a").is_some());
        assert!(Claim::take(&study, "a").unwrap().is_none());
        std::thread::sleep(Duration::from_millis(60));
        let silence = Duration::from_millis(20);
        assert!(Claim::take_after(&study, "a", silence).unwrap().is_some());
    }
}
