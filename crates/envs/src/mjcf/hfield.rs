//! Height fields: from a file, or numbers in the XML, to a compiled [`HeightField`]. MuJoCo: XML reference, "hfield".

use super::asset::HeightFieldSpec;
use super::spec::Named;
use crate::Result;
use crate::dynamics::model::HeightField;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Most heights of all fields of a model.
const MOST_HEIGHTS: usize = 1 << 24;
/// Range of heights (in the file's unit) that counts as flat.
const FLAT: f32 = 1e-14;

/// Heights by row, from the least y on.
#[derive(Clone, Debug, Default, PartialEq)]
struct Grid {
    nrow: usize,
    ncol: usize,
    data: Vec<f32>,
}

/// Reads and compiles a height field; `known` is how many heights the model has already.
///
/// # Errors
/// When its file cannot be read, or it has no heights or no extent.
pub(super) fn compile(named: &Named<HeightFieldSpec>, known: usize) -> Result<HeightField> {
    let wrong = |message: String| {
        let name = &named.name;
        named.place.error(format!("hfield `{name}`: {message}"))
    };
    let spec = &named.spec;
    if let Some(size) = spec.size.iter().find(|size| **size <= 0.0) {
        return Err(wrong(format!(
            "size holds {size}; all four must be greater than 0"
        )));
    }
    let mut grid = grid(spec).map_err(wrong)?;
    if known + grid.data.len() > MOST_HEIGHTS {
        return Err(wrong(format!(
            "the model has more than {MOST_HEIGHTS} heights"
        )));
    }
    if let Some(height) = grid.data.iter().find(|height| !height.is_finite()) {
        return Err(wrong(format!("a height is {height}; it must be finite")));
    }
    let low = grid.data.iter().copied().fold(f32::INFINITY, f32::min);
    let high = grid.data.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = high - low;
    if !range.is_finite() {
        return Err(wrong(format!(
            "heights from {low} to {high} are too far apart"
        )));
    }
    for height in &mut grid.data {
        *height -= low;
        if range > FLAT {
            *height /= range;
        }
    }
    Ok(HeightField {
        name: named.name.clone(),
        size: spec.size,
        nrow: grid.nrow,
        ncol: grid.ncol,
        data: grid.data,
    })
}

fn grid(spec: &HeightFieldSpec) -> Result<Grid, String> {
    let [nrow, ncol] = spec.grid;
    let Some(file) = &spec.file else {
        return written(spec);
    };
    if nrow > 0 || ncol > 0 {
        return Err(format!(
            "nrow is {nrow} and ncol {ncol}; its file says them, leave them out"
        ));
    }
    let path = file.as_ref().map_err(String::clone)?;
    let named = path.to_string_lossy().to_ascii_lowercase();
    let kind = spec.content_type.as_deref();
    let kind = kind.unwrap_or(if named.ends_with(".png") {
        "image/png"
    } else {
        "image/vnd.mujoco.hfield"
    });
    let found = match kind {
        "image/png" => picture(path),
        "image/vnd.mujoco.hfield" => numbers(path),
        other => {
            return Err(format!(
                "content_type is `{other}`; allowed: image/png, image/vnd.mujoco.hfield"
            ));
        }
    };
    found.map_err(|message| format!("{}: {message}", path.display()))
}

/// Number of heights, if not too large.
fn count(nrow: usize, ncol: usize) -> Result<usize, String> {
    let count = nrow
        .checked_mul(ncol)
        .filter(|count| (1..=MOST_HEIGHTS).contains(count));
    count.ok_or_else(|| {
        format!("it has {nrow} rows and {ncol} columns; together 1 to {MOST_HEIGHTS} heights are allowed")
    })
}

/// The grid in the XML, whose first row has the largest y; flat where no heights are given.
fn written(spec: &HeightFieldSpec) -> Result<Grid, String> {
    let [nrow, ncol] = spec.grid;
    let count = count(nrow, ncol)?;
    let mut data = vec![0.0; count];
    if let Some(elevation) = &spec.elevation {
        if elevation.len() != count {
            return Err(format!(
                "elevation has {} numbers; nrow times ncol is {count}",
                elevation.len()
            ));
        }
        let rows = elevation.chunks_exact(ncol).rev().flatten();
        for (height, given) in data.iter_mut().zip(rows) {
            *height = *given as f32;
        }
    }
    Ok(Grid { nrow, ncol, data })
}

/// MuJoCo's own format: two whole numbers of four bytes, rows and columns, then a float for each height.
fn numbers(path: &Path) -> Result<Grid, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    let most = 8 + 4 * MOST_HEIGHTS as u64;
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    let (words, rest) = bytes.as_chunks::<4>();
    let [nrow, ncol, heights @ ..] = words else {
        return Err("it is shorter than its head of 8 bytes".into());
    };
    let [nrow, ncol] =
        [nrow, ncol].map(|word| usize::try_from(i32::from_le_bytes(*word)).unwrap_or(0));
    let count = count(nrow, ncol)?;
    if heights.len() != count || !rest.is_empty() {
        return Err(format!(
            "it has {} bytes; {nrow} rows and {ncol} columns take {}",
            bytes.len(),
            8 + 4 * count
        ));
    }
    let data = heights.iter().map(|word| f32::from_le_bytes(*word));
    Ok(Grid {
        nrow,
        ncol,
        data: data.collect(),
    })
}

/// A picture, whose first channel tells the height; the top row has the largest y.
fn picture(path: &Path) -> Result<Grid, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    count(height, width)?;
    let size = reader.output_buffer_size().ok_or("it is too large")?;
    let mut bytes = vec![0; size];
    let info = reader
        .next_frame(&mut bytes)
        .map_err(|error| error.to_string())?;
    let step = info.color_type.samples();
    let rows = bytes[..info.buffer_size()]
        .chunks_exact(info.line_size)
        .rev();
    let data = rows.flat_map(|row| row.chunks_exact(step).map(|pixel| f32::from(pixel[0])));
    Ok(Grid {
        nrow: height,
        ncol: width,
        data: data.collect(),
    })
}
