//! All layers of a network over a batch, tile after tile.
//!
//! Layer after layer, the activations of a batch of 256 rows leave a core's second-level cache before the next layer reads
//! them. Here a tile goes through all layers while it lies there, and gradients within the network are kept for one tile
//! only. A number is computed in the order of the kernels of one layer, so the results are the same to the bit.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::OnceLock;

use super::buffer::UnwrittenBuf;
use super::entry::by_input;
use super::parts::{WholeProduct, WholeValueGradient, worth_a_thread};
use super::sizes::{check_equal, check_width, tiles};
use super::{AlignedBuf, Kernels, Raw};
use crate::pattern::Pattern;

/// Units of a layer up to which a tile of a few layers lies in a second-level cache of 512 KiB.
pub(crate) const MOST_UNITS: usize = 512;

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
            let scratch = scratch.iter_mut().map(UnwrittenBuf::floats);
            let kept = ys.iter_mut().map(|y| {
                let rows = y.len() / tiles;
                &mut y[tile * rows..][..rows]
            });
            // SAFETY: a tile of what the caller promised.
            unsafe { forward_tile(&self.raw, layers, x, scratch.chain(kept), width) };
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
        let by_input = values_by_input(layers.len());
        let network = TilePass {
            raw: &self.raw,
            layers: layers.to_vec(),
            by_input: &by_input,
            width,
        };
        let mut sums = x.map(|_| GradientSums::new(layers));
        let mut dx = UnwrittenBuf::new(if to_input { tiles * inputs } else { 0 });
        for (tile, dy) in dy.chunks_exact_mut(outputs * width).enumerate() {
            let of_tile = |all: &'_ [f32]| {
                let size = all.len() / tiles;
                tile * size..(tile + 1) * size
            };
            let ys: Vec<&[f32]> = ys.iter().map(|y| &y[of_tile(y)]).collect();
            let sums = x.map(|x| &x[of_tile(x)]).zip(sums.as_mut());
            let dx = to_input.then(|| &mut dx.floats()[tile * inputs..][..inputs]);
            // SAFETY: sizes were checked above, the CPU when `self` was chosen.
            unsafe { network.backward_tile(sums, &ys, dy, dx) };
        }
        PassGradients {
            parameters: sums.map_or_else(Vec::new, |sums| sums.finish(layers)),
            // SAFETY: every tile wrote its part.
            input: to_input.then(|| unsafe { dx.assume_written() }),
        }
    }
}

/// One tile through all layers; writes `ys`, a layer each.
///
/// # Safety
/// The sizes fit, and the CPU has the instructions of `raw`.
unsafe fn forward_tile<'y>(
    raw: &Raw,
    layers: &[PassLayer<'_>],
    x: &'y [f32],
    ys: impl IntoIterator<Item = &'y mut [MaybeUninit<f32>]>,
    width: usize,
) {
    let mut x = x;
    for (layer, y) in layers.iter().zip(ys) {
        let (bias, relu) = (layer.bias, layer.relu);
        let product = WholeProduct::forward(layer.pattern, layer.values, (bias, relu), width);
        // SAFETY: the caller's promise; indices were checked by the pattern. The product writes all of `y`.
        x = unsafe {
            product.run(raw, x, y);
            written(y)
        };
    }
}

/// Room for the values of each of `layers` layers in the order of inputs, which the first backward pass fills.
pub(crate) fn values_by_input(layers: usize) -> Vec<OnceLock<Vec<f32>>> {
    (0..layers).map(|_| OnceLock::new()).collect()
}

/// A network that goes over one tile at a time: forward, and backward while what the layers gave still lies in the cache.
#[derive(Debug)]
pub(crate) struct TilePass<'a> {
    raw: &'a Raw,
    layers: Vec<PassLayer<'a>>,
    by_input: &'a [OnceLock<Vec<f32>>],
    width: usize,
}

impl<'a> TilePass<'a> {
    /// Over tiles of `width` columns; `by_input` is of [`values_by_input`].
    ///
    /// # Panics
    /// When a size does not fit, or there are no layers.
    pub(crate) fn new(
        layers: Vec<PassLayer<'a>>,
        by_input: &'a [OnceLock<Vec<f32>>],
        width: usize,
    ) -> Self {
        check(&layers);
        check_width(width);
        assert_eq!(by_input.len(), layers.len(), "layers");
        let raw = &Kernels::best().raw;
        Self {
            raw,
            layers,
            by_input,
            width,
        }
    }

