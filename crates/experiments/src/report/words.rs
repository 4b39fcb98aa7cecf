//! Numbers and words as the page has them.

use crate::stats::Estimate;
use crate::terminal::table::thousands;

/// A number with its unit in words.
pub(super) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{} {what}s", thousands(number as f64)),
    }
}

/// A number as fine as it is small.
pub(super) fn value(value: f64) -> String {
    as_fine_as(value, value)
}

/// A mean and, behind ±, a deviation, if there is one, as fine as the mean.
pub(super) fn spread(mean: f64, deviation: Option<f64>) -> String {
    let deviation = deviation.map(|deviation| format!(" ± {}", as_fine_as(deviation, mean)));
    value(mean) + &deviation.unwrap_or_default()
}

/// A number with the decimals that `other` has.
fn as_fine_as(value: f64, other: f64) -> String {
    match other.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        100.0.. => thousands(value),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

pub(super) fn interval(estimate: &Estimate) -> String {
    let Estimate {
        value: at,
        low,
        high,
    } = *estimate;
    format!(
        "{} <small>[{}, {}]</small>",
        value(at),
        value(low),
        value(high)
    )
}

/// Words without what HTML would read as its own.
pub(super) fn text(words: &str) -> String {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    words.replace('>', "&gt;").replace('"', "&quot;")
}
