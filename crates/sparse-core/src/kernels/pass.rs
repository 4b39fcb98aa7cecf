//! All layers of a network over a batch, tile after tile.
//!
//! Layer after layer, the activations of a batch of 256 rows leave a core's second-level cache before the next layer reads
//! them. Here a tile goes through all layers while it lies there, and gradients within the network are kept for one tile
//! only. A number is computed in the order of the kernels of one layer, so the results are the same to the bit.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::buffer::UnwrittenBuf;
use super::entry::by_input;
use super::parts::{WholeProduct, WholeValueGradient, worth_a_thread};
use super::sizes::{check_equal, tiles};
use super::{AlignedBuf, Kernels, Raw};
use crate::pattern::Pattern;

/// Units of a layer up to which a tile of a few layers lies in a second-level cache of 512 KiB.
const MOST_UNITS: usize = 512;

/// Multiply-adds of a layer from which on its products are shared out over threads one by one.
const MOST_WORK: usize = 1 << 22;

/// A layer as a pass reads it.
#[derive(Clone, Copy, Debug)]
pub struct PassLayer<'a> {
    /// Which connections there are, `[outputs, inputs]`.
    pub pattern: &'a Pattern,
    /// `[nnz]`, in the order of positions.
    pub values: &'a [f32],
    /// `[outputs]`.
    pub bias: &'a [f32],
    /// Whether `max(0, ·)` follows.
    pub relu: bool,
}

/// What a backward pass gives.
#[derive(Debug)]
pub struct PassGradients {
    /// The gradients of each layer's values `[nnz]` and bias `[outputs]`; none where they are not wanted.
    pub parameters: Vec<[AlignedBuf; 2]>,
    /// The gradient at the input, `[tiles, inputs, width]`, where it is wanted.
    pub input: Option<AlignedBuf>,
}

/// Whether a batch of `columns` columns goes through layers like these faster tile after tile than layer after layer.
pub(crate) fn suits<'a>(patterns: impl IntoIterator<Item = &'a Pattern>, columns: usize) -> bool {
    patterns.into_iter().all(|pattern| {
        pattern.inputs().max(pattern.outputs()) <= MOST_UNITS
            && pattern.nnz() * columns <= MOST_WORK
    })
}

