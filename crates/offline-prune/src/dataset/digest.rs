//! What a dataset is known by.

use crc32fast::Hasher;

use super::{Boundary, Dataset};

/// Numbers that are turned into bytes at a time.
const WINDOW: usize = 1 << 12;

impl Dataset {
    /// A digest of all that learning depends on: every number, where episodes end and how, the reference. Another
    /// number anywhere gives another digest but for one case in four thousand million. Observations count as they lie,
    /// so [normalised](Self::normalise) ones have a digest of their own.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = Hasher::new();
        let arrays = [
            &self.observations,
            &self.actions,
            &self.rewards,
            &self.last_observations,
        ];
        for array in arrays {
            for window in array.chunks(WINDOW) {
                let bytes: Vec<u8> = window.iter().flat_map(|x| x.to_le_bytes()).collect();
                hasher.update(&bytes);
            }
        }
        for follows in self.follows.chunks(WINDOW) {
            let code = |follows: &Boundary| match follows {
                Boundary::Next => 0,
                Boundary::Terminal => 1,
                Boundary::Cut => 2,
            };
            hasher.update(&follows.iter().map(code).collect::<Vec<u8>>());
        }
        for ending in &self.endings {
            let last = ending.last.map_or(u64::MAX, |last| last as u64);
            hasher.update(&[(ending.end as u64).to_le_bytes(), last.to_le_bytes()].concat());
        }
        if let Some(reference) = self.reference {
            hasher.update(&[reference.min.to_le_bytes(), reference.max.to_le_bytes()].concat());
        }
        format!(
            "{} rows of {} and {} numbers, CRC-32 {:08x}",
            self.len(),
            self.observation_size,
            self.action_size,
            hasher.finalize()
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::dataset::{Dataset, Episode};
    use crate::score::Reference;

    fn dataset(change: impl FnOnce(&mut Episode)) -> Dataset {
        let mut episode = Episode {
            observations: (0..8).map(|x| x as f32).collect(),
            actions: vec![0.5, -0.5, 0.25],
            rewards: vec![1.0, 2.0, 3.0],
            truncated: true,
            ..Episode::default()
        };
        change(&mut episode);
        Dataset::from_episodes(2, &[[-1.0, 1.0]], [episode]).unwrap()
    }

    #[test]
    fn whatever_learning_depends_on_counts() {
        let digest = dataset(|_| {}).digest();
        assert_eq!(digest, dataset(|_| {}).digest());
        assert!(
            digest.starts_with("3 rows of 2 and 1 numbers, "),
            "{digest}"
        );
        let others = [
            dataset(|e| e.observations[0] = -0.0),
            dataset(|e| e.observations.swap(0, 2)),
            dataset(|e| e.observations[7] = 7.5),
            dataset(|e| e.actions.swap(0, 1)),
            dataset(|e| e.rewards.swap(0, 1)),
            dataset(|e| (e.truncated, e.terminated) = (false, true)),
            Dataset {
                reference: Some(Reference { min: 0.0, max: 1.0 }),
                ..dataset(|_| {})
            },
        ];
        for (place, other) in others.iter().enumerate() {
            assert_ne!(digest, other.digest(), "{place}");
        }
    }
}
