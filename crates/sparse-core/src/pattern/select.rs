//! The best of many candidates by score, without holding or sorting them all.

/// A candidate and its score as one number that orders like them: larger for a higher score and, of equal scores, for
/// the lower candidate. NaN ranks by its sign beyond infinity, and -0 is 0.
pub(crate) fn key(score: f32, candidate: u32) -> u64 {
    // Adding zero turns -0.0 into 0.0; flipping turns the sign-and-magnitude order of floats into that of
    // integers.
    let bits = (score + 0.0).to_bits();
    let ordered = if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    };
    (u64::from(ordered) << 32) | u64::from(!candidate)
}

/// The score of what is no candidate: a bit pattern that no arithmetic gives.
pub(crate) const NONE: f32 = f32::from_bits(u32::MAX);

/// Scores that are shown at a time.
const PART: usize = 256;

/// The candidate of a [`key`].
pub(crate) fn candidate(key: u64) -> u32 {
    !(key as u32)
}

/// The score of a [`key`].
fn score(key: u64) -> f32 {
    let ordered = (key >> 32) as u32;
    f32::from_bits(if ordered >> 31 == 1 {
        ordered & !(1 << 31)
    } else {
        !ordered
    })
}

/// Keeps the `count` largest of the keys that it is given, in any order, in memory for about twice as many and in time
/// linear in their number.
#[derive(Debug)]
pub(crate) struct Largest {
    count: usize,
    keys: Vec<u64>,
    /// No smaller key can be among the largest.
    least: u64,
}

impl Largest {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            count,
            keys: Vec::new(),
            least: 0,
        }
    }

    /// Shows one key.
    #[inline]
    pub(crate) fn push(&mut self, key: u64) {
        if key < self.least || self.count == 0 {
            return;
        }
        if self.keys.len() >= 2 * self.count {
            self.shrink();
        }
        self.keys.push(key);
    }

    /// Shows the scores of the candidates from `first` on. A candidate whose score is [`NONE`] is not shown.
    pub(crate) fn extend(&mut self, first: u32, scores: &[f32]) {
        if self.count == 0 {
            return;
        }
        for (scores, candidates) in scores.chunks(PART).zip((first..).step_by(PART)) {
            if self.keys.len() >= 2 * self.count {
                self.shrink();
            }
            // Every key is written, and the next one over it where it cannot be among the largest: a branch for each
            // would be mistaken for one in three.
            let mut end = self.keys.len();
            self.keys.resize(end + scores.len(), 0);
            for (candidate, score) in (candidates..).zip(scores) {
                let key = key(*score, candidate);
                self.keys[end] = key;
                let is_one = score.to_bits() != NONE.to_bits();
                end += usize::from(is_one & (key >= self.least));
            }
            self.keys.truncate(end);
        }
    }

    /// Forgets all but the largest. Half of the keys go, so this is paid for by as many that came.
    fn shrink(&mut self) {
        if self.keys.len() > self.count {
            let last = self.count - 1;
            let (_, least, _) = self.keys.select_nth_unstable_by(last, |a, b| b.cmp(a));
            self.least = *least;
            self.keys.truncate(self.count);
        }
    }

    /// The candidates of the largest keys, ascending; all where there are no more than `count`.
    pub(crate) fn finish(mut self) -> Vec<u32> {
        self.shrink();
        let mut candidates: Vec<u32> = self.keys.into_iter().map(candidate).collect();
        candidates.sort_unstable();
        candidates
    }

    /// The same, each with its score.
    pub(crate) fn finish_with_scores(mut self) -> (Vec<u32>, Vec<f32>) {
        self.shrink();
        self.keys.sort_unstable_by_key(|key| candidate(*key));
        let pairs = self
            .keys
            .into_iter()
            .map(|key| (candidate(key), score(key)));
        pairs.unzip()
    }
}

/// The `count` candidates of highest score, ascending; ties and what is no number as in [`key`].
pub(crate) fn largest(
    candidates: impl Iterator<Item = u32>,
    count: usize,
    score: impl Fn(u32) -> f32,
) -> Vec<u32> {
    let mut best = Largest::new(count);
    for candidate in candidates {
        best.push(key(score(candidate), candidate));
    }
    best.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Scores with many ties, both zeros, infinities and numbers that are none.
    fn scores() -> impl Strategy<Value = Vec<f32>> {
        let special = prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            -1.0,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
            -f32::NAN,
            f32::MIN_POSITIVE,
        ]);
        prop::collection::vec(prop_oneof![special, -2.0..2.0f32], 0..600)
    }

    #[test]
    fn scores_come_back() {
        for expected in [
            0.0,
            -1.5,
            2.25,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MIN_POSITIVE,
        ] {
            assert_eq!(score(key(expected, 7)), expected);
        }
        let mut best = Largest::new(2);
        for (candidate, score) in (0..).zip([0.5, 3.0, -1.0, 2.0]) {
            best.push(key(score, candidate));
        }
        assert_eq!(best.finish_with_scores(), (vec![1, 3], vec![3.0, 2.0]));
    }

    #[test]
    fn what_is_no_candidate_is_never_among_the_largest() {
        let scores = [f32::NEG_INFINITY, NONE, -f32::NAN, NONE, 1.0, 2.0];
        for count in 0..8 {
            let mut best = Largest::new(count);
            best.extend(10, &scores);
            let mut expected = vec![15, 14, 10, 12];
            expected.truncate(count);
            expected.sort_unstable();
            assert_eq!(best.finish(), expected, "{count}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_stable_sort(scores in scores(), share in 0.0..=1.2f64, turn in 0..200usize) {
            let count = (scores.len() as f64 * share) as usize;
            let mut order: Vec<u32> = (0..scores.len() as u32).collect();
            order.sort_by(|a, b| {
                let [a, b] = [a, b].map(|p| scores[*p as usize] + 0.0);
                b.total_cmp(&a)
            });
            order.truncate(count);
            order.sort_unstable();

            // In any order of candidates, and never more than twice as many kept.
            let mut shown: Vec<u32> = (0..scores.len() as u32).collect();
            shown.rotate_left(turn.min(scores.len()));
            let mut best = Largest::new(count);
            for p in shown {
                best.push(key(scores[p as usize], p));
                prop_assert!(best.keys.len() <= 2 * count);
            }
            prop_assert_eq!(best.finish(), order.clone());
            let mut best = Largest::new(count);
            best.extend(0, &scores[..turn.min(scores.len())]);
            best.extend(turn as u32, &scores[turn.min(scores.len())..]);
            prop_assert_eq!(best.finish(), order.clone());
            let all = 0..scores.len() as u32;
            prop_assert_eq!(largest(all, count, |p| scores[p as usize]), order);
        }

        #[test]
        fn a_key_gives_its_candidate_back(score in any::<f32>(), position in any::<u32>()) {
            prop_assert_eq!(candidate(key(score, position)), position);
        }
    }
}
