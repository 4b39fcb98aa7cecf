//! OBJ: the corners of the whole file, and the triangles of its first object, as MuJoCo's reader (tinyobjloader) gives
//! them. <http://www.martinreddy.net/gfx/3d/OBJ.spec>

use super::{MOST_FACES, Surface};

/// Most corners of one polygon.
const MOST_CORNERS: usize = 1000;

/// Reads a file.
pub(super) fn read(bytes: &[u8]) -> Result<Surface, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut surface = Surface::default();
    // Whether the first object with faces has ended.
    let mut over = false;
    let mut corners = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("line {}: {what}", number + 1);
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("v") => surface
                .vert
                .push(corner(&mut words).ok_or_else(|| wrong("a corner has three numbers"))?),
            Some("o" | "g") => over |= !surface.face.is_empty(),
            Some("f") if !over => {
                corners.clear();
                for word in words {
                    let corner = index(word, surface.vert.len());
                    corners.push(corner.ok_or_else(|| wrong(&format!("`{word}` is no corner")))?);
                }
                if corners.len() > MOST_CORNERS {
                    return Err(wrong(&format!(
                        "a face has more than {MOST_CORNERS} corners"
                    )));
                }
                if corners.len() >= 3 {
                    split(&mut surface, &corners);
                }
                if surface.face.len() > MOST_FACES {
                    return Err(wrong(&format!(
                        "there are more than {MOST_FACES} triangles"
                    )));
                }
            }
            _ => {}
        }
    }
    Ok(surface)
}

fn corner<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<[f32; 3]> {
    let mut number = || words.next()?.parse::<f64>().ok().map(|x| x as f32);
    Some([number()?, number()?, number()?])
}

/// The corner that a word of a face names, from 1, or from the last one backwards; texture and normal follow strokes.
fn index(word: &str, count: usize) -> Option<usize> {
    let number = word.split('/').next()?.parse::<i64>().ok()?;
    let index = if number < 0 {
        count as i64 + number
    } else {
        number - 1
    };
    usize::try_from(index).ok()
}

/// Adds a polygon as triangles: one of four corners along its shorter diagonal, others as a fan.
fn split(surface: &mut Surface, corners: &[usize]) {
    if let [a, b, c, d] = *corners {
        let square = |from: usize, to: usize| {
            let ends = [from, to].map(|corner| surface.vert.get(corner));
            let [Some(from), Some(to)] = ends else {
                return 0.0;
            };
            let along = |i: usize| to[i] - from[i];
            along(0) * along(0) + along(1) * along(1) + along(2) * along(2)
        };
        let faces = if square(a, c) < square(b, d) {
            [[a, b, c], [a, c, d]]
        } else {
            [[a, b, d], [b, c, d]]
        };
        surface.face.extend(faces);
        return;
    }
    let pairs = corners[1..].windows(2);
    surface
        .face
        .extend(pairs.map(|pair| [corners[0], pair[0], pair[1]]));
}