impl Kernels {
    /// As the function [`forward_pass`].
    ///
    /// # Panics
    /// When a size does not fit.
    #[must_use]
    pub fn forward_pass(
        &self,
        layers: &[PassLayer<'_>],
        x: &[f32],
        width: usize,
        keep: bool,
    ) -> Vec<AlignedBuf> {
        check(layers);
        let inputs = layers[0].pattern.inputs();
        let tiles = tiles("activations at the inputs", x.len(), inputs, width);
        let kept = |index: usize| keep || index == layers.len() - 1;
        let outputs = layers.iter().enumerate().filter(|(index, _)| kept(*index));
        let mut outputs: Vec<UnwrittenBuf> = outputs
            .map(|(_, layer)| UnwrittenBuf::new(tiles * layer.pattern.outputs() * width))
            .collect();
        let ys = outputs.iter_mut().map(UnwrittenBuf::floats).collect();
        // SAFETY: sizes were checked above.
        unsafe { self.forward_part(layers, x, ys, width) };
        let written = outputs.into_iter();
        // SAFETY: the pass wrote all tiles.
        written.map(|y| unsafe { y.assume_written() }).collect()
    }

    /// Writes `ys`, the outputs of as many of the last layers.
    ///
    /// # Safety
    /// The sizes fit.
    unsafe fn forward_part(
        &self,
        layers: &[PassLayer<'_>],
        x: &[f32],
        mut ys: Vec<&mut [MaybeUninit<f32>]>,
        width: usize,
    ) {
        let inputs = layers[0].pattern.inputs() * width;
        let tiles = x.len() / inputs;
        let weights: usize = layers.iter().map(|layer| layer.pattern.nnz()).sum();
        if tiles > 1 && worth_a_thread(weights * tiles * width) {
            let first = tiles / 2;
            let (x, x_rest) = x.split_at(first * inputs);
            let halves = ys.into_iter().map(|y| {
                let middle = y.len() / tiles * first;
                y.split_at_mut(middle)
            });
            let (ys, ys_rest) = halves.unzip();
            rayon::join(
                // SAFETY: whole tiles of what the caller promised.
                || unsafe { self.forward_part(layers, x, ys, width) },
                // SAFETY: as above.
                || unsafe { self.forward_part(layers, x_rest, ys_rest, width) },
            );
            return;
        }
        // What is not kept is overwritten by the next tile.
        let passing = &layers[..layers.len() - ys.len()];
        let sizes = passing.iter().map(|layer| layer.pattern.outputs() * width);
        let mut scratch: Vec<UnwrittenBuf> = sizes.map(UnwrittenBuf::new).collect();
        for (tile, x) in x.chunks_exact(inputs).enumerate() {
            let mut x = x;
            let scratch = scratch.iter_mut().map(UnwrittenBuf::floats);
            let kept = ys.iter_mut().map(|y| {
                let rows = y.len() / tiles;
                &mut y[tile * rows..][..rows]
            });
            for (layer, y) in layers.iter().zip(scratch.chain(kept)) {
                let product = WholeProduct::forward(
                    layer.pattern,
                    layer.values,
                    (layer.bias, layer.relu),
                    width,
                );
                // SAFETY: the caller's promise; indices were checked by the pattern, the CPU when `self` was chosen. The
                // product writes all of `y`.
                x = unsafe {
                    product.run(&self.raw, x, y);
                    written(y)
                };
            }
        }
    }

    /// As the function [`backward_pass`].
    ///
    /// # Panics
    /// When a size does not fit.
    #[must_use]
    pub fn backward_pass(
        &self,
        layers: &[PassLayer<'_>],
        (x, ys): (Option<&[f32]>, &[&[f32]]),
        dy: &mut [f32],
        width: usize,
        to_input: bool,
    ) -> PassGradients {
        check(layers);
        let last = layers.len() - 1;
        let outputs = layers[last].pattern.outputs();
        let tiles = tiles("gradient at the outputs", dy.len(), outputs, width);
        check_equal("layers' outputs", ys.len(), layers.len());
        for (layer, y) in layers.iter().zip(ys) {
            check_equal("outputs", y.len(), tiles * layer.pattern.outputs() * width);
        }
        let inputs = layers[0].pattern.inputs() * width;
        if let Some(x) = x {
            check_equal("inputs", x.len(), tiles * inputs);
        }
        let mut backward = Backward::new(&self.raw, layers, (x, ys), width);
        let widest = layers.iter().map(|layer| layer.pattern.inputs()).max();
        let mut scratch = [(); 2].map(|()| UnwrittenBuf::new(widest.unwrap_or(0) * width));
        let mut dx = UnwrittenBuf::new(if to_input { tiles * inputs } else { 0 });
        for (tile, dy) in dy.chunks_exact_mut(outputs * width).enumerate() {
            for (index, layer) in layers.iter().enumerate().rev() {
                let [from, to] = &mut scratch;
                let dy = match index == last {
                    true => &mut *dy,
                    // SAFETY: written by the product of the layer behind.
                    false => unsafe {
                        written_mut(&mut from.floats()[..layer.pattern.outputs() * width])
                    },
                };
                // SAFETY: sizes were checked above, the CPU when `self` was chosen; tiles come in their order.
                unsafe {
                    backward.parameters(index, tile, dy);
                    if index > 0 {
                        backward.input(
                            index,
                            dy,
                            &mut to.floats()[..layer.pattern.inputs() * width],
                        );
                    } else if to_input {
                        backward.input(0, dy, &mut dx.floats()[tile * inputs..][..inputs]);
                    }
                }
                scratch.swap(0, 1);
            }
        }
        PassGradients {
            parameters: backward.finish(tiles),
            // SAFETY: every tile wrote its part.
            input: to_input.then(|| unsafe { dx.assume_written() }),
        }
    }
}

/// A backward pass under way.
struct Backward<'a> {
    raw: &'a Raw,
    layers: &'a [PassLayer<'a>],
    /// The inputs of each layer, where the gradients at its values are wanted.
    xs: Vec<Option<&'a [f32]>>,
    ys: &'a [&'a [f32]],
    width: usize,
    /// The values of each layer that has passed on a gradient, in the order of inputs.
    by_input: Vec<Option<Vec<f32>>>,
    values: Vec<UnwrittenBuf>,
    biases: Vec<AlignedBuf>,
}

