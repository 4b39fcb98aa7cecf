//! HDF5 files, through `hdf5-pure`: in Rust alone it reads what h5py writes, window by window, and writes too;
//! `hdf5-reader` cannot write and maps files into memory, `hdf5-metno` binds to C.
//!
//! Superblocks 0 to 3 are read, arrays in one piece or in chunks, deflated, shuffled and summed. The newest layout
//! of arrays (5, HDF5 2.0 asked for `libver="latest"`) is refused; neither D4RL nor Minari asks for it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hdf5_pure::{
    AttrValue, ChunkCacheConfig, ChunkIndex, DType, Dataset, Datatype, DatatypeByteOrder, File,
    FileAccessProperties, FormatError, Group, MetadataCacheConfig,
};

use super::column::{Column, Columns, Place, Sink, WINDOW, most_bytes};
use super::{half, links};
use crate::{Error, Result};

/// What helps where arrays lie elsewhere.
const COPY: &str = "copy the arrays themselves into one file";

/// What helps where a file is written as newer libraries do when they need not care for older ones.
const OLDER: &str = "write the file again with h5py's default, libver=\"earliest\"";

/// Names that a message lists.
const MOST_NAMES: usize = 12;

/// HDF5's numbers of filters that are known by name and not read.
const FILTERS: [(u16, &str); 7] = [
    (4, "szip"),
    (307, "bzip2"),
    (32_001, "Blosc"),
    (32_004, "LZ4"),
    (32_008, "Bitshuffle"),
    (32_015, "Zstandard"),
    (32_026, "Blosc2"),
];

/// Bytes of a file's structure that are kept to read it once.
const METADATA_CACHE: usize = 8 << 20;

/// An open file.
pub(super) struct H5 {
    path: PathBuf,
    file: File,
    /// Where links lead that were looked for, by name: each search goes through the file.
    links: RefCell<HashMap<String, Option<String>>>,
}

impl H5 {
    /// # Errors
    /// When the file cannot be read or is broken.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let access = FileAccessProperties::new()
            .with_metadata_cache(MetadataCacheConfig::new(METADATA_CACHE))
            .with_chunk_cache(ChunkCacheConfig::disabled());
        Ok(Self {
            path: path.to_owned(),
            file: File::open_streaming_with_options(path, access).map_err(Error::file(path))?,
            links: RefCell::default(),
        })
    }

    /// Bytes of all arrays together that fit into the file, compressed.
    pub(super) fn most_bytes(&self) -> usize {
        usize::try_from(most_bytes(self.file.file_size())).unwrap_or(usize::MAX)
    }

    /// The groups of the file, by name.
    ///
    /// # Errors
    /// When the file is broken.
    pub(super) fn groups(&self) -> Result<Vec<(String, Group)>> {
        let root = self.file.root();
        let groups = root.iter_groups().map_err(Error::file(&self.path))?;
        Ok(groups.collect())
    }

    /// A group of the file, by its name.
    ///
    /// # Errors
    /// When there is none, or it is broken.
    pub(super) fn group(&self, name: &str) -> Result<Group> {
        let place = Place::new(&self.path, name);
        let group = self.file.root().group(name);
        group.map_err(|error| unreadable(&place, &error))
    }

    /// Bytes of the file.
    pub(super) fn size(&self) -> usize {
        usize::try_from(self.file.file_size()).unwrap_or(usize::MAX)
    }

    /// The attributes of the file; those that are neither numbers nor texts are left out.
    ///
    /// # Errors
    /// When the file is broken.
    pub(super) fn attributes(&self) -> Result<HashMap<String, AttrValue>> {
        let attributes = self.file.root().attrs();
        attributes.map_err(Error::file(&self.path))
    }

    /// The arrays of the file that have one of these names.
    ///
    /// # Errors
    /// When the file is broken.
    pub(super) fn columns(&self, keys: &[&str]) -> Result<Columns> {
        self.columns_of(&self.file.root(), "", keys)
    }

    /// The arrays of a group that have one of these names; `prefix` stands before them in messages.
    ///
    /// # Errors
    /// When the file is broken.
    pub(super) fn columns_of(&self, group: &Group, prefix: &str, keys: &[&str]) -> Result<Columns> {
        let stored = self.file.file_size();
        let place = |name: &str| Place::new(&self.path, format!("{prefix}{name}"));
        let mut found = Vec::new();
        match group.iter_datasets() {
            Ok(all) => found.extend(all.filter(|(name, _)| keys.contains(&name.as_str()))),
            // A soft link among others, say, which may have another name.
            Err(_) => {
                for key in keys {
                    match group.dataset(key) {
                        Ok(dataset) => found.push(((*key).to_owned(), dataset)),
                        Err(error) if is_absent(&error) => {}
                        Err(error) => return Err(unreadable(&place(key), &error)),
                    }
                }
            }
        }
        let mut columns = Columns::new();
        for (name, dataset) in found {
            let array = Array::new(place(&name), dataset, stored)?;
            columns.insert(name, Box::new(array));
        }
        Ok(columns)
    }

    /// What stands in an array's place, for a message that it is missing: a link, a group, or what there is.
    pub(super) fn instead(&self, group: &Group, key: &str) -> String {
        let mut links = self.links.borrow_mut();
        let find = || links::find(&self.path, key, true);
        let link = links.entry(key.to_owned()).or_insert_with(find);
        if let Some(target) = link {
            return format!(": it is a link {target}, and links are not followed; {COPY}");
        }
        if group.group(key).is_ok() {
            return ": it is a group, of observations or actions of several parts, which are not read".to_owned();
        }
        let arrays = group.datasets().unwrap_or_default().into_iter();
        let arrays = arrays.map(|name| format!("`{name}`"));
        let groups = group.groups().unwrap_or_default().into_iter();
        let groups = groups.map(|name| format!("`{name}/`"));
        there(arrays.chain(groups).collect())
    }

    /// Where a link leads whose name starts so.
    pub(super) fn linked(&self, start: &str) -> Option<String> {
        links::find(&self.path, start, false)
    }

    /// The group that holds all others.
    pub(super) fn root(&self) -> Group {
        self.file.root()
    }
}

