//! Passes of a network over blocks of rows, without tensors between its layers where that is possible.

use std::sync::OnceLock;

use burn::tensor::{Tensor, TensorData};

use super::mlp::{SparseMlp, SparseModule};
use crate::kernels::{AlignedBuf, PassLayer, TilePass, values_by_input};
use crate::op::{HostVector, tile_width};
use crate::pattern::Pattern;

/// How many rows of a batch of `rows` a block has with which all these networks are fastest. Of each it is said whether it is
/// trained.
#[must_use]
pub fn block_width(networks: &[(&SparseMlp, bool)], rows: usize) -> usize {
    let held = |(net, training): &(&SparseMlp, bool)| net.held(rows, *training).is_some();
    match networks.iter().all(held) {
        true => tile_width(rows),
        false => rows.max(1),
    }
}

/// A layer whose numbers are read where they lie.
#[derive(Debug)]
pub(crate) struct HeldLayer {
    pub(super) pattern: Pattern,
    pub(super) values: HostVector,
    /// Zeros where there is none.
    pub(super) bias: HostVector,
    pub(super) has_bias: bool,
}

/// A network of such layers, with ReLU between them. While it is there, the network's parameters cannot change in place.
#[derive(Debug)]
pub(crate) struct HeldNetwork {
    layers: Vec<HeldLayer>,
    by_input: Vec<OnceLock<Vec<f32>>>,
}

impl HeldNetwork {
    /// Of a network for batches of `batch` rows; `None` where it has to be computed by tensors, or no kernel knows blocks of
    /// `width` rows.
    pub(crate) fn of(net: &SparseMlp, batch: usize, width: usize, training: bool) -> Option<Self> {
        if width != tile_width(batch) {
            return None;
        }
        let layers = net.held(batch, training)?;
        Some(Self {
            by_input: values_by_input(layers.len()),
            layers,
        })
    }

    /// Its layers.
    pub(crate) fn layers(&self) -> Vec<PassLayer<'_>> {
        let last = self.layers.len() - 1;
        let layers = self.layers.iter().enumerate();
        layers
            .map(|(index, layer)| PassLayer {
                pattern: &layer.pattern,
                values: layer.values.numbers(),
                bias: layer.bias.numbers(),
                relu: index < last,
            })
            .collect()
    }

    /// Whether each layer has a bias to be trained.
    pub(crate) fn has_bias(&self) -> impl Iterator<Item = bool> {
        self.layers.iter().map(|layer| layer.has_bias)
    }

    /// A pass over blocks of `width` rows.
    pub(crate) fn pass(&self, width: usize) -> TilePass<'_> {
        TilePass::new(self.layers(), &self.by_input, width)
    }
}

/// A network whose parameters are constants, on blocks of rows.
#[derive(Debug)]
pub struct FrozenNetwork<'a> {
    net: &'a SparseMlp,
    held: Option<HeldNetwork>,
    width: usize,
}

impl<'a> FrozenNetwork<'a> {
    /// For blocks of `width` rows of a batch of `rows`.
    #[must_use]
    pub fn new(net: &'a SparseMlp, rows: usize, width: usize) -> Self {
        Self {
            net,
            held: HeldNetwork::of(net, rows, width, false),
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
            Some(held) => {
                let pass = held.pass(self.width);
                let ys = pass.forward(block);
                Made::Tiles(pass, ys)
            }
            None => {
                let x = Tensor::from_inner(rows_of(self.net, block.to_vec(), self.width))
                    .require_grad();
                let y = self.net.forward(x.clone());
                let outputs = columns(y.clone().inner());
                Made::Tensors { x, y, outputs }
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
            Some(held) => {
                let mut ys = held.pass(self.width).forward(block);
                ys.pop().map_or_else(Vec::new, AlignedBuf::into_vec)
            }
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
    Tensors {
        x: Tensor<2>,
        y: Tensor<2>,
        outputs: Vec<f32>,
    },
}

impl FrozenPass<'_> {
    /// What the network gives, `[outputs, width]`.
    #[must_use]
    pub fn outputs(&self) -> &[f32] {
        match &self.0 {
            Made::Tiles(_, ys) => ys.last().map_or(&[], AlignedBuf::as_slice),
            Made::Tensors { outputs, .. } => outputs,
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
            Made::Tensors { x, y, .. } => {
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
