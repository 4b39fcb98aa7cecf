//! NumPy's archives (`np.savez` and `np.savez_compressed`), through `rawzip`: no C, no unsafe code, no
//! dependencies, and it hands out streams that compare check sums.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::read::DeflateDecoder;
use rawzip::{
    CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder,
};

use super::column::{Column, Columns, Place, Sink};
use super::npy::Header;
use crate::{Error, Result};

/// Bytes read from an entry at once.
const BUFFER: usize = 1 << 17;

/// Names of other entries that are kept for a message.
const MOST_OTHERS: usize = 100;

/// The arrays of an archive that have one of these names, and the names of the others.
///
/// # Errors
/// When the file cannot be read or is broken.
pub(super) fn columns(path: &Path, keys: &[&str]) -> Result<(Columns, Vec<String>)> {
    let file = File::open(path).map_err(Error::file(path))?;
    let stored = file.metadata().map_err(Error::file(path))?.len();
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).map_err(Error::file(path))?;
    let (mut found, mut others) = (Vec::new(), Vec::new());
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(Error::file(path))? {
        let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
        let key = name.strip_suffix(".npy").unwrap_or(&name);
        if keys.contains(&key) {
            let place = Place::new(path, key);
            found.push((place, entry.wayfinder(), entry.compression_method()));
        } else if others.len() < MOST_OTHERS {
            others.push(format!("`{key}`"));
        }
    }
    let archive = Rc::new(archive);
    let mut columns = Columns::new();
    for (place, entry, method) in found {
        let mut array = Array {
            archive: Rc::clone(&archive),
            entry,
            deflated: match method {
                CompressionMethod::STORE => false,
                CompressionMethod::DEFLATE => true,
                other => return Err(place.broken()(format!("compressed by {other}"))),
            },
            shape: Vec::new(),
            place,
        };
        let header = array.open(&mut |header, _| Ok(header.clone()))?;
        array.shape = array
            .place
            .fits(&header.shape, header.element() as u64, stored)?;
        columns.insert(array.place.key.clone(), Box::new(array));
    }
    Ok((columns, others))
}

struct Array {
    place: Place,
    archive: Rc<ZipArchive<FileReader>>,
    entry: ZipArchiveEntryWayfinder,
    deflated: bool,
    shape: Vec<usize>,
}

impl Array {
    /// Opens the entry and gives its header and the stream of its numbers to `then`.
    fn open<T>(&self, then: &mut dyn FnMut(&Header, &mut dyn Read) -> Result<T>) -> Result<T> {
        let entry = self.archive.get_entry(self.entry);
        let entry = entry.map_err(self.place.broken())?;
        let buffered = BufReader::with_capacity(BUFFER, entry.reader());
        let inflated: Box<dyn Read + '_> = if self.deflated {
            Box::new(DeflateDecoder::new(buffered))
        } else {
            Box::new(buffered)
        };
        let mut checked = BufReader::with_capacity(BUFFER, entry.verifying_reader(inflated));
        let header = Header::read(&self.place, &mut checked)?;
        then(&header, &mut checked)
    }
}

impl Column for Array {
    fn place(&self) -> &Place {
        &self.place
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&mut self, sink: Sink<'_>) -> Result<()> {
        self.open(&mut |header, from| header.numbers(&self.place, &self.shape, from, sink))
    }
}