/// Whether nothing that can be read has the name that was asked for.
fn is_absent(error: &hdf5_pure::Error) -> bool {
    use hdf5_pure::Error::{Format, NotADataset};
    matches!(error, NotADataset(_) | Format(FormatError::PathNotFound(_)))
}

/// What is wrong with an entry. Those of soft links have no address in groups of the oldest kind.
fn unreadable(place: &Place, error: &hdf5_pure::Error) -> Error {
    use hdf5_pure::Error::Format;
    match error {
        Format(FormatError::OffsetOverflow {
            offset: u64::MAX, ..
        }) => {
            let what = format!("it is a soft link, and links are not followed; {COPY}");
            place.broken()(what)
        }
        other => place.broken()(other),
    }
}

/// What is wrong, where it is something that is known and not read.
fn unread(place: &Place, error: hdf5_pure::Error) -> Error {
    use hdf5_pure::Error::Format;
    let what = match &error {
        Format(FormatError::UnsupportedFilter(number)) => {
            let known = FILTERS.iter().find(|(known, _)| known == number);
            let name = known.map_or_else(
                || format!("filter {number}"),
                |(_, name)| (*name).to_owned(),
            );
            format!(
                "compressed by {name}, which is not read; gzip and lzf are: `h5repack -f GZIP=4 OLD NEW`"
            )
        }
        Format(FormatError::UnsupportedExternalStorage) => {
            format!("its numbers lie in other files, which are not read; {COPY}")
        }
        Format(FormatError::UnsupportedVirtualLayout) => {
            format!("a virtual dataset, whose numbers lie in other files, is not read; {COPY}")
        }
        Format(FormatError::InvalidLayoutVersion(_)) => {
            format!("a layout that this reader does not know; {OLDER}")
        }
        Format(FormatError::ChunkedReadError(what)) if what.contains("version 2 B-tree") => {
            format!("chunks with two axes that grow, in a layout that is not read; {OLDER}")
        }
        _ => return place.broken()(error),
    };
    place.broken()(what)
}

/// The names that there are, for a message.
pub(super) fn there(names: Vec<String>) -> String {
    match names.len() {
        0 => String::new(),
        1 => format!("; there is only {}", names[0]),
        2..=MOST_NAMES => format!("; there are {}", names.join(", ")),
        more => format!(
            "; there are {} and {} others",
            names[..MOST_NAMES].join(", "),
            more - MOST_NAMES
        ),
    }
}

/// How numbers are stored.
#[derive(Clone, Copy)]
enum Kind {
    Single,
    /// Anything else that a double holds.
    Double,
    /// Bytes that are 0 or 1: NumPy's booleans.
    Truth,
    /// 16 bits, `exponent` of them for the exponent.
    Half {
        exponent: u32,
        big_endian: bool,
    },
}

/// What a kind of number that is not read is, and what helps.
fn explained(kind: &Datatype) -> String {
    match kind {
        Datatype::FloatingPoint { size, .. } => {
            format!("floats of {size} bytes (save them as float32 or float64)")
        }
        other => DType::Other(Box::new(other.clone())).to_string(),
    }
}