    /// What each layer gives, `[outputs, width]`, for `x` `[inputs, width]`.
    ///
    /// # Panics
    /// When a size does not fit.
    pub(crate) fn forward(&self, x: &[f32]) -> Vec<AlignedBuf> {
        let (layers, width) = (&self.layers, self.width);
        check_equal("inputs", x.len(), layers[0].pattern.inputs() * width);
        let sizes = layers.iter().map(|layer| layer.pattern.outputs() * width);
        let mut outputs: Vec<UnwrittenBuf> = sizes.map(UnwrittenBuf::new).collect();
        let ys = outputs.iter_mut().map(UnwrittenBuf::floats);
        // SAFETY: sizes were checked, the CPU when the kernels were chosen.
        unsafe { forward_tile(self.raw, layers, x, ys, width) };
        let written = outputs.into_iter();
        // SAFETY: the pass wrote all of them.
        written.map(|y| unsafe { y.assume_written() }).collect()
    }

    /// Backward from `dy`, the gradient at the outputs, which is changed: adds the gradients of the parameters to `sums`, which are
    /// given with the input, and gives the gradient at the input, `[inputs, width]`, if `to_input`. `ys` are of
    /// [`forward`](Self::forward).
    ///
    /// # Panics
    /// When a size does not fit.
    pub(crate) fn backward(
        &self,
        sums: Option<(&[f32], &mut GradientSums)>,
        ys: &[AlignedBuf],
        dy: &mut [f32],
        to_input: bool,
    ) -> Option<AlignedBuf> {
        let ys: Vec<&[f32]> = ys.iter().map(AlignedBuf::as_slice).collect();
        check_equal("layers' outputs", ys.len(), self.layers.len());
        for (layer, y) in self.layers.iter().zip(&ys) {
            check_equal("outputs", y.len(), layer.pattern.outputs() * self.width);
        }
        check_equal("gradient at the outputs", dy.len(), ys[ys.len() - 1].len());
        let inputs = self.layers[0].pattern.inputs() * self.width;
        if let Some((x, sums)) = &sums {
            check_equal("inputs", x.len(), inputs);
            sums.check(&self.layers);
        }
        let mut dx = to_input.then(|| UnwrittenBuf::new(inputs));
        let floats = dx.as_mut().map(UnwrittenBuf::floats);
        // SAFETY: sizes were checked, the CPU when the kernels were chosen.
        unsafe { self.backward_tile(sums, &ys, dy, floats) };
        // SAFETY: the pass wrote all of it.
        dx.map(|dx| unsafe { dx.assume_written() })
    }

