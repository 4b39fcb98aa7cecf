//! HDF5 files, through `hdf5-pure`: in Rust alone it reads what h5py writes, window by window, and writes too;
//! `hdf5-reader` cannot write and maps files into memory, `hdf5-metno` binds to C.
//!
//! Superblocks 0 to 3 are read, arrays in one piece or in chunks, deflated, shuffled and summed. The newest layout
//! of arrays (5, HDF5 2.0 asked for `libver="latest"`) is refused; neither D4RL nor Minari asks for it.

use std::path::{Path, PathBuf};

use hdf5_pure::{
    ChunkCacheConfig, ChunkIndex, DType, Dataset, File, FileAccessProperties, Group,
    MetadataCacheConfig,
};

use super::column::{Column, Columns, Place, Sink, WINDOW, most_bytes};
use crate::{Error, Result};

/// Bytes of a file's structure that are kept to read it once.
const METADATA_CACHE: usize = 8 << 20;

/// An open file.
pub(super) struct H5 {
    path: PathBuf,
    file: File,
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
        let mut columns = Columns::new();
        let found = group.iter_datasets().map_err(Error::file(&self.path))?;
        for (name, dataset) in found {
            if keys.contains(&name.as_str()) {
                let place = Place::new(&self.path, format!("{prefix}{name}"));
                columns.insert(name, Box::new(Array::new(place, dataset, stored)?));
            }
        }
        Ok(columns)
    }
}

/// How numbers are stored.
#[derive(Clone, Copy)]
enum Kind {
    Single,
    /// Anything else that a double holds.
    Double,
    /// Bytes that are 0 or 1: NumPy's truth values.
    Truth,
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
            other => return Err(place.kind(other)),
        };
        let element = dataset.element_size().map_err(place.broken())?;
        if matches!(kind, Kind::Truth) && element != 1 {
            return Err(place.kind(format!("truth values of {element} bytes")));
        }
        let shape = dataset.shape().map_err(place.broken())?;
        let shape = place.fits(&shape, element, stored)?;
        let chunk = dataset.chunk_shape().map_err(place.broken())?;
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
        let index = self.dataset.chunk_index().map_err(self.place.broken())?;
        if index.is_none_or(|index| index == ChunkIndex::BTreeV2) {
            return Ok(());
        }
        for chunk in self.dataset.chunks().map_err(self.place.broken())? {
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
            let numbers = self.rows(start, count).map_err(self.place.broken())?;
            if numbers.len() != count * width {
                let found = format!("{} numbers in {count} rows", numbers.len());
                return Err(self.place.broken()(found));
            }
            sink(&numbers)?;
        }
        Ok(())
    }
}
