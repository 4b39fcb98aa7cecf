//! The same sparsity everywhere: RLx2's first public code, and "uniform" of Evci et al. 2020, section 3.

/// The sparsity of each layer.
pub(super) fn sparsities(shapes: &[(usize, usize)], sparsity: f64) -> Vec<f64> {
    vec![sparsity; shapes.len()]
}

#[cfg(test)]
mod tests {
    use crate::budget::Allocation;

    #[test]
    fn every_layer_gets_the_total() {
        let counts = Allocation::Uniform
            .counts(&[(256, 17), (6, 256)], 0.9)
            .unwrap();
        assert_eq!(counts, [4352 - 3916, 1536 - 1382]);
    }
}
