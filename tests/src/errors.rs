//! How far results are from a recording.

use std::fmt;

/// Errors of many comparisons: `max |x - ref| / max(1, |ref|)` over the numbers of each.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    /// One error per comparison, and which it was.
    all: Vec<(f64, String)>,
}

/// The error of `found` against `expected`; infinite when a number is missing or not finite.
pub fn error(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let one = |(x, reference): (&f64, &f64)| (x - reference).abs() / reference.abs().max(1.0);
    let worse = |worst: f64, e: f64| {
        if e.is_nan() {
            f64::INFINITY
        } else {
            worst.max(e)
        }
    };
    found.iter().zip(expected).map(one).fold(0.0, worse)
}

impl Errors {
    /// Adds the error of `found` against `expected`; `place` appears in the message when it is too large.
    pub fn add(&mut self, place: impl Into<String>, found: &[f64], expected: &[f64]) {
        self.add_error(place, error(found, expected));
    }

    /// Adds an error measured elsewhere.
    pub fn add_error(&mut self, place: impl Into<String>, error: f64) {
        self.all.push((error, place.into()));
    }

    /// Number of comparisons.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nothing was compared.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The largest error, and where it was.
    pub fn worst(&self) -> (f64, &str) {
        let none = (0.0, "nothing compared");
        self.all.iter().fold(
            none,
            |worst, (e, place)| if *e >= worst.0 { (*e, place) } else { worst },
        )
    }

    /// The error under which the share `part` of all comparisons lies.
    pub fn quantile(&self, part: f64) -> f64 {
        let mut sorted: Vec<f64> = self.all.iter().map(|(e, _)| *e).collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted
            .get((part * last as f64).ceil() as usize)
            .copied()
            .unwrap_or(0.0)
    }

    /// Says on the test's output how large the errors are.
    ///
    /// # Errors
    /// When the largest is over `allowed`, or nothing was compared.
    #[allow(
        clippy::print_stdout,
        reason = "the achieved errors are a result of the tests, shown with --nocapture"
    )]
    pub fn check(&self, what: &str, allowed: f64) -> Result<(), String> {
        println!("{what:<44} {self}  allowed {allowed:.0e}");
        let (worst, place) = self.worst();
        if self.is_empty() {
            Err(format!("{what}: nothing was compared"))
        } else if worst > allowed {
            Err(format!(
                "{what}: error {worst:.3e} at {place}, allowed {allowed:.0e}; {self}"
            ))
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (max, p99, median) = (self.worst().0, self.quantile(0.99), self.quantile(0.5));
        write!(
            f,
            "max {max:.1e}  p99 {p99:.1e}  median {median:.1e}  of {}",
            self.all.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_relative_above_one_and_absolute_below() {
        assert_eq!(error(&[1.5, 1e-3], &[1.0, 0.0]), 0.5);
        assert_eq!(error(&[110.0], &[100.0]), 0.1);
        assert_eq!(error(&[f64::NAN], &[0.0]), f64::INFINITY);
        assert_eq!(error(&[1.0], &[1.0, 2.0]), f64::INFINITY);
    }

    #[test]
    fn too_large_an_error_names_its_place() {
        let mut errors = Errors::default();
        assert!(errors.check("empty", 1.0).is_err());
        errors.add("here", &[0.0], &[0.0]);
        errors.add("there", &[0.5], &[0.0]);
        assert!(errors.check("both", 0.6).is_ok());
        assert!(errors.check("both", 0.1).unwrap_err().contains("at there"));
        assert_eq!((errors.quantile(0.5), errors.quantile(0.99)), (0.5, 0.5));
    }
}
