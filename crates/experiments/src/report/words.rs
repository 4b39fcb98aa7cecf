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
    with_decimals(value, decimals(value))
}

/// A mean and, behind ±, a deviation, if there is one, as fine as the mean, or finer where that would leave a zero.
pub(super) fn spread(mean: f64, deviation: Option<f64>) -> String {
    let Some(deviation) = deviation else {
        return value(mean);
    };
    let fine = decimals(mean);
    let is_seen = deviation == 0.0 || deviation >= 0.5 / 10_f64.powi(fine);
    let fine = if is_seen { fine } else { decimals(deviation) };
    format!("{} ± {}", value(mean), with_decimals(deviation, fine))
}

/// How many decimals show a number.
fn decimals(value: f64) -> i32 {
    match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 3,
    }
}

fn with_decimals(value: f64, decimals: i32) -> String {
    match (value.abs(), decimals) {
        _ if !value.is_finite() => "–".to_owned(),
        (100.0.., _) | (_, 0) => thousands(value),
        (_, 1) => format!("{value:.1}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deviation_is_as_fine_as_its_mean() {
        for (mean, deviation, text) in [
            (4321.4, 12.04, "4,321 ± 12"),
            (1674.6, 1068.2, "1,675 ± 1,068"),
            (95.64, 3.198, "95.6 ± 3.2"),
            (1.845, 0.141, "1.845 ± 0.141"),
            (0.5, 1200.4, "0.500 ± 1,200"),
            (12.0, 150.2, "12.0 ± 150"),
            (200.0, 0.0, "200 ± 0"),
            // Not a zero.
            (150.0, 0.3, "150 ± 0.300"),
            (12.0, 0.04, "12.0 ± 0.040"),
            (f64::NAN, f64::NAN, "– ± –"),
        ] {
            assert_eq!(spread(mean, Some(deviation)), text);
        }
        assert_eq!(spread(95.64, None), "95.6");
    }
}
