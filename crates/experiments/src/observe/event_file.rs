//! TensorBoard's files: records of protobuf messages with checksums.
//!
//! A record is the length of its message (`u64`), the length's checksum (`u32`), the message and its checksum, all
//! little-endian. A checksum is a CRC-32C, masked as TensorFlow does (`tensorflow/core/lib/io/record_writer.h`,
//! `lib/hash/crc32c.h`). The messages are `Event`s with `Summary`s (`tensorflow/core/util/event.proto`,
//! `framework/summary.proto`); of both only the few fields that scalars need are written.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rl_algos::{Error, Result};

/// How the name of every event file starts. TensorBoard looks for `tfevents` and reads the files of a folder in the order
/// of their names, so the time follows; a session that begins later must not come first, whatever the clock says.
pub const PREFIX: &str = "events.out.tfevents.";

/// What the first record says: the second version of the format, in which a restart is announced.
const VERSION: &str = "brain.Event:2";

/// Fields of `Event`: `double wall_time`, `int64 step`, then one of the rest.
const WALL_TIME: u8 = 1;
const STEP: u8 = 2;
const FILE_VERSION: u8 = 3;
const SUMMARY: u8 = 5;
const SESSION_LOG: u8 = 7;
/// Field of `Summary`: each `Value`.
const VALUE: u8 = 1;
/// Fields of `Value`: `string tag`, `float simple_value`.
const TAG: u8 = 1;
const SIMPLE_VALUE: u8 = 2;
/// Field of `SessionLog`, and the status `START`.
const STATUS: u8 = 1;
const START: u64 = 1;

/// How a field is stored, in the lowest bits of its key.
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// An event file that is being written. Each record reaches the system in one write.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    file: File,
    /// The time of the last record (seconds since 1970), which none that follows is before.
    time: f64,
}

impl EventFile {
    /// Begins a new file in `folder`, whose name and times come after those of all existing files.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written.
    pub fn create(folder: &Path) -> Result<Self> {
        let (named, written) = last_times(folder)?;
        let time = now().max(written);
        let mut seconds = (time as u64).max(named + 1);
        loop {
            let path = folder.join(format!("{PREFIX}{seconds:010}.0"));
            match File::create_new(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => seconds += 1,
                file => {
                    let file = file.map_err(Error::file(&path))?;
                    let mut events = Self { path, file, time };
                    events.append(version)?;
                    return Ok(events);
                }
            }
        }
    }

    /// Marks the start of a session at `step`: earlier files are void from there on.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written.
    pub fn start(&mut self, step: u64) -> Result<()> {
        self.append(|time| session_start(time, step))
    }

    /// Writes the scalars of a step.
    ///
    /// # Errors
    /// [`Error::File`] when they cannot be written.
    pub fn scalars(&mut self, step: u64, scalars: &[(String, f64)]) -> Result<()> {
        self.append(|time| summary(time, step, scalars))
    }

    /// Writes the message of this time.
    fn append(&mut self, message: impl FnOnce(f64) -> Vec<u8>) -> Result<()> {
        self.time = self.time.max(now());
        let written = self.file.write_all(&record(&message(self.time)));
        written.map_err(Error::file(&self.path))
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    since.map_or(0.0, |time| time.as_secs_f64())
}

/// The latest times of a folder's event files (seconds since 1970), 0 where there are none: in a name, and in a record.
fn last_times(folder: &Path) -> Result<(u64, f64)> {
    let mut last = (0, 0.0);
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let path = entry.map_err(Error::file(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(stamp) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let digits = stamp.split('.').next().unwrap_or_default();
        let digits = digits.get(..10).filter(|_| digits.len() == 10);
        last.0 = digits.and_then(|d| d.parse().ok()).unwrap_or(0).max(last.0);
        // What cannot be read says nothing of a time.
        let bytes = fs::read(&path).unwrap_or_default();
        last.1 = whole_messages(&bytes)
            .filter_map(time_of)
            .fold(last.1, f64::max);
    }
    Ok(last)
}

/// The messages of a file, up to the first that is torn or damaged.
fn whole_messages(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (sum, rest) = rest.split_first_chunk::<4>()?;
        let size = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (message, rest) = rest.split_at_checked(size)?;
        let (message_sum, rest) = rest.split_first_chunk::<4>()?;
        let good = masked_crc(length) == u32::from_le_bytes(*sum)
            && masked_crc(message) == u32::from_le_bytes(*message_sum);
        bytes = rest;
        good.then_some(message)
    })
}

