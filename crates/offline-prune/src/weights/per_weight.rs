//! One number for each weight of a group of networks.

/// One number for each weight: a vector `[outputs * inputs]`, row-major, for each layer of each network, in their
/// order. In f64, so that sums over batches and differences of gradients lose nothing more than they must.
#[derive(Clone, Debug, PartialEq)]
pub struct PerWeight(Vec<Vec<f64>>);

impl PerWeight {
    /// These numbers, one vector per layer.
    #[must_use]
    pub fn new(layers: Vec<Vec<f64>>) -> Self {
        Self(layers)
    }

    /// The vectors, one per layer.
    #[must_use]
    pub fn layers(&self) -> &[Vec<f64>] {
        &self.0
    }

    /// All numbers, layer by layer.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().flatten().copied()
    }

    /// `f` of each number.
    #[must_use]
    pub fn map(&self, mut f: impl FnMut(f64) -> f64) -> Self {
        let layer = |layer: &Vec<f64>| layer.iter().map(|x| f(*x)).collect();
        Self(self.0.iter().map(layer).collect())
    }

    /// `f` of each number and its partner in `other`, which is of the same networks.
    #[must_use]
    pub fn zip(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        let layer = |(a, b): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
            a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
        };
        Self(pairs.map(layer).collect())
    }

    /// Adds numbers of the same networks.
    pub fn add(&mut self, other: &Self) {
        for (a, b) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *a += b;
        }
    }

    /// The Euclidean norm of all numbers.
    #[must_use]
    pub fn norm(&self) -> f64 {
        // By the largest first, so that squares neither overflow nor vanish.
        let largest = self
            .iter()
            .fold(0.0, |largest: f64, x| largest.max(x.abs()));
        if largest == 0.0 || !largest.is_finite() {
            return largest;
        }
        largest
            * self
                .iter()
                .map(|x| (x / largest).powi(2))
                .sum::<f64>()
                .sqrt()
    }

    /// As f32, divided by the largest finite magnitude, -0 as 0: for comparing only. What is not finite stays so.
    pub(crate) fn ranks(&self) -> Vec<Vec<f32>> {
        let finite = self.iter().filter(|x| x.is_finite());
        let largest = finite.fold(0.0, |largest: f64, x| largest.max(x.abs()));
        let largest = if largest > 0.0 { largest } else { 1.0 };
        let layer = |layer: &Vec<f64>| layer.iter().map(|x| (x / largest) as f32 + 0.0).collect();
        self.0.iter().map(layer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_norm_neither_overflows_nor_vanishes() {
        for scale in [1e-200, 1.0, 1e200] {
            let numbers = PerWeight::new(vec![vec![3.0 * scale], vec![-4.0 * scale, 0.0]]);
            assert!((numbers.norm() / scale - 5.0).abs() < 1e-12);
            assert_eq!(numbers.ranks(), [vec![0.75], vec![-1.0, 0.0]]);
        }
        assert_eq!(PerWeight::new(vec![vec![0.0]]).norm(), 0.0);
        let pinned = PerWeight::new(vec![vec![f64::NEG_INFINITY, 2.0]]);
        assert_eq!(pinned.ranks(), [vec![f32::NEG_INFINITY, 1.0]]);
    }
}
