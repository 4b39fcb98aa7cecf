//! Limits of settings that several modules share.

use rl_algos::{Error, Result};

/// Integers are below this, as TOML requires.
const TOML_END: u64 = 1 << 63;

/// Most units of a layer: two such layers have as many weights between them as indices can count.
const MOST_UNITS: usize = (1 << 16) - 1;

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

/// A configuration error unless these are sizes of one hidden layer or more.
pub(crate) fn hidden_layers(field: &'static str, sizes: &[usize]) -> Result<()> {
    if sizes.is_empty() || !sizes.iter().all(|units| (1..=MOST_UNITS).contains(units)) {
        let allowed = format!("one hidden layer or more, each of 1 to {MOST_UNITS} units");
        return Err(Error::config(field, format!("{sizes:?}"), allowed));
    }
    Ok(())
}

/// A configuration error unless log σ, which starts at 0, is between finite bounds.
pub(crate) fn log_std([low, high]: [&'static str; 2], [min, max]: [f64; 2]) -> Result<()> {
    let good = min <= 0.0 && (min as f32).is_finite();
    within(low, min, good, "0 or less, and not infinite in f32")?;
    not_negative(high, max)
}

/// A configuration error unless `value` is finite and above 0. It is used in f32.
pub(crate) fn positive(field: &'static str, value: f64) -> Result<()> {
    let good = value as f32 > 0.0 && (value as f32).is_finite();
    let allowed = "above 0, and neither 0 nor infinite in f32";
    within(field, value, good, allowed)
}

/// A configuration error unless `good`.
pub(crate) fn within(field: &'static str, value: f64, good: bool, allowed: &str) -> Result<()> {
    let refused = || Err(Error::config(field, value, allowed));
    if good { Ok(()) } else { refused() }
}

/// A configuration error unless `value` is finite and 0 or more. It is used in f32.
pub(crate) fn not_negative(field: &'static str, value: f64) -> Result<()> {
    let good = value >= 0.0 && (value as f32).is_finite();
    within(field, value, good, "0 or more, and not infinite in f32")
}
