//! Passes of a network over blocks of rows, without tensors between its layers where that is possible.

use burn::tensor::{Tensor, TensorData};

use super::held::{Held, PlainLayer};
use super::mlp::{SparseMlp, SparseModule};
use crate::device::is_gpu;
use crate::kernels::{AlignedBuf, TilePass};
use crate::op::{DevicePass, tile_width};

/// How many rows of a batch of `rows` a block has with which all these networks are fastest. Of each it is said whether it is
/// trained.
#[must_use]
pub fn block_width(networks: &[(&SparseMlp, bool)], rows: usize) -> usize {
    let by_tiles = |(net, training): &(&SparseMlp, bool)| {
        let layers = || net.plain(rows, *training);
        !lies_on_gpu(net) && layers().and_then(Held::of).is_some()
    };
    match networks.iter().all(by_tiles) {
        true => tile_width(rows),
        false => rows.max(1),
    }
}

/// Whether a GPU goes through all layers at once, forward and backward, with the rows of a batch of `batch`, where the
/// parameters lie in one buffer.
pub(crate) fn goes_at_once(net: &SparseMlp, batch: usize) -> bool {
    let all_biased = |layers: Vec<PlainLayer>| layers.iter().all(|layer| layer.has_bias);
    lies_on_gpu(net) && net.plain(batch, true).is_some_and(all_biased)
}

fn lies_on_gpu(net: &SparseMlp) -> bool {
    is_gpu(&net.sparse_layers()[0].values().device())
}

/// The network for blocks of `width` rows of a batch of `batch`; `None` where it has to be computed by tensors, or no kernel
/// knows such blocks.
pub(crate) fn hold(net: &SparseMlp, batch: usize, width: usize, training: bool) -> Option<Held> {
    let rows = match lies_on_gpu(net) {
        // It is given every column of a block.
        true => batch.max(width),
        false if width == tile_width(batch) => batch,
        false => return None,
    };
    net.plain(rows, training).and_then(Held::of)
}

/// A network whose parameters are constants, on blocks of rows.
#[derive(Debug)]
pub struct FrozenNetwork<'a> {
    net: &'a SparseMlp,
    held: Option<Held>,
    width: usize,
}

impl<'a> FrozenNetwork<'a> {
    /// For blocks of `width` rows of a batch of `rows`.
    #[must_use]
    pub fn new(net: &'a SparseMlp, rows: usize, width: usize) -> Self {
        Self {
            net,
            held: hold(net, rows, width, false),
            width,
        }
    }

    /// Forward over a block `[inputs, width]`.
    ///
    /// # Panics
    /// When the block has another size.
    #[must_use]
    pub fn forward(&self, block: &[f32]) -> FrozenPass<'_> {
        let made = match &self.held {
            Some(Held::Host(network)) => {
                let pass = network.pass(self.width);
                let ys = pass.forward(block);
                Made::Tiles(pass, ys)
            }
            Some(Held::Device(network)) => Made::Device(network.forward(block, self.width)),
            None => {
                let x = Tensor::from_inner(rows_of(self.net, block.to_vec(), self.width))
                    .require_grad();
                let y = self.net.forward(x.clone());
                let outputs = columns(y.clone().inner());
                Made::Tensors(Box::new(Tracked { x, y, outputs }))
            }
        };
        FrozenPass(made)
    }

    /// The outputs for a block `[inputs, width]`, `[outputs, width]`.
    ///
    /// # Panics
    /// When the block has another size.
    #[must_use]
    pub fn outputs(&self, block: &[f32]) -> Vec<f32> {
        match &self.held {
            Some(Held::Host(network)) => {
                let mut ys = network.pass(self.width).forward(block);
                ys.pop().map_or_else(Vec::new, AlignedBuf::into_vec)
            }
            Some(Held::Device(network)) => network.forward(block, self.width).outputs().to_vec(),
            None => columns(
                self.net
                    .forward(rows_of(self.net, block.to_vec(), self.width)),
            ),
        }
    }
}

/// A forward pass of a [`FrozenNetwork`], to go back from.
#[derive(Debug)]
pub struct FrozenPass<'a>(Made<'a>);