    /// Backward over one tile; writes all of `dx`.
    ///
    /// # Safety
    /// The sizes fit, and the CPU has the instructions of `raw`.
    unsafe fn backward_tile(
        &self,
        mut sums: Option<(&[f32], &mut GradientSums)>,
        ys: &[&[f32]],
        dy: &mut [f32],
        mut dx: Option<&mut [MaybeUninit<f32>]>,
    ) {
        let last = self.layers.len() - 1;
        let widest = self.layers[1..].iter().map(|layer| layer.pattern.inputs());
        let size = widest.max().unwrap_or(0) * self.width;
        let mut scratch = [(); 2].map(|()| UnwrittenBuf::new(size));
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let [from, to] = &mut scratch;
            let dy = match index == last {
                true => &mut *dy,
                // SAFETY: written by the product of the layer behind.
                false => unsafe {
                    let size = layer.pattern.outputs() * self.width;
                    written_mut(&mut from.floats()[..size])
                },
            };
            let x = match index {
                0 => sums.as_ref().map_or(&[][..], |(x, _)| x),
                _ => ys[index - 1],
            };
            // SAFETY: the caller's promise.
            unsafe {
                self.before_activation(
                    index,
                    ys[index],
                    dy,
                    sums.as_mut().map(|(_, sums)| &mut **sums),
                );
                if let Some((_, sums)) = &mut sums {
                    sums.add_values(self.raw, (index, layer), (x, dy), self.width);
                }
                let dx = match index {
                    0 => dx.take(),
                    _ => Some(&mut to.floats()[..layer.pattern.inputs() * self.width]),
                };
                if let Some(dx) = dx {
                    self.to_input(index, dy, dx);
                }
            }
            scratch.swap(0, 1);
        }
        if let Some((_, sums)) = sums {
            sums.tiles += 1;
        }
    }

    /// Makes of the gradient behind a layer's activation the one before it, and adds it to that of the bias.
    ///
    /// # Safety
    /// The sizes fit, and the CPU has the instructions of `raw`.
    unsafe fn before_activation(
        &self,
        index: usize,
        y: &[f32],
        dy: &mut [f32],
        sums: Option<&mut GradientSums>,
    ) {
        let layer = &self.layers[index];
        let (mut unasked, width) = (None, self.width);
        let bias = match sums {
            Some(sums) => &mut sums.biases[index],
            // Nobody asks for it.
            None if !layer.relu => return,
            None => unasked.insert(AlignedBuf::zeroed(layer.pattern.outputs())),
        };
        // SAFETY: the caller's promise.
        unsafe {
            match layer.relu {
                true => (self.raw.relu_bias_gradient)(y, dy, width, bias.as_mut_slice()),
                false => (self.raw.bias_gradient)(dy, width, bias.as_mut_slice()),
            }
        }
    }

    /// Writes all of `dx`, the gradient at a layer's input.
    ///
    /// # Safety
    /// The sizes fit, and the CPU has the instructions of `raw`.
    unsafe fn to_input(&self, index: usize, dy: &[f32], dx: &mut [MaybeUninit<f32>]) {
        let PassLayer {
            pattern, values, ..
        } = self.layers[index];
        let values = self.by_input[index].get_or_init(|| by_input(pattern, values));
        check_equal("values by input", values.len(), pattern.nnz());
        let product = WholeProduct::backward(pattern, values, self.width);
        // SAFETY: the caller's promise; indices were checked by the pattern.
        unsafe { product.run(self.raw, dy, dx) };
    }
}

/// The gradients of a network's parameters, summed over tiles in their order.
#[derive(Debug)]
pub(crate) struct GradientSums {
    values: Vec<UnwrittenBuf>,
    biases: Vec<AlignedBuf>,
    /// Tiles so far.
    tiles: usize,
}

impl GradientSums {
    /// Of no tiles yet.
    pub(crate) fn new(layers: &[PassLayer<'_>]) -> Self {
        let values = layers.iter().map(|layer| layer.pattern.nnz());
        let biases = layers.iter().map(|layer| layer.pattern.outputs());
        Self {
            values: values.map(UnwrittenBuf::new).collect(),
            biases: biases.map(AlignedBuf::zeroed).collect(),
            tiles: 0,
        }
    }

    /// # Panics
    /// When they are those of other layers.
    fn check(&self, layers: &[PassLayer<'_>]) {
        check_equal("layers", self.values.len(), layers.len());
        for ((layer, values), bias) in layers.iter().zip(&self.values).zip(&self.biases) {
            check_equal("gradients of values", values.len(), layer.pattern.nnz());
            check_equal("gradient of a bias", bias.len(), layer.pattern.outputs());
        }
    }

    /// Adds those of a layer's values for one tile.
    ///
    /// # Safety
    /// The sizes fit, and the CPU has the instructions of `raw`.
    unsafe fn add_values(
        &mut self,
        raw: &Raw,
        (index, layer): (usize, &PassLayer<'_>),
        (x, dy): (&[f32], &[f32]),
        width: usize,
    ) {
        let gradient = WholeValueGradient {
            more: self.tiles > 0,
            ..WholeValueGradient::of(layer.pattern, dy, x, width)
        };
        let rows = 0..layer.pattern.outputs();
        // SAFETY: the caller's promise; indices were checked by the pattern, and the first tile wrote all values.
        unsafe { gradient.run(raw, rows, self.values[index].floats()) };
    }

    /// The gradients of each layer's values `[nnz]` and bias `[outputs]`.
    pub(crate) fn finish(self, layers: &[PassLayer<'_>]) -> Vec<[AlignedBuf; 2]> {
        self.check(layers);
        let values = self.values.into_iter().zip(layers);
        let values = values.map(|(values, layer)| match self.tiles {
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
        let [inputs, outputs] = [layer.pattern.inputs(), layer.pattern.outputs()];
        assert!(
            inputs > 0 && outputs > 0,
            "a layer of {inputs} inputs and {outputs} outputs"
        );
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
