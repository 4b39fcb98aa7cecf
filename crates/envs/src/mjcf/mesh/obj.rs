//! OBJ: the corners of the whole file, and the triangles of its first object, as MuJoCo's reader (tinyobjloader) gives
//! them. <http://www.martinreddy.net/gfx/3d/OBJ.spec>

use super::{MOST_FACES, Surface};

/// Most corners of one polygon.
const MOST_CORNERS: usize = 1000;
/// Most corners of polygons that are looked at for ears, again and again: a second's work.
const MOST_LOOKS: usize = 300_000_000;

/// Reads a file.
pub(super) fn read(bytes: &[u8]) -> Result<Surface, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut surface = Surface::default();
    // Whether the first object with faces has ended.
    let mut over = false;
    let (mut corners, mut looks) = (Vec::new(), 0);
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
                    split(&mut surface, &corners, &mut looks);
                }
                if looks > MOST_LOOKS {
                    return Err(wrong("the polygons have too many corners to be cut"));
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

/// Adds a polygon as triangles, as tinyobjloader 2.0 does in single precision: seen along the axis that shows most of its
/// first corner, ears are cut off one after the other, each a corner that turns as the whole does and holds no other
/// corner. What has no ear any more is left out.
fn split(surface: &mut Surface, corners: &[usize], looks: &mut usize) {
    let axes = axes(surface, corners);
    let at = |corner: usize| {
        let place = surface.vert.get(corner);
        place.map_or([0.0; 2], |place| axes.map(|axis| place[axis]))
    };
    let next = |i: usize| corners[(i + 1) % corners.len()];
    let area = (0..corners.len()).fold(0.0, |area, i| {
        let [a, b] = [at(corners[i]), at(next(i))];
        area + (a[0] * b[1] - a[1] * b[0]) * 0.5
    });
    let mut rest = corners.to_vec();
    let (mut first, mut tries) = (0, rest.len());
    while rest.len() > 3 && tries > 0 {
        let count = rest.len();
        *looks += count;
        first %= count;
        let ear = [0, 1, 2].map(|i| rest[(first + i) % count]);
        let flat = ear.map(at);
        let mut others = (3..count).map(|i| at(rest[(first + i) % count]));
        if turn(&flat) * area < 0.0 || others.any(|other| is_within(&flat, other)) {
            first += 1;
            tries -= 1;
        } else {
            surface.face.push(ear);
            rest.remove((first + 1) % count);
            tries = count;
        }
    }
    if let [a, b, c] = rest[..] {
        surface.face.push([a, b, c]);
    }
}

/// The two axes across the one that shows most of a polygon's first corner that is no straight line.
fn axes(surface: &Surface, corners: &[usize]) -> [usize; 2] {
    for i in 0..corners.len() {
        let three = [0, 1, 2].map(|k| surface.vert.get(corners[(i + k) % corners.len()]));
        let [Some(a), Some(b), Some(c)] = three else {
            continue;
        };
        let [e, f] = [[a, b], [b, c]].map(|[from, to]| [0, 1, 2].map(|k| to[k] - from[k]));
        let [x, y, z] = [[1, 2], [2, 0], [0, 1]].map(|[j, k]| (e[j] * f[k] - e[k] * f[j]).abs());
        if x.max(y).max(z) > f32::EPSILON {
            return if x > y && x > z {
                [1, 2]
            } else if z > x && z > y {
                [0, 1]
            } else {
                [0, 2]
            };
        }
    }
    [1, 2]
}

/// Which way a corner turns.
fn turn([a, b, c]: &[[f32; 2]; 3]) -> f32 {
    (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
}

/// Whether a point lies in a triangle: a line from it along the first axis crosses an odd number of sides.
fn is_within(corners: &[[f32; 2]; 3], [x, y]: [f32; 2]) -> bool {
    let sides = [(0, 2), (1, 0), (2, 1)].map(|(i, j)| (corners[i], corners[j]));
    let crossed = sides.into_iter().filter(|([ax, ay], [bx, by])| {
        (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
    });
    crossed.count() % 2 == 1
}
