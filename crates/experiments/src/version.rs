//! Which build of this program it is: what runs and reports say they were made by.

use std::sync::OnceLock;

/// The commit that the program was built from.
static COMMIT: OnceLock<String> = OnceLock::new();

/// Says from which commit the program was built; the first one stays, and an empty one is none.
pub fn built_from(commit: &str) {
    COMMIT.get_or_init(|| commit.to_owned());
}

/// The version of this crate, with the commit where it is known: `0.2.0 (75ee495c1f2a)`.
#[must_use]
pub fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match COMMIT.get().map(String::as_str) {
        None | Some("") => version.to_owned(),
        Some(commit) => format!("{version} ({commit})"),
    }
}
