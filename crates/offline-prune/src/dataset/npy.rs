//! One array of NumPy's (`.npy`, versions 1 to 3 of its format), read from a stream.
//!
//! The header is a small dictionary with three known keys, so it is read here: a general parser of Python
//! literals recurses, and a broken file could then exhaust the stack.

use std::io::Read;

use super::column::{Place, Sink, WINDOW};
use super::half;
use crate::Result;

const SIGNATURE: &[u8] = b"\x93NUMPY";

/// Longest header: arrays of plain numbers need about a hundred bytes.
const LONGEST_HEADER: usize = 4096;

/// Most axes that messages list.
const MOST_AXES: usize = 8;

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Float(usize),
    Signed(usize),
    Unsigned(usize),
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    number: Number,
    big_endian: bool,
    /// Whether the first axis changes fastest.
    fortran: bool,
    pub(super) shape: Vec<u64>,
}

impl Header {
    /// Reads up to the numbers.
    ///
    /// # Errors
    /// When the header is broken, or not of plain numbers or truth values.
    pub(super) fn read(place: &Place, from: &mut dyn Read) -> Result<Self> {
        let mut start = [0; 8];
        from.read_exact(&mut start).map_err(place.broken())?;
        if !start.starts_with(SIGNATURE) || !(1..=3).contains(&start[6]) {
            return Err(place.broken()("is no NumPy array of version 1, 2 or 3"));
        }
        let mut length = [0; 4];
        let bytes = if start[6] == 1 { 2 } else { 4 };
        from.read_exact(&mut length[..bytes])
            .map_err(place.broken())?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST_HEADER {
            let what = format!("header of {length} bytes: must be {LONGEST_HEADER} or fewer");
            return Err(place.broken()(what));
        }
        let mut text = vec![0; length];
        from.read_exact(&mut text).map_err(place.broken())?;
        let text = String::from_utf8_lossy(&text);
        Self::parse(place, &text)
    }

    fn parse(place: &Place, text: &str) -> Result<Self> {
        let missing = |key: &str| place.broken()(format!("header {text:?} has no valid `{key}`"));
        let descr = value(text, "descr").ok_or_else(|| missing("descr"))?;
        if descr.starts_with('[') {
            return Err(place.kind("records of several fields"));
        }
        let descr = descr.split(['\'', '"']).nth(1).unwrap_or(descr);
        let (number, big_endian) =
            number(descr).ok_or_else(|| place.kind(format!("{descr}{}", explained(descr))))?;
        let fortran = value(text, "fortran_order").ok_or_else(|| missing("fortran_order"))?;
        let fortran = match () {
            () if fortran.starts_with("True") => true,
            () if fortran.starts_with("False") => false,
            () => return Err(missing("fortran_order")),
        };
        let shape = value(text, "shape").and_then(shape);
        Ok(Self {
            number,
            big_endian,
            fortran,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }

    /// Bytes of a number.
    pub(super) fn element(&self) -> usize {
        match self.number {
            Number::Float(bytes) | Number::Signed(bytes) | Number::Unsigned(bytes) => bytes,
        }
    }

    /// Hands on all numbers of an array `[rows, ·]`, row by row. Columns that lie one after another
    /// (`fortran_order`) are turned in memory.
    ///
    /// # Errors
    /// When the stream breaks off or goes on after the last number.
    pub(super) fn numbers(
        &self,
        place: &Place,
        shape: &[usize],
        from: &mut dyn Read,
        sink: Sink<'_>,
    ) -> Result<()> {
        let rows = shape.first().copied().unwrap_or(1);
        let width = shape.iter().skip(1).product::<usize>();
        if self.fortran && shape.len() > 1 {
            let mut columns = Vec::with_capacity(rows * width);
            self.stream(place, [rows * width, 1], from, &mut |window| {
                columns.extend_from_slice(window);
                Ok(())
            })?;
            let turned = (0..rows).flat_map(|row| columns[row..].iter().step_by(rows.max(1)));
            return sink(&turned.copied().collect::<Vec<_>>());
        }
        self.stream(place, [rows, width], from, sink)
    }

    /// Hands on `[rows, width]` numbers as they lie in the stream.
    fn stream(
        &self,
        place: &Place,
        [rows, width]: [usize; 2],
        from: &mut dyn Read,
        sink: Sink<'_>,
    ) -> Result<()> {
        let window = (WINDOW / width.max(1)).max(1);
        let mut bytes = Vec::new();
        let mut numbers = Vec::new();
        for start in (0..rows).step_by(window) {
            let count = window.min(rows - start) * width;
            bytes.resize(count * self.element(), 0);
            from.read_exact(&mut bytes).map_err(place.broken())?;
            numbers.clear();
            let elements = bytes.chunks_exact_mut(self.element());
            numbers.extend(elements.map(|element| self.decode(element)));
            sink(&numbers)?;
        }
        // The end of an archive's entry is where its check sum is compared.
        match from.read(&mut [0]).map_err(place.broken())? {
            0 => Ok(()),
            _ => Err(place.broken()("goes on after its last number")),
        }
    }

    fn decode(&self, element: &mut [u8]) -> f32 {
        if self.big_endian {
            element.reverse();
        }
        let mut wide = [0; 8];
        wide[..element.len()].copy_from_slice(element);
        let bits = u64::from_le_bytes(wide);
        let unused = 64 - 8 * element.len() as u32;
        match self.number {
            Number::Float(2) => half::decode(bits as u16, 5),
            Number::Float(4) => f32::from_bits(bits as u32),
            Number::Float(_) => f64::from_bits(bits) as f32,
            Number::Signed(_) => ((bits << unused).cast_signed() >> unused) as f32,
            Number::Unsigned(_) => bits as f32,
        }
    }
}

/// What follows a key of the dictionary.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let mut after = quoted
        .iter()
        .filter_map(|key| text.split_once(key.as_str()));
    let rest = after.next()?.1.trim_start().strip_prefix(':')?;
    Some(rest.trim_start())
}

/// The kind of number that `<f4` and its like mean, and whether its first byte is the highest.
fn number(descr: &str) -> Option<(Number, bool)> {
    let mut letters = descr.chars();
    let big_endian = match letters.next()? {
        '<' | '|' | '=' => false,
        '>' => true,
        _ => return None,
    };
    let letter = letters.next()?;
    let bytes: usize = letters.as_str().parse().ok()?;
    let number = match (letter, bytes) {
        ('f', 2 | 4 | 8) => Number::Float(bytes),
        ('i', 1 | 2 | 4 | 8) => Number::Signed(bytes),
        ('u', 1 | 2 | 4 | 8) | ('b', 1) => Number::Unsigned(bytes),
        _ => return None,
    };
    Some((number, big_endian))
}

/// What a kind of number that is not read is, and what helps.
fn explained(descr: &str) -> &'static str {
    let letter = descr.trim_start_matches(['<', '>', '|', '=']);
    match letter.chars().next() {
        Some('O') => {
            " (Python's objects: save an array of numbers, as `np.asarray(x, dtype=np.float32)`)"
        }
        Some('V') => " (raw bytes, as of bfloat16: save `x.astype(np.float32)`)",
        Some('f') => " (long doubles: save `x.astype(np.float64)`)",
        Some('c') => " (complex numbers)",
        Some('U' | 'S') => " (texts: save `x.astype(np.float32)`)",
        _ => "",
    }
}

