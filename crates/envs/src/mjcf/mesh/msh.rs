//! MSH: MuJoCo's own binary format. MuJoCo: XML reference, "MSH file format".

use super::{MOST_FACES, Surface};

/// Four counts: corners, normals, texture coordinates, triangles.
const HEADER: usize = 16;

/// Reads a file.
pub(super) fn read(bytes: &[u8]) -> Result<Surface, String> {
    let four = |at: usize| {
        let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
        four.ok_or_else(|| format!("the file ends at byte {}", bytes.len()))
    };
    let count = |at: usize| Ok::<_, String>(i64::from(i32::from_le_bytes(four(at)?)));
    let [vert, normal, texture, face] = [count(0)?, count(4)?, count(8)?, count(12)?];
    let paired = |n: i64| n == 0 || n == vert;
    if vert < 4 || face < 0 || !paired(normal) || !paired(texture) {
        return Err(format!(
            "the header declares {vert} corners, {normal} normals, {texture} texture coordinates and {face} triangles"
        ));
    }
    if face > MOST_FACES as i64 {
        return Err(format!(
            "there are {face} triangles; at most {MOST_FACES} are read"
        ));
    }
    let expected = HEADER as i64 + 4 * (3 * vert + 3 * normal + 2 * texture + 3 * face);
    if expected != bytes.len() as i64 {
        return Err(format!(
            "the header declares {expected} bytes; the file has {}",
            bytes.len()
        ));
    }
    let number = |i: i64| Ok::<_, String>(f32::from_le_bytes(four(HEADER + 4 * i as usize)?));
    let vertices = (0..vert).map(|i| Ok([number(3 * i)?, number(3 * i + 1)?, number(3 * i + 2)?]));
    let vertices = vertices.collect::<Result<_, String>>()?;
    let first = expected - 12 * face;
    let index = |i: i64| {
        let index = i32::from_le_bytes(four((first + 4 * i) as usize)?);
        usize::try_from(index).map_err(|_| format!("a triangle has corner {index}"))
    };
    let faces = (0..face).map(|i| Ok([index(3 * i)?, index(3 * i + 1)?, index(3 * i + 2)?]));
    Ok(Surface {
        vert: vertices,
        face: faces.collect::<Result<_, String>>()?,
    })
}
