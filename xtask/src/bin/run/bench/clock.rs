//! Timing rivals in turns, so that a machine that slows down slows all of them.

use std::time::Instant;

/// Times of one rival, seconds a call, one per repeat.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// None yet.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The middle of the repeats.
    pub(crate) fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// Adds a repeat (s).
    pub(crate) fn push(&mut self, seconds: f64) {
        self.0.push(seconds);
    }

    /// The shortest and the longest.
    pub(crate) fn extremes(&self) -> (f64, f64) {
        let shortest = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let longest = self.0.iter().copied().fold(0.0, f64::max);
        (shortest, longest)
    }
}

/// Times each rival `repeats` times in turns. A repeat is as many calls as take about `seconds`.
pub(crate) fn in_turns<const N: usize>(
    repeats: usize,
    seconds: f64,
    mut rivals: [&mut dyn FnMut(); N],
) -> [Times; N] {
    let calls = rivals.each_mut().map(|rival| calls_in(seconds, *rival));
    let mut times = [const { Times::new() }; N];
    for _ in 0..repeats {
        for ((rival, calls), times) in rivals.iter_mut().zip(calls).zip(&mut times) {
            times.0.push(seconds_of(calls, *rival) / calls as f64);
        }
    }
    times
}

/// The ratio of two rivals, repeat by repeat, in the middle: `a` over `b`.
pub(crate) fn ratio(a: &Times, b: &Times) -> f64 {
    median(a.0.iter().zip(&b.0).map(|(a, b)| a / b).collect())
}

/// How many calls take about `seconds`; also warms up.
fn calls_in(seconds: f64, work: &mut dyn FnMut()) -> usize {
    let mut calls = 1;
    loop {
        let spent = seconds_of(calls, work);
        if spent >= seconds / 4.0 {
            return ((calls as f64 * seconds / spent) as usize).max(1);
        }
        calls *= 2;
    }
}

fn seconds_of(calls: usize, work: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        work();
    }
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn the_slower_rival_takes_longer() {
        let work = |n: u64| {
            (0..n).for_each(|i| {
                std::hint::black_box(i);
            });
        };
        let [quick, slow] = in_turns(3, 1e-3, [&mut || work(1_000), &mut || work(20_000)]);
        assert!(ratio(&slow, &quick) > 2.0);
        assert!(slow.median() > quick.median());
    }
}
