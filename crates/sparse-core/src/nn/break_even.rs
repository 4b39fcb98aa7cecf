//! Densities at which compressed rows and a dense product take the same time.
//!
//! Measured by `cargo xtask bench break-even`, which prints the tables below. They decide which storage is used, never
//! what it computes.

use burn::tensor::Device;

use crate::device::is_gpu;

/// Densities up to which compressed rows are the faster: one row per entry of [`BATCHES`], one column per entry of
/// [`WIDTHS`].
type Table = [[f64; 4]; 4];

/// Rows of a batch.
const BATCHES: [f64; 4] = [1.0, 16.0, 64.0, 256.0];

/// Inputs and outputs of a square layer.
const WIDTHS: [f64; 4] = [64.0, 256.0, 1024.0, 2048.0];

/// Forward pass in host memory: one thread of an AMD EPYC (family 25) with AVX2, `flex`.
const FORWARD: Table = [
    [0.40, 0.65, 0.80, 0.50],
    [1.00, 0.90, 0.85, 0.80],
    [1.00, 0.80, 0.80, 0.55],
    [1.00, 0.60, 0.35, 0.35],
];

/// Forward and backward pass on the same machine.
const TRAINING: Table = [
    [0.65, 0.30, 0.35, 0.30],
    [1.00, 0.95, 0.55, 0.45],
    [1.00, 0.60, 0.50, 0.40],
    [1.00, 0.50, 0.40, 0.35],
];

/// Forward and backward pass on a GPU, whatever the batch: NVIDIA H200 through wgpu, whose dense products have no
/// matrix units. To 2,048 the bench reads 0.92 to 1; wider layers are read off the three products of `bench kernels`.
const GPU: [f64; 3] = [0.9, 0.7, 0.45];

/// Inputs and outputs of the layers of [`GPU`].
const GPU_WIDTHS: [f64; 3] = [2048.0, 4096.0, 8192.0];

/// The density up to which compressed rows are the faster for a layer of about `width` inputs and outputs and a
/// batch of `batch` rows, by the nearest reading; forward only, or in training.
pub(crate) fn density(device: &Device, width: f64, batch: usize, training: bool) -> f64 {
    if is_gpu(device) {
        return GPU[nearest(&GPU_WIDTHS, width)];
    }
    let table = if training { &TRAINING } else { &FORWARD };
    table[nearest(&BATCHES, batch as f64)][nearest(&WIDTHS, width)]
}

/// The reading at the smallest ratio from `value`, of readings that rise: those above the geometric mean of two are
/// nearer to the second.
fn nearest(readings: &[f64], value: f64) -> usize {
    let square = value.max(1.0) * value.max(1.0);
    let pairs = readings.windows(2);
    pairs.take_while(|pair| square > pair[0] * pair[1]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_looked_up_by_the_nearest() {
        let device = Device::flex();
        assert_eq!(density(&device, 256.0, 256, false), FORWARD[3][1]);
        assert_eq!(density(&device, 300.0, 200, true), TRAINING[3][1]);
        assert_eq!(density(&device, 1e6, 1_000_000, false), FORWARD[3][3]);
        assert_eq!(density(&device, 0.0, 0, false), FORWARD[0][0]);
        let gpu = [64.0, 2048.0, 4000.0, 8192.0, 1e6].map(|width| nearest(&GPU_WIDTHS, width));
        assert_eq!(gpu, [0, 0, 1, 2, 2]);
    }
}