/// The time of an `Event` that begins with it, as they do.
fn time_of(message: &[u8]) -> Option<f64> {
    let mut key_of_time = Vec::new();
    key(&mut key_of_time, WALL_TIME, Wire::Fixed64);
    let time = message.strip_prefix(key_of_time.as_slice())?;
    let time = f64::from_le_bytes(*time.first_chunk()?);
    time.is_finite().then_some(time)
}

/// A message with its frame.
fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let mut out = Vec::with_capacity(message.len() + 16);
    out.extend(length);
    out.extend(masked_crc(&length).to_le_bytes());
    out.extend(message);
    out.extend(masked_crc(message).to_le_bytes());
    out
}

/// The checksum of some bytes, turned so that a checksum of data with checksums in it is a good one too.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// An `Event` whose content is the field `what`.
fn event(time: f64, step: u64, what: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    key(&mut out, WALL_TIME, Wire::Fixed64);
    out.extend(time.to_le_bytes());
    // Protobuf leaves out what is zero.
    if step > 0 {
        key(&mut out, STEP, Wire::Varint);
        varint(&mut out, step);
    }
    bytes(&mut out, what, content);
    out
}

/// The `Event` that a file begins with.
fn version(time: f64) -> Vec<u8> {
    event(time, 0, FILE_VERSION, VERSION.as_bytes())
}

/// An `Event` that says that a session begins.
fn session_start(time: f64, step: u64) -> Vec<u8> {
    let mut log = Vec::new();
    key(&mut log, STATUS, Wire::Varint);
    varint(&mut log, START);
    event(time, step, SESSION_LOG, &log)
}

/// An `Event` with the scalars of a step.
fn summary(time: f64, step: u64, scalars: &[(String, f64)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (tag, value) in scalars {
        let mut one = Vec::new();
        bytes(&mut one, TAG, tag.as_bytes());
        key(&mut one, SIMPLE_VALUE, Wire::Fixed32);
        one.extend((*value as f32).to_le_bytes());
        bytes(&mut out, VALUE, &one);
    }
    event(time, step, SUMMARY, &out)
}

fn key(out: &mut Vec<u8>, field: u8, wire: Wire) {
    out.push(field << 3 | wire as u8);
}

fn bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    key(out, field, Wire::Bytes);
    varint(out, content.len() as u64);
    out.extend(content);
}