/// The lengths of `(2, 3)`.
fn shape(text: &str) -> Option<Vec<u64>> {
    let inside = text.strip_prefix('(')?.split_once(')')?.0;
    let lengths = inside.split(',').map(str::trim).filter(|l| !l.is_empty());
    let lengths: Option<Vec<u64>> = lengths.map(|length| length.parse().ok()).collect();
    lengths.filter(|lengths| lengths.len() <= MOST_AXES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::new("x.npz".as_ref(), "a")
    }

    fn array(header: &str, numbers: &[u8]) -> Result<Vec<f32>> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        let mut from = &bytes[..];
        let header = Header::read(&place(), &mut from)?;
        let shape: Vec<usize> = header.shape.iter().map(|length| *length as usize).collect();
        let mut all = Vec::new();
        header.numbers(&place(), &shape, &mut from, &mut |window| {
            all.extend_from_slice(window);
            Ok(())
        })?;
        Ok(all)
    }

    fn header(descr: &str, fortran: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
    }

    #[test]
    fn all_kinds_of_numbers_are_read() {
        for (descr, bytes) in [
            ("<f4", (-2.0_f32).to_le_bytes().to_vec()),
            (">f4", (-2.0_f32).to_be_bytes().to_vec()),
            ("<f8", (-2.0_f64).to_le_bytes().to_vec()),
            (">f8", (-2.0_f64).to_be_bytes().to_vec()),
            ("|i1", vec![254]),
            ("<i2", (-2_i16).to_le_bytes().to_vec()),
            (">i4", (-2_i32).to_be_bytes().to_vec()),
            ("<i8", (-2_i64).to_le_bytes().to_vec()),
            ("<f2", vec![0x00, 0xc0]),
            (">f2", vec![0xc0, 0x00]),
        ] {
            let read = array(&header(descr, "False", "(1,)"), &bytes).unwrap();
            assert_eq!(read, [-2.0], "{descr}");
        }
        for (descr, bytes) in [("|u1", vec![200]), (">u2", vec![0, 200])] {
            assert_eq!(
                array(&header(descr, "False", "(1,)"), &bytes).unwrap(),
                [200.0]
            );
        }
        assert_eq!(
            array(&header("|b1", "False", "(2,)"), &[0, 1]).unwrap(),
            [0.0, 1.0]
        );
    }

    #[test]
    fn columns_are_turned_into_rows() {
        let read = array(&header("|u1", "True", "(2, 3)"), &[0, 10, 1, 11, 2, 12]).unwrap();
        assert_eq!(read, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
        let read = array(&header("|u1", "False", "(2, 3)"), &[0, 1, 2, 10, 11, 12]).unwrap();
        assert_eq!(read, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    }

    #[test]
    fn broken_arrays_are_refused() {
        for (text, numbers, message) in [
            (header("<f4", "False", "(2,)"), &[0; 4][..], "fill whole"),
            (header("<f4", "False", "(1,)"), &[0; 5], "goes on"),
            (header("<U4", "False", "(1,)"), &[0; 16], "holds <U4"),
            (
                header("|O", "False", "(1,)"),
                &[0; 16],
                "holds |O (Python's",
            ),
            (header("<V2", "False", "(1,)"), &[0; 2], "bfloat16"),
            (header("<f16", "False", "(1,)"), &[0; 16], "long doubles"),
            (header("<c8", "False", "(1,)"), &[0; 8], "complex"),
            (
                "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }".to_owned(),
                &[0; 4],
                "records of several fields",
            ),
            (header("<f4", "Maybe", "(1,)"), &[0; 4], "`fortran_order`"),
            (header("<f4", "False", "(-1,)"), &[0; 4], "`shape`"),
            (header("<f4", "False", "1"), &[0; 4], "`shape`"),
            ("{}".to_owned(), &[0; 4], "`descr`"),
            ("(".repeat(5000), &[], "header of 5000 bytes"),
        ] {
            let error = array(&text, numbers).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(error.starts_with("x.npz: array `a`"), "{error}");
        }
    }
}
