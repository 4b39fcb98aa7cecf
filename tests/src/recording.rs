//! Recordings: NumPy archives (`.npz`), one per task, read whole.

use npyz::npz::NpzArchive;
use npyz::{Deserialize, NpyFile, Order};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// An error is a message for the person who runs the test.
pub type Result<T, E = String> = std::result::Result<T, E>;

/// An array of numbers in row-major order; whole numbers and truth values are numbers too.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Lengths of the axes; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers.
    pub data: Vec<f64>,
}

impl Array {
    /// Number of rows: the length of the first axis.
    pub fn len(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row `i` along the first axis.
    ///
    /// # Panics
    /// Unless `i < len()`.
    pub fn row(&self, i: usize) -> &[f64] {
        let width: usize = self.shape.iter().skip(1).product();
        &self.data[i * width..(i + 1) * width]
    }
}

/// All arrays of one task's file.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    arrays: BTreeMap<String, Array>,
    texts: BTreeMap<String, Vec<String>>,
}

/// The folder of recordings: `PARITY_DATA`, or the extract in this repository.
pub fn folder() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    std::env::var_os("PARITY_DATA").map_or(own, PathBuf::from)
}

/// The files `<task><suffix>.npz` of the folder, by task.
///
/// # Errors
/// When the folder cannot be read.
pub fn tasks(suffix: &str) -> Result<Vec<(String, PathBuf)>> {
    let folder = folder();
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let task = name
            .strip_suffix(".npz")
            .and_then(|name| name.strip_suffix(suffix));
        if let Some(task) = task.filter(|task| !task.contains("-v")) {
            found.push((task.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

impl Recording {
    /// Reads the recording of `task`, such as `Hopper-v5`, from [`folder`].
    ///
    /// # Errors
    /// When there is no such file or it cannot be read; says where it looked.
    pub fn open(task: &str) -> Result<Self> {
        Self::read(&folder().join(format!("{task}.npz")))
    }

    /// Reads one file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        if !path.is_file() {
            return Err(format!(
                "there is no recording {place}; set PARITY_DATA to a folder that has it"
            ));
        }
        let failed = |error: std::io::Error| format!("{place}: {error}");
        let mut archive = NpzArchive::open(path).map_err(failed)?;
        let names: Vec<String> = archive.array_names().map(str::to_owned).collect();
        let mut recording = Self {
            path: path.into(),
            arrays: BTreeMap::new(),
            texts: BTreeMap::new(),
        };
        for name in names {
            let in_array = |error: String| format!("{place}, array {name}: {error}");
            let file = archive.by_name(&name).map_err(failed)?;
            let file = file.ok_or_else(|| in_array("missing".into()))?;
            match values(file).map_err(in_array)? {
                Values::Numbers(array) => drop(recording.arrays.insert(name, array)),
                Values::Texts(texts) => drop(recording.texts.insert(name, texts)),
            }
        }
        Ok(recording)
    }

    /// The numbers under `key`.
    ///
    /// # Errors
    /// When the file has none; names the file.
    pub fn get(&self, key: &str) -> Result<&Array> {
        self.arrays
            .get(key)
            .ok_or_else(|| format!("{} has no array `{key}`", self.path.display()))
    }

    /// The single number under `key`.
    ///
    /// # Errors
    /// When the file has none, or more than one.
    pub fn number(&self, key: &str) -> Result<f64> {
        match self.get(key)?.data[..] {
            [value] => Ok(value),
            _ => Err(format!(
                "{}: `{key}` is not a single number",
                self.path.display()
            )),
        }
    }

    /// The words under `key`; an empty list where the file holds an empty array of any kind.
    ///
    /// # Errors
    /// When the file has none.
    pub fn texts(&self, key: &str) -> Result<&[String]> {
        match self.texts.get(key) {
            Some(texts) => Ok(texts),
            None => self.get(key).map(|_| &[][..]),
        }
    }

    /// All keys of numbers.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.arrays.keys().map(String::as_str)
    }

    /// Trajectories in the file, such as `seed0_sine`, in order.
    pub fn trajectories(&self) -> Vec<&str> {
        let starts = self
            .arrays
            .keys()
            .filter_map(|key| key.strip_suffix("/qpos"));
        starts.filter(|name| name.starts_with("seed")).collect()
    }

    /// Names `n` of the arrays `prefix` + `n`.
    pub fn under(&self, prefix: &str) -> Vec<&str> {
        self.arrays
            .keys()
            .filter_map(|key| key.strip_prefix(prefix))
            .collect()
    }
}

enum Values {
    Numbers(Array),
    Texts(Vec<String>),
}

fn values<R: Read>(file: NpyFile<R>) -> Result<Values> {
    let shape: Vec<usize> = file.shape().iter().map(|n| *n as usize).collect();
    if file.order() == Order::Fortran && shape.len() > 1 {
        return Err("is stored column by column; expected row by row".into());
    }
    let kind = file.dtype().descr();
    let numbers = |data| {
        Ok(Values::Numbers(Array {
            shape: shape.clone(),
            data,
        }))
    };
    let file = match read_as::<f64, _>(file)? {
        Ok(data) => return numbers(data),
        Err(file) => file,
    };
    let file = match read_as::<f32, _>(file)? {
        Ok(data) => return numbers(data.into_iter().map(f64::from).collect()),
        Err(file) => file,
    };
    let file = match read_as::<i64, _>(file)? {
        Ok(data) => return numbers(data.into_iter().map(|x| x as f64).collect()),
        Err(file) => file,
    };
    let file = match read_as::<i32, _>(file)? {
        Ok(data) => return numbers(data.into_iter().map(f64::from).collect()),
        Err(file) => file,
    };
    let file = match read_as::<u8, _>(file)? {
        Ok(data) => return numbers(data.into_iter().map(f64::from).collect()),
        Err(file) => file,
    };
    let file = match read_as::<bool, _>(file)? {
        Ok(data) => return numbers(data.into_iter().map(|x| f64::from(u8::from(x))).collect()),
        Err(file) => file,
    };
    match read_as::<String, _>(file)? {
        Ok(texts) => Ok(Values::Texts(texts)),
        Err(_) => Err(format!(
            "has elements of a kind that is not read here: {kind}"
        )),
    }
}

/// All elements as `T`, or the file back when they are of another kind.
fn read_as<T: Deserialize, R: Read>(
    file: NpyFile<R>,
) -> Result<std::result::Result<Vec<T>, NpyFile<R>>> {
    match file.try_data::<T>() {
        Ok(reader) => reader
            .collect::<std::io::Result<_>>()
            .map(Ok)
            .map_err(|error| error.to_string()),
        Err(file) => Ok(Err(file)),
    }
}