impl<'a> Backward<'a> {
    fn new(
        raw: &'a Raw,
        layers: &'a [PassLayer<'a>],
        (x, ys): (Option<&'a [f32]>, &'a [&'a [f32]]),
        width: usize,
    ) -> Self {
        let before = x
            .iter()
            .flat_map(|x| std::iter::once(*x).chain(ys.iter().copied()));
        let xs = before.map(Some).chain(std::iter::repeat(None));
        let nnz = |layer: &PassLayer<'_>| if x.is_some() { layer.pattern.nnz() } else { 0 };
        Self {
            raw,
            layers,
            xs: xs.take(layers.len()).collect(),
            ys,
            width,
            by_input: vec![None; layers.len()],
            values: layers
                .iter()
                .map(|layer| UnwrittenBuf::new(nnz(layer)))
                .collect(),
            biases: layers
                .iter()
                .map(|layer| AlignedBuf::zeroed(layer.pattern.outputs()))
                .collect(),
        }
    }

    /// Makes of the gradient behind a layer's activation the one before it, and adds the tile to those of its bias and
    /// values.
    ///
    /// # Safety
    /// The sizes fit, the CPU has the instructions of `raw`, and all tiles before this one went through.
    unsafe fn parameters(&mut self, index: usize, tile: usize, dy: &mut [f32]) {
        let (layer, width) = (&self.layers[index], self.width);
        let bias = self.biases[index].as_mut_slice();
        let y = &self.ys[index][tile * dy.len()..][..dy.len()];
        // SAFETY: the caller's promise.
        unsafe {
            match layer.relu {
                true => (self.raw.relu_bias_gradient)(y, dy, width, bias),
                false => (self.raw.bias_gradient)(dy, width, bias),
            }
        }
        let Some(x) = self.xs[index] else {
            return;
        };
        let size = layer.pattern.inputs() * width;
        let gradient = WholeValueGradient {
            more: tile > 0,
            ..WholeValueGradient::of(layer.pattern, dy, &x[tile * size..][..size], width)
        };
        let rows = 0..layer.pattern.outputs();
        // SAFETY: the caller's promise; indices were checked by the pattern, and the first tile wrote all values.
        unsafe { gradient.run(self.raw, rows, self.values[index].floats()) };
    }

    /// Writes all of `dx`, the gradient at a layer's input.
    ///
    /// # Safety
    /// The sizes fit, and the CPU has the instructions of `raw`.
    unsafe fn input(&mut self, index: usize, dy: &[f32], dx: &mut [MaybeUninit<f32>]) {
        let PassLayer {
            pattern, values, ..
        } = self.layers[index];
        let values = self.by_input[index].get_or_insert_with(|| by_input(pattern, values));
        let product = WholeProduct::backward(pattern, values, self.width);
        // SAFETY: the caller's promise; indices were checked by the pattern.
        unsafe { product.run(self.raw, dy, dx) };
    }

    /// The gradients of the parameters, where they are wanted, after so many tiles.
    fn finish(self, tiles: usize) -> Vec<[AlignedBuf; 2]> {
        if self.xs[0].is_none() {
            return Vec::new();
        }
        let values = self
            .values
            .into_iter()
            .zip(self.layers)
            .map(|(values, layer)| match tiles {
                0 => AlignedBuf::zeroed(layer.pattern.nnz()),
                // SAFETY: the first tile wrote all of them.
                _ => unsafe { values.assume_written() },
            });
        values
            .zip(self.biases)
            .map(|(values, bias)| [values, bias])
            .collect()
    }
}

/// # Safety
/// All of it is written.
unsafe fn written(floats: &[MaybeUninit<f32>]) -> &[f32] {
    let floats: *const [MaybeUninit<f32>] = floats;
    // SAFETY: the caller's promise; `MaybeUninit<f32>` has the layout of `f32`.
    unsafe { &*(floats as *const [f32]) }
}

/// # Safety
/// All of it is written.
unsafe fn written_mut(floats: &mut [MaybeUninit<f32>]) -> &mut [f32] {
    let floats: *mut [MaybeUninit<f32>] = floats;
    // SAFETY: the caller's promise; `MaybeUninit<f32>` has the layout of `f32`.
    unsafe { &mut *(floats as *mut [f32]) }
}

/// Whether layers have what their patterns say, and follow each other.
#[track_caller]
fn check(layers: &[PassLayer<'_>]) {
    for (layer, next) in layers.iter().zip(&layers[1..]) {
        check_equal("inputs", next.pattern.inputs(), layer.pattern.outputs());
    }
    for layer in layers {
        check_equal("values", layer.values.len(), layer.pattern.nnz());
        check_equal("bias", layer.bias.len(), layer.pattern.outputs());
    }
}

/// Layers of which each one's outputs are the next one's inputs, `x` `[tiles, inputs, width]`: the outputs of all of them, or
/// unless `keep` those of the last alone, `[tiles, outputs, width]` each.
///
/// # Panics
/// When a size does not fit, or there are no layers.
#[must_use]
pub fn forward_pass(
    layers: &[PassLayer<'_>],
    x: &[f32],
    width: usize,
    keep: bool,
) -> Vec<AlignedBuf> {
    Kernels::best().forward_pass(layers, x, width, keep)
}

/// The gradients of such layers by `dy` `[tiles, outputs, width]`, the gradient at the last one's outputs, which is changed.
/// `ys` are what [`forward_pass`] kept, `x` its input where the gradients of parameters are wanted; the one at the input is
/// wanted if `to_input`.
///
/// # Panics
/// When a size does not fit, or there are no layers.
#[must_use]
pub fn backward_pass(
    layers: &[PassLayer<'_>],
    (x, ys): (Option<&[f32]>, &[&[f32]]),
    dy: &mut [f32],
    width: usize,
    to_input: bool,
) -> PassGradients {
    Kernels::best().backward_pass(layers, (x, ys), dy, width, to_input)
}
