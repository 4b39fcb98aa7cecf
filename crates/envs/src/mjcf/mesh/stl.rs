//! STL: triangles without shared corners. Binary as in <https://www.fabbers.com/tech/STL_Format>, and its text form,
//! which MuJoCo does not read.

use super::{MOST_FACES, Surface};
use std::collections::HashMap;

/// Bytes before the triangles of a binary file, and of each triangle.
const HEADER: usize = 84;
const TRIANGLE: usize = 50;
/// Coordinates beyond this are taken for damage, as in MuJoCo.
const FARTHEST: f32 = (1 << 30) as f32;

/// Reads a file of either form.
pub(super) fn read(bytes: &[u8]) -> Result<Surface, String> {
    let count = bytes.get(80..HEADER).and_then(|four| four.try_into().ok());
    let count = count.map_or(0, u32::from_le_bytes) as usize;
    let fits = count > 0 && bytes.len() - HEADER == count.saturating_mul(TRIANGLE);
    let corners = if fits {
        if count > MOST_FACES {
            return Err(format!(
                "there are {count} triangles; at most {MOST_FACES} are read"
            ));
        }
        let triangles = bytes[HEADER..].chunks_exact(TRIANGLE);
        triangles
            .flat_map(|triangle| triangle[12..48].chunks_exact(12).map(corner))
            .collect()
    } else if bytes.trim_ascii_start().starts_with(b"solid") {
        text(bytes)?
    } else {
        return Err(format!(
            "the header declares {count} triangles, {} bytes with it; the file has {}",
            count.saturating_mul(TRIANGLE) + HEADER,
            bytes.len()
        ));
    };
    if let Some(far) = corners
        .iter()
        .flatten()
        .find(|x| !x.is_finite() || x.abs() > FARTHEST)
    {
        return Err(format!(
            "a coordinate is {far}; it must be finite and within ±2^30"
        ));
    }
    Ok(joined(&corners))
}

fn corner(bytes: &[u8]) -> [f32; 3] {
    let number = |i: usize| {
        let four = bytes[4 * i..4 * i + 4].try_into();
        four.map_or(f32::NAN, f32::from_le_bytes)
    };
    [number(0), number(1), number(2)]
}

/// Corners of the triangles of a text: three lines `vertex x y z` each.
fn text(bytes: &[u8]) -> Result<Vec<[f32; 3]>, String> {
    let mut corners = Vec::new();
    let text = String::from_utf8_lossy(bytes);
    for (line, words) in text.lines().enumerate() {
        let mut words = words.split_ascii_whitespace();
        if words.next() != Some("vertex") {
            continue;
        }
        let numbers: Option<Vec<f32>> = words.map(|word| word.parse().ok()).collect();
        let corner = numbers.and_then(|numbers| <[f32; 3]>::try_from(numbers).ok());
        corners
            .push(corner.ok_or_else(|| format!("line {}: a vertex has three numbers", line + 1))?);
    }
    if corners.is_empty() || !corners.len().is_multiple_of(3) {
        return Err(format!(
            "it has {} lines of vertices; each triangle has three",
            corners.len()
        ));
    }
    if corners.len() / 3 > MOST_FACES {
        return Err(format!("there are more than {MOST_FACES} triangles"));
    }
    Ok(corners)
}

/// Triangles with shared corners, numbered in the order in which they first come.
fn joined(corners: &[[f32; 3]]) -> Surface {
    let mut index = HashMap::new();
    let mut surface = Surface::default();
    let mut number = |corner: &[f32; 3]| {
        // Both zeros are one number.
        let key = corner.map(|x| (x + 0.0).to_bits());
        *index.entry(key).or_insert_with(|| {
            surface.vert.push(*corner);
            surface.vert.len() - 1
        })
    };
    let faces = corners.chunks_exact(3);
    let faces: Vec<_> = faces
        .map(|face| [number(&face[0]), number(&face[1]), number(&face[2])])
        .collect();
    surface.face = faces;
    surface
}
