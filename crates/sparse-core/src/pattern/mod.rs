//! Which connections a layer has.
//!
//! A [`Pattern`] is a set of connections `[outputs, inputs]`, stored by output unit (CSR) and, for the backward pass,
//! by input. It never changes: a topology update makes a new one and a [`Rewire`], which says for anything kept per
//! connection where each number goes.

mod blocks;
mod build;
mod rewire;
mod select;
mod structure;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod uploads;

use std::fmt;
use std::sync::Arc;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use std::sync::Weak;

pub(crate) use blocks::Blocks;
pub use rewire::Rewire;
pub(crate) use select::{Largest, NONE, candidate, key, largest};
pub use structure::Structure;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub(crate) use uploads::Uploads;

/// An immutable set of connections `[outputs, inputs]`. Cloning shares the storage.
///
/// A connection's *position* is `output * inputs + input`; the order of positions is the order of a layer's
/// values. Two patterns are equal when they have the same shape and the same connections.
///
/// ```
/// use sparse_core::pattern::Pattern;
///
/// let pattern = Pattern::from_mask(2, 3, &[true, false, true, false, true, false])?;
/// assert_eq!(pattern.nnz(), 3);
/// assert_eq!(pattern.col_idx(), [0, 2, 1]);
/// # Ok::<(), sparse_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Pattern(Arc<Connections>);

struct Connections {
    outputs: usize,
    inputs: usize,
    /// By output unit: `row_ptr[o]..row_ptr[o + 1]` are its connections.
    row_ptr: Vec<u32>,
    col_idx: Vec<u32>,
    /// By input: `t_ptr[i]..t_ptr[i + 1]` are its connections.
    t_ptr: Vec<u32>,
    t_idx: Vec<u32>,
    /// Where the connection's value lies in the order of outputs.
    t_pos: Vec<u32>,
    /// The connections of each output unit by blocks of inputs, and the other way round.
    blocks: Blocks,
    t_blocks: Blocks,
    /// Copies of these arrays in the memory of GPUs.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    uploads: Uploads,
}

impl Pattern {
    /// Units of the layer.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.0.outputs
    }

    /// Inputs of the layer.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.0.inputs
    }

    /// Number of connections: the length of everything the layer keeps per weight.
    #[must_use]
    pub fn nnz(&self) -> usize {
        self.0.col_idx.len()
    }

    /// Connections as a share of all that are possible, in [0, 1]; 1 for a layer without any.
    #[must_use]
    pub fn density(&self) -> f64 {
        match self.outputs() * self.inputs() {
            0 => 1.0,
            possible => self.nnz() as f64 / possible as f64,
        }
    }

    /// Whether every possible connection exists.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.nnz() == self.outputs() * self.inputs()
    }

    /// `[outputs + 1]`: output unit `o` has the connections `row_ptr[o]..row_ptr[o + 1]`.
    #[must_use]
    pub fn row_ptr(&self) -> &[u32] {
        &self.0.row_ptr
    }

    /// `[nnz]`: the input of each connection, ascending within an output unit.
    #[must_use]
    pub fn col_idx(&self) -> &[u32] {
        &self.0.col_idx
    }

    /// `[inputs + 1]`: input `i` has the transposed connections `t_ptr[i]..t_ptr[i + 1]`.
    #[must_use]
    pub fn t_ptr(&self) -> &[u32] {
        &self.0.t_ptr
    }

    /// `[nnz]`: the output unit of each transposed connection, ascending within an input.
    #[must_use]
    pub fn t_idx(&self) -> &[u32] {
        &self.0.t_idx
    }

    /// `[nnz]`: where the value of each transposed connection lies in the layer's values.
    #[must_use]
    pub fn t_pos(&self) -> &[u32] {
        &self.0.t_pos
    }

    /// Positions `output * inputs + input` of the connections, ascending.
    pub fn positions(&self) -> impl Iterator<Item = u32> + '_ {
        let inputs = self.inputs() as u32;
        self.rows()
            .zip(0..)
            .flat_map(move |(row, output)| row.iter().map(move |input| output * inputs + input))
    }

    /// The same as a list `[nnz]`, which is made by whole rows.
    pub(crate) fn position_list(&self) -> Vec<u32> {
        let mut list = Vec::with_capacity(self.nnz());
        // An iterator over rows of rows goes faster from inside.
        self.positions().for_each(|position| list.push(position));
        list
    }

    /// A flag for each possible connection, `[outputs * inputs]`, row-major.
    #[must_use]
    pub fn to_mask(&self) -> Vec<bool> {
        let mut mask = vec![false; self.outputs() * self.inputs()];
        for position in self.positions() {
            mask[position as usize] = true;
        }
        mask
    }

    /// Output units without any connection: they compute their bias alone.
    pub fn empty_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.rows()
            .enumerate()
            .filter(|(_, row)| row.is_empty())
            .map(|(output, _)| output)
    }

    /// Bytes of the index arrays.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let blocks = self.blocks().len() + self.t_blocks().len();
        size_of::<u32>() * (self.outputs() + self.inputs() + 2 + 3 * self.nnz() + blocks)
    }

    /// Whether both handles share one storage. Cheaper than `==`, and never true where `==` is false.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The connections of each output unit by blocks of inputs.
    pub(crate) fn blocks(&self) -> &Blocks {
        &self.0.blocks
    }

    /// The transposed connections of each input by blocks of output units.
    pub(crate) fn t_blocks(&self) -> &Blocks {
        &self.0.t_blocks
    }

    /// Copies of the index arrays in the memory of GPUs; they live as long as the pattern.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    pub(crate) fn uploads(&self) -> &Uploads {
        &self.0.uploads
    }

    /// A handle that does not keep the pattern.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    pub(crate) fn downgrade(&self) -> WeakPattern {
        WeakPattern(Arc::downgrade(&self.0))
    }

    /// The inputs of each output unit.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u32]> + '_ {
        self.row_ptr()
            .windows(2)
            .map(|range| &self.col_idx()[range[0] as usize..range[1] as usize])
    }
}

/// A handle that does not keep its pattern, but knows it again.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub(crate) struct WeakPattern(Weak<Connections>);

#[cfg(any(feature = "wgpu", feature = "cuda"))]
impl WeakPattern {
    /// Whether the pattern is still there.
    pub(crate) fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// Whether it is this pattern; as [`Pattern::is_same`].
    pub(crate) fn is_of(&self, pattern: &Pattern) -> bool {
        // The handle keeps the address from being used again.
        self.0.as_ptr() == Arc::as_ptr(&pattern.0)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
            || (self.outputs() == other.outputs()
                && self.inputs() == other.inputs()
                && self.row_ptr() == other.row_ptr()
                && self.col_idx() == other.col_idx())
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (outputs, inputs) = (self.outputs(), self.inputs());
        write!(f, "Pattern [{outputs}×{inputs}], {} active", self.nnz())
    }
}

#[cfg(test)]
mod tests;
