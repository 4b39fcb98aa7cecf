//! Quoting of printed commands, so that a shell reads them as intended.

use std::ffi::OsStr;
use std::path::Path;

/// A path as a word for a shell: unchanged where no character is special, else quoted. A path that begins with a
/// hyphen, which would be read as an option, begins with `./`.
#[must_use]
pub fn word(path: &Path) -> String {
    let hyphen = path.as_os_str().as_encoded_bytes().starts_with(b"-");
    match hyphen {
        true => argument(Path::new(".").join(path).as_os_str()),
        false => argument(path.as_os_str()),
    }
}

/// An argument as a word for a shell, be it an option.
#[must_use]
pub fn argument(argument: &OsStr) -> String {
    match argument.to_str() {
        Some(text) if plain(text) => text.to_owned(),
        Some(text) if !text.chars().any(char::is_control) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => bytes(argument),
    }
}

/// Whether no shell gives any of the characters a meaning.
fn plain(text: &str) -> bool {
    let means_itself = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    !text.is_empty() && text.chars().all(means_itself)
}

/// What holds control characters or is no text, with escapes (`$'...'`, as bash and zsh have it).
fn bytes(path: &OsStr) -> String {
    let mut word = "$'".to_owned();
    for byte in path.as_encoded_bytes() {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => word.push(char::from(*byte)),
            _ => word += &format!("\\x{byte:02x}"),
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_them_gets_quotes() {
        for (path, expected) in [
            ("runs/hopper-v5-rlx2-td3-s0", "runs/hopper-v5-rlx2-td3-s0"),
            ("/data/a b", "'/data/a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("läufe", "'läufe'"),
            ("~", "'~'"),
            ("a;b", "'a;b'"),
            ("-x", "./-x"),
            ("", "''"),
            ("a\nb'", r"$'a\x0ab\''"),
        ] {
            assert_eq!(word(Path::new(path)), expected, "{path}");
        }
    }

    /// A shell gives every path back as it was.
    #[test]
    #[cfg(unix)]
    fn a_shell_reads_what_was_meant() {
        use std::os::unix::ffi::OsStrExt;
        use std::process::Command;
        for path in [
            &b"plain/path-0.9"[..],
            b"two words",
            b"it's $HOME `ls` \"x\" \\ ! #",
            "l\u{e4}ufe/\u{2713}".as_bytes(),
            b"no\xfftext's",
            b"line\nbreak\t\\",
            b"*.csv",
            b"a&b|c>d",
        ] {
            let path = OsStr::from_bytes(path);
            let line = format!("printf %s {}", word(Path::new(path)));
            let output = Command::new("bash").args(["-c", &line]).output().unwrap();
            assert_eq!(output.stdout, path.as_bytes(), "{line}");
        }
    }
}
