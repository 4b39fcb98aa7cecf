//! Arrays of a file, read window after window and checked on the way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::bad::Bad;
use crate::{Error, Result};

/// Numbers that a window holds when a reader is free to choose: 1 MB of them.
pub(super) const WINDOW: usize = 1 << 18;

/// Bytes that a byte of a deflated file becomes at most: 258 for two bits of a code, and some for headers.
const EXPANSION: u64 = 1040;

/// Bytes that a file of any size may hold beside its own: headers, fill values.
const ALLOWANCE: u64 = 1 << 16;

/// An array of a file, for messages.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) key: String,
}

impl Place {
    pub(super) fn new(path: &Path, key: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            key: key.into(),
        }
    }

    /// For `map_err`: what the system or a parser said of this array.
    pub(super) fn broken<E: std::fmt::Display>(&self) -> impl FnOnce(E) -> Error {
        let (path, key) = (self.path.clone(), self.key.clone());
        move |error| Error::File {
            path,
            message: format!("array `{key}`: {error}"),
        }
    }

    pub(super) fn shape(&self, shape: &[usize], allowed: impl Into<String>) -> Error {
        Error::Shape {
            path: self.path.clone(),
            key: self.key.clone(),
            shape: shape.to_vec(),
            allowed: allowed.into(),
        }
    }

    pub(super) fn value(&self, row: usize, value: f32, allowed: &str) -> Error {
        Error::Value {
            path: self.path.clone(),
            key: self.key.clone(),
            row,
            value,
            allowed: allowed.to_owned(),
        }
    }

    pub(super) fn kind(&self, found: impl ToString) -> Error {
        Error::Type {
            path: self.path.clone(),
            key: self.key.clone(),
            found: found.to_string(),
            allowed: "numbers or truth values",
        }
    }

    /// The shape of an array as lengths in memory, when `element` bytes for each number fit into a file of
    /// `stored` bytes, compressed.
    ///
    /// # Errors
    /// When they do not: a broken header would otherwise ask for any amount of memory.
    pub(super) fn fits(&self, shape: &[u64], element: u64, stored: u64) -> Result<Vec<usize>> {
        let most = most_bytes(stored);
        let lengths = shape.iter().map(|length| u128::from(*length));
        let bytes = lengths.fold(u128::from(element), u128::saturating_mul);
        // An axis of length 0 makes the product 0, whatever the others claim.
        let longest = shape.iter().max().copied().unwrap_or(0);
        if bytes > u128::from(most) || longest > most {
            return Err(Error::Claim {
                path: self.path.clone(),
                key: self.key.clone(),
                bytes: bytes.max(u128::from(longest)),
                most,
            });
        }
        Ok(shape.iter().map(|length| *length as usize).collect())
    }
}

/// Bytes that a file of `stored` bytes holds at most.
pub(super) fn most_bytes(stored: u64) -> u64 {
    stored.saturating_mul(EXPANSION).saturating_add(ALLOWANCE)
}

/// Takes a window of numbers: whole rows, in order.
pub(super) type Sink<'a> = &'a mut dyn FnMut(&[f32]) -> Result<()>;

/// An array of a file.
pub(super) trait Column {
    /// Where it stands.
    fn place(&self) -> &Place;

    /// Lengths of its axes, which fit its file.
    fn shape(&self) -> &[usize];

    /// Hands on all its numbers; truth values are 0 and 1.
    fn read(&mut self, sink: Sink<'_>) -> Result<()>;
}

/// The arrays of a file or an episode, by name.
pub(super) type Columns = BTreeMap<String, Box<dyn Column>>;

/// The width of rows `[rows, width]`, and that there are as many as expected.
///
/// # Errors
/// When the array has another shape.
pub(super) fn width_of_rows(column: &dyn Column, rows: Option<usize>) -> Result<usize> {
    let count = rows.map_or("rows".to_owned(), |rows| rows.to_string());
    let hint = match column.shape() {
        [_, width] if *width == 0 => "",
        [0, _] if rows.is_none() => ", 1 row or more",
        [length, width] if rows.is_none_or(|rows| rows == *length) => return Ok(*width),
        [_] => {
            "; one number a row is [rows, 1], and the numbers of discrete actions or states are not read"
        }
        [_, _, _, ..] => "; pictures and other arrays of more axes are not read",
        _ => "",
    };
    let allowed = format!("[{count}, numbers], 1 number or more{hint}");
    Err(column.place().shape(column.shape(), allowed))
}

/// Appends the rows of an array to `numbers`, all finite but for those that are noted.
///
/// # Errors
/// When a number is not, or the file is broken.
pub(super) fn append_rows(
    column: &mut dyn Column,
    numbers: &mut Vec<f32>,
    bad: &mut Bad,
) -> Result<()> {
    let place = column.place().clone();
    let width = column.shape().iter().skip(1).product::<usize>().max(1);
    let start = numbers.len();
    column.read(&mut |window| {
        let first = (numbers.len() - start) / width;
        finite(&place, window, first, width, bad)?;
        numbers.extend_from_slice(window);
        Ok(())
    })
}

/// # Errors
/// When a number is not finite and rows are not noted. `first` is the row that they start with.
pub(super) fn finite(
    place: &Place,
    numbers: &[f32],
    first: usize,
    width: usize,
    bad: &mut Bad,
) -> Result<()> {
    for (row, numbers) in (first..).zip(numbers.chunks(width.max(1))) {
        if let Some(number) = numbers.iter().find(|number| !number.is_finite()) {
            bad.row(row, || place.value(row, *number, "finite"))?;
        }
    }
    Ok(())
}

/// Appends one number a row, from an array `[rows]` or `[rows, 1]`.
///
/// # Errors
/// When the array has another shape, a number is not finite, or the file is broken.
pub(super) fn append_single(
    column: &mut dyn Column,
    rows: usize,
    numbers: &mut Vec<f32>,
    bad: &mut Bad,
) -> Result<()> {
    single(column, rows)?;
    append_rows(column, numbers, bad)
}

/// The numbers of an array of `count` or 1, finite or not, whatever its shape.
///
/// # Errors
/// When it has another number of them, or the file is broken.
pub(super) fn few(column: &mut dyn Column, count: usize) -> Result<Vec<f32>> {
    let found = column.shape().iter().product::<usize>();
    if found != 1 && found != count {
        let allowed = format!("1 number or {count}, as an action");
        return Err(column.place().shape(column.shape(), allowed));
    }
    let mut numbers = Vec::with_capacity(found);
    column.read(&mut |window| {
        numbers.extend_from_slice(window);
        Ok(())
    })?;
    Ok(numbers)
}

/// Reads one truth value a row, from an array `[rows]` or `[rows, 1]`.
///
/// # Errors
/// When the array has another shape, a number is neither 0 nor 1, or the file is broken.
pub(super) fn flags(column: &mut dyn Column, rows: usize) -> Result<Vec<bool>> {
    single(column, rows)?;
    let place = column.place().clone();
    let mut flags = Vec::with_capacity(rows);
    column.read(&mut |window| {
        for number in window {
            if *number != 0.0 && *number != 1.0 {
                return Err(place.value(flags.len(), *number, "0 or 1"));
            }
            flags.push(*number == 1.0);
        }
        Ok(())
    })?;
    Ok(flags)
}

fn single(column: &dyn Column, rows: usize) -> Result<()> {
    match column.shape() {
        [length] | [length, 1] if *length == rows => Ok(()),
        shape => Err(column
            .place()
            .shape(shape, format!("[{rows}], one for each row"))),
    }
}
