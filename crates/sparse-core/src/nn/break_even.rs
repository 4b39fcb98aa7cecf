//! Densities at which compressed rows and a dense product take the same time.
//!
//! Read off a machine by `cargo xtask bench break-even`, which prints what stands in the tables below. They say
//! which storage is faster, never what it computes.

use burn::tensor::Device;

/// Readings on one kind of device.
struct Table {
    /// Widths of square layers.
    widths: &'static [f64],
    /// Rows of a batch, and for each width the density up to which compressed rows are the faster.
    rows: &'static [(usize, &'static [f64])],
}

/// Forward and backward pass of one layer between row-major batches, one thread: AMD EPYC (family 25) with AVX2,
/// `flex`.
const HOST: Table = Table {
    widths: &[64.0, 256.0, 1024.0],
    rows: &[
        (1, &[1.0, 0.6, 0.6]),
        (16, &[0.6, 0.5, 0.5]),
        (256, &[0.5, 0.4, 0.3]),
    ],
};

/// The density up to which compressed rows are the faster for a layer of about `width` inputs and outputs and a
/// batch of `batch` rows: that of the nearest reading.
pub(crate) fn density(_device: &Device, width: f64, batch: usize) -> f64 {
    let table = &HOST;
    let nearest = |of: &mut dyn Iterator<Item = f64>, to: f64| {
        let distance = |reading: f64| (reading / to.max(1.0)).ln().abs();
        let all = of.map(distance).enumerate();
        all.min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0, |(at, _)| at)
    };
    let row = nearest(
        &mut table.rows.iter().map(|(batch, _)| *batch as f64),
        batch as f64,
    );
    let column = nearest(&mut table.widths.iter().copied(), width);
    table.rows[row].1[column]
}
