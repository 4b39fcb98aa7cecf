//! Limits of settings that several modules share.

use crate::{Error, Result};

/// Integers are below this, as TOML requires.
const TOML_END: u64 = 1 << 63;

/// A configuration error unless `number` is at least `least`, and one that TOML can say.
pub(crate) fn in_toml(field: &'static str, number: u64, least: u64) -> Result<()> {
    if (least..TOML_END).contains(&number) {
        return Ok(());
    }
    let most = if number < least {
        ""
    } else {
        " and below 2^63"
    };
    Err(Error::config(
        field,
        number,
        format!("{least} or more{most}"),
    ))
}