/// Numbers of 16 bits in IEEE 754's layout.
fn half_of(kind: &Datatype) -> Option<Kind> {
    let Datatype::FloatingPoint {
        size: 2,
        byte_order,
        layout,
    } = kind
    else {
        return None;
    };
    let exponent = u32::from(layout.exponent_size);
    let fits = [5, 8].contains(&exponent)
        && u32::from(layout.mantissa_size) == 15 - exponent
        && layout.exponent_location == layout.mantissa_size
        && (layout.mantissa_location, layout.bit_offset) == (0, 0)
        && layout.exponent_bias == (1 << (exponent - 1)) - 1;
    fits.then_some(Kind::Half {
        exponent,
        big_endian: *byte_order == DatatypeByteOrder::BigEndian,
    })
}

struct Array {
    place: Place,
    dataset: Dataset,
    shape: Vec<usize>,
    kind: Kind,
    /// Bytes of the file.
    stored: u64,
    /// Rows that are read at once.
    window: usize,
}

impl Array {
    fn new(place: Place, dataset: Dataset, stored: u64) -> Result<Self> {
        let kind = match dataset.dtype().map_err(place.broken())? {
            DType::F32 => Kind::Single,
            DType::F64 | DType::I8 | DType::I16 | DType::I32 | DType::I64 => Kind::Double,
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => Kind::Double,
            DType::Enum(names) if names == ["FALSE", "TRUE"] => Kind::Truth,
            DType::Other(other) => match half_of(&other) {
                Some(half) => half,
                None => return Err(place.kind(explained(&other))),
            },
            other => return Err(place.kind(other)),
        };
        let element = dataset.element_size().map_err(place.broken())?;
        if matches!(kind, Kind::Truth) && element != 1 {
            return Err(place.kind(format!("truth values of {element} bytes")));
        }
        let shape = dataset.shape().map_err(place.broken())?;
        let shape = place.fits(&shape, element, stored)?;
        let chunk = dataset
            .chunk_shape()
            .map_err(|error| unread(&place, error))?;
        let chunk = chunk.map(|chunk| place.fits(&chunk, element, stored));
        let chunk_rows = chunk.transpose()?.and_then(|chunk| chunk.first().copied());
        let width = shape.iter().skip(1).product::<usize>().max(1);
        // Whole chunks, so that none is inflated twice.
        let chunk_rows = chunk_rows.unwrap_or(1).max(1);
        let window = (WINDOW / width / chunk_rows).max(1) * chunk_rows;
        Ok(Self {
            place,
            dataset,
            shape,
            kind,
            stored,
            window,
        })
    }

    /// Checks that all chunks lie in the file: the reader takes memory for their stored bytes unseen.
    fn chunks_lie_in_file(&self) -> Result<()> {
        let told = |error| unread(&self.place, error);
        let index = self.dataset.chunk_index().map_err(told)?;
        if index.is_none_or(|index| index == ChunkIndex::BTreeV2) {
            return Ok(());
        }
        for chunk in self.dataset.chunks().map_err(told)? {
            let end = chunk.address.checked_add(chunk.storage_size);
            if end.is_none_or(|end| end > self.stored) {
                let (address, size) = (chunk.address, chunk.storage_size);
                let what = format!("a chunk of {size} bytes at {address} ends after the file");
                return Err(self.place.broken()(what));
            }
        }
        Ok(())
    }

    /// The numbers of a window of rows.
    fn rows(&self, start: usize, count: usize) -> Result<Vec<f32>, hdf5_pure::Error> {
        let (start, count) = (start as u64, count as u64);
        Ok(match self.kind {
            Kind::Single => self.dataset.read_f32_rows(start, count)?,
            Kind::Double => {
                let doubles = self.dataset.read_f64_rows(start, count)?;
                doubles.into_iter().map(|double| double as f32).collect()
            }
            Kind::Truth => {
                let bytes = self.dataset.read_raw_rows(start, count)?;
                bytes.into_iter().map(f32::from).collect()
            }
            Kind::Half {
                exponent,
                big_endian,
            } => {
                let bytes = self.dataset.read_raw_rows(start, count)?;
                let (numbers, _) = bytes.as_chunks();
                let bits = |bytes: &[u8; 2]| match big_endian {
                    true => u16::from_be_bytes(*bytes),
                    false => u16::from_le_bytes(*bytes),
                };
                let number = |bytes| half::decode(bits(bytes), exponent);
                numbers.iter().map(number).collect()
            }
        })
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
        let rows = self.shape.first().copied().unwrap_or(1);
        let width = self.shape.iter().skip(1).product::<usize>();
        self.chunks_lie_in_file()?;
        for start in (0..rows).step_by(self.window) {
            let count = self.window.min(rows - start);
            let numbers = self
                .rows(start, count)
                .map_err(|error| unread(&self.place, error))?;
            if numbers.len() != count * width {
                let found = format!("{} numbers in {count} rows", numbers.len());
                return Err(self.place.broken()(found));
            }
            sink(&numbers)?;
        }
        Ok(())
    }
}