#[derive(Debug)]
enum Made<'a> {
    Tiles(TilePass<'a>, Vec<AlignedBuf>),
    Device(DevicePass<'a>),
    Tensors(Box<Tracked>),
}

/// A forward pass by tensors: what went in, and what came out, under autodiff and as columns.
#[derive(Debug)]
struct Tracked {
    x: Tensor<2>,
    y: Tensor<2>,
    outputs: Vec<f32>,
}

impl FrozenPass<'_> {
    /// What the network gives, `[outputs, width]`.
    #[must_use]
    pub fn outputs(&self) -> &[f32] {
        match &self.0 {
            Made::Tiles(_, ys) => ys.last().map_or(&[], AlignedBuf::as_slice),
            Made::Device(pass) => pass.outputs(),
            Made::Tensors(tracked) => &tracked.outputs,
        }
    }

    /// The slopes of a number by the inputs, `[inputs, width]`, from those by the outputs, `[outputs, width]`.
    ///
    /// # Panics
    /// When there are more or fewer slopes than outputs.
    #[must_use]
    pub fn backward(self, mut slopes: Vec<f32>) -> Vec<f32> {
        match self.0 {
            Made::Tiles(pass, ys) => {
                let dx = pass.backward(None, &ys, &mut slopes, true);
                dx.map_or_else(Vec::new, AlignedBuf::into_vec)
            }
            Made::Device(pass) => pass.input_slopes(&slopes),
            Made::Tensors(tracked) => {
                let Tracked { x, y, .. } = *tracked;
                let mut gradients = along(y, &slopes).backward();
                let gradient = x.grad_remove(&mut gradients);
                gradient.map_or_else(Vec::new, columns)
            }
        }
    }
}

/// The number whose slopes by `outputs` `[rows, outputs]` are these, `[outputs, rows]`.
pub(crate) fn along(outputs: Tensor<2>, slopes: &[f32]) -> Tensor<1> {
    let [rows, features] = outputs.dims();
    let data = TensorData::new(slopes.to_vec(), [features, rows]);
    let slopes = Tensor::<2>::from_data(data, &outputs.clone().inner().device());
    (outputs * Tensor::from_inner(slopes.transpose())).sum()
}

/// Columns `[inputs, width]` as rows `[width, inputs]`, where the network lies.
pub(crate) fn rows_of(net: &SparseMlp, columns: Vec<f32>, width: usize) -> Tensor<2> {
    let layer = net.sparse_layers()[0];
    let data = TensorData::new(columns, [layer.pattern().inputs(), width]);
    Tensor::<2>::from_data(data, &layer.values().device()).transpose()
}

/// Rows `[rows, features]` as numbers `[features, rows]`.
pub(crate) fn columns(rows: Tensor<2>) -> Vec<f32> {
    let data = rows.transpose().into_data();
    data.iter::<f32>().collect()
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::Device;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::nn::{SparseMlpConfig, Storage};

    /// Tensors would give the same to rounding, so that nothing else shows whether blocks were gone through.
    #[test]
    fn a_network_is_held_for_the_blocks_that_it_is_fastest_with() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for (sparsity, storage, least, most) in [
            (0.97, Storage::Csr, 300, 300),
            // Heavy layers, in blocks that are wider than the batch.
            (0.7, Storage::Csr, 40, 60),
            (0.4, Storage::Csr, 20, 32),
            (0.7, Storage::Masked, 0, 0),
        ] {
            let config = SparseMlpConfig::new(vec![512, 512, 1]);
            let config = config.with_sparsity(sparsity).with_storage(storage);
            let net = config.try_init(&Device::flex(), &mut rng).unwrap();
            for training in [false, true] {
                let mut held = 0;
                for rows in 1..=300 {
                    let width = block_width(&[(&net, training)], rows);
                    let by_tiles = net.plain(rows, training).is_some();
                    let found = hold(&net, rows, width, training);
                    assert_eq!(
                        matches!(found, Some(Held::Host(_))),
                        by_tiles,
                        "{sparsity} {rows}"
                    );
                    assert_eq!(width, if by_tiles { tile_width(rows) } else { rows });
                    held += usize::from(by_tiles);
                }
                assert!(
                    (least..=most).contains(&held),
                    "{sparsity} {storage:?}: {held}"
                );
            }
        }
    }
}