/// Seven bits a byte, the lowest first; all bytes but the last have their highest bit set.
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Bit by bit, by the reversed polynomial.
    fn crc(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
            }
        }
        !crc
    }

    /// The messages of a file's whole records. What follows the last one is left.
    pub(crate) fn messages(mut file: &[u8]) -> (Vec<Vec<u8>>, &[u8]) {
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        let masked = |bytes: &[u8]| {
            let crc = crc(bytes);
            crc.rotate_right(15).wrapping_add(0xa282_ead8)
        };
        let mut messages = Vec::new();
        while file.len() >= 12 {
            let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            assert_eq!(number(&file[8..12]), masked(&file[..8]), "of a length");
            if file.len() < length + 16 {
                break;
            }
            let (message, rest) = file[12..].split_at(length);
            assert_eq!(number(&rest[..4]), masked(message), "of a message");
            messages.push(message.to_vec());
            file = &rest[4..];
        }
        (messages, file)
    }

    #[test]
    fn the_readers_checksum_is_the_standards() {
        // RFC 3720, B.4.
        assert_eq!(crc(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc(&[0xff; 32]), 0x62a8_ab43);
    }

    /// Records that Python's `tensorboard` 2.21 writes of the same events.
    #[test]
    fn records_are_those_of_tensorboards_own_writer() {
        let scalars = [("eval/mean_reward", 1234.5), ("sparse/actor_density", 0.1)];
        let scalars = scalars.map(|(tag, value)| (tag.to_owned(), value));
        let hex = |message: Vec<u8>| -> String {
            let bytes = record(&message).into_iter();
            bytes.map(|byte| format!("{byte:02x}")).collect()
        };
        assert_eq!(
            hex(version(1_700_000_000.25)),
            "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9"
        );
        assert_eq!(
            hex(session_start(1_700_000_000.5, 5001)),
            "100000000000000095fbfe180900002040fc54d9411089273a02080153586200"
        );
        assert_eq!(
            hex(summary(1_700_000_001.0, 1_000_000, &scalars)),
            "4500000000000000ebe668b00900004040fc54d94110c0843d2a360a170a106576616c2f6d65616e5f726577\
             6172641500509a440a1b0a147370617273652f6163746f725f64656e7369747915cdcccc3d629cc46f"
        );
    }

    #[test]
    fn varints_are_protobufs() {
        for (value, expected) in [(0, &[0][..]), (127, &[127]), (300, &[0xac, 2])] {
            let mut out = Vec::new();
            varint(&mut out, value);
            assert_eq!(out, expected);
        }
        let mut out = Vec::new();
        varint(&mut out, u64::MAX);
        assert_eq!((out.len(), out[9]), (10, 1));
    }

    #[test]
    fn files_of_the_same_second_keep_apart() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = [(); 3].map(|()| EventFile::create(folder.path()).unwrap());
        files[0].start(7).unwrap();
        for (i, file) in files.iter().enumerate() {
            let name = file.path.file_name().unwrap().to_str().unwrap();
            assert!(name.starts_with(PREFIX), "{name}");
            let bytes = fs::read(&file.path).unwrap();
            let (messages, rest) = messages(&bytes);
            assert_eq!(
                (messages.len(), rest.len()),
                (if i == 0 { 2 } else { 1 }, 0)
            );
        }
        assert!(EventFile::create(&folder.path().join("absent")).is_err());
    }

    /// A clock that is behind that of the session before: a new file that came first by name would have TensorBoard take
    /// its points for void, as those before the old session began.
    #[test]
    fn a_session_comes_after_those_before_whatever_the_clock_says() {
        let folder = tempfile::tempdir().unwrap();
        let (named, written) = (4_000_000_000_u64, 4_000_086_400.5);
        let old = folder.path().join(format!("{PREFIX}{named}.3"));
        let torn = &record(&summary(written + 9.0, 600, &[]))[..20];
        let bytes = [
            &record(&version(named as f64)),
            &*record(&summary(written, 300, &[])),
            torn,
        ];
        fs::write(&old, bytes.concat()).unwrap();
        fs::write(folder.path().join("notes"), "").unwrap();
        for _ in 0..12 {
            let newest = newest(folder.path());
            let mut events = EventFile::create(folder.path()).unwrap();
            assert!(events.path > newest, "{:?}", events.path);
            events.start(301).unwrap();
            events.scalars(600, &[]).unwrap();
            let bytes = fs::read(&events.path).unwrap();
            let times: Vec<f64> = whole_messages(&bytes).filter_map(time_of).collect();
            assert_eq!(times, [written; 3]);
        }
    }

    /// The file that TensorBoard reads last.
    fn newest(folder: &Path) -> PathBuf {
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.to_str().unwrap().contains(PREFIX))
            .max()
            .unwrap()
    }
}
