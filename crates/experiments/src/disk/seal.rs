//! Texts with a checksum of their contents at the end.
//!
//! A text without one, from an earlier version or written by hand, is read as it is: remove the checksum when you
//! change a text on purpose.

/// The beginning of the last line of a sealed text.
const LINE: &str = "# crc32 of the lines above: ";

/// The text before the checksum, the last key of a sealed JSON object.
const KEY: &str = ",\n  \"crc32\": \"";

/// The end of a JSON object of several lines.
const CLOSED: &str = "\n}";

/// A text of lines in which `#` begins a comment, as in TOML, with its checksum as the last line.
#[must_use]
pub fn sealed(text: &str) -> String {
    let mut lines = text.to_owned();
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    format!("{lines}{LINE}{}\n", of_lines(&lines))
}

/// Checks the checksum of a text that may have one. Whether lines end with LF or CR LF makes no difference.
///
/// # Errors
/// What is wrong, in words.
pub fn check(text: &str) -> Result<(), String> {
    match text.rsplit_once(LINE) {
        Some((above, sum)) if sum.trim_end() != of_lines(above) => Err(
            "it was damaged or changed after it was written: its checksum is another; put it back as it was, or \
             remove its last line if the change is meant"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

/// A JSON object of several lines, with its checksum as its last key, `crc32`.
pub fn sealed_json(text: &str) -> String {
    match text.strip_suffix(CLOSED) {
        Some(open) => format!("{open}{KEY}{}\"{CLOSED}", of_lines(text)),
        None => text.to_owned(),
    }
}

/// The JSON object without its checksum, which must be right where there is one.
///
/// # Errors
/// What is wrong, in words.
pub fn unsealed_json(text: &str) -> Result<String, String> {
    let lf = text.replace("\r\n", "\n");
    let Some((open, sum)) = lf.rsplit_once(KEY) else {
        return Ok(text.to_owned());
    };
    let bare = format!("{open}{CLOSED}");
    let sum = sum.split('"').next().unwrap_or_default();
    if sum != of_lines(&bare) || sealed_json(&bare) != lf.trim_end() {
        return Err(
            "its checksum is another: it was damaged or changed after it was written".to_owned(),
        );
    }
    Ok(bare)
}

/// CRC-32 of lines, however they end.
fn of_lines(text: &str) -> String {
    let mut sum = crc32fast::Hasher::new();
    for line in text.lines() {
        sum.update(line.as_bytes());
        sum.update(b"\n");
    }
    format!("{:08x}", sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with each of its bits flipped in turn, where that is still a text.
    fn flipped(text: &str) -> impl Iterator<Item = String> {
        (0..8 * text.len()).filter_map(|bit| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            String::from_utf8(bytes).ok()
        })
    }

    #[test]
    fn a_change_of_the_lines_is_found_and_another_kind_of_line_end_is_none() {
        let text = "steps = 300\n[learning]\ngamma = 0.99\n";
        let sealed = sealed(text);
        assert_eq!(check(&sealed), Ok(()));
        assert_eq!(check(text), Ok(()));
        assert_eq!(check(&sealed.replace('\n', "\r\n")), Ok(()));
        assert!(sealed.starts_with(text) && sealed.lines().count() == 4);
        for other in flipped(&sealed) {
            // What is left of a broken last line is a comment, or no TOML.
            let lines = other.starts_with(text) || !other.contains(LINE);
            assert!(check(&other).is_err() || lines, "{other}");
        }
        let longer = sealed.replace("steps = 300", "steps = 3000");
        assert!(check(&longer).is_err());
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is read, and not looked at")]
    struct Object {
        step: u64,
        mean: f64,
    }

    #[test]
    fn a_changed_object_is_found() {
        let text = "{\n  \"step\": 300,\n  \"mean\": 1.5\n}";
        let sealed = sealed_json(text);
        assert_eq!(unsealed_json(&sealed).unwrap(), text);
        assert_eq!(unsealed_json(text).unwrap(), text);
        let lf = sealed.replace('\n', "\r\n");
        assert_eq!(unsealed_json(&lf).unwrap(), text);
        let value: serde_json::Value = serde_json::from_str(&sealed).unwrap();
        assert_eq!(value["step"], 300);
        for other in flipped(&sealed) {
            // Another key instead of the last one is refused by the reader of the object.
            let read = unsealed_json(&other);
            let bare = read.is_ok_and(|read| serde_json::from_str::<Object>(&read).is_ok());
            assert!(!bare, "{other}");
        }
    }
}
