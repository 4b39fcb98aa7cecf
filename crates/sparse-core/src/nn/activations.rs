//! How activations lie in memory between the layers of a network.
//!
//! Both layouts keep the batch contiguous within a feature; conversions happen where a network begins and
//! ends, or where layers of different storage meet.

use burn::tensor::Tensor;

use crate::op::{tile, tile_width, untile};

/// Activations inside a network.
#[derive(Debug)]
pub(crate) enum Activations {
    /// `[features, batch]`, for dense layers.
    Columns(Tensor<2>),
    /// `[tiles, features, width]`, for sparse layers.
    Tiles {
        /// The tiles; columns past the batch hold nothing of meaning.
        tiles: Tensor<3>,
        /// Rows of the batch.
        batch: usize,
    },
}

impl Activations {
    /// From Burn's `[batch, features]`.
    pub(crate) fn from_rows(rows: Tensor<2>) -> Self {
        Self::Columns(rows.transpose())
    }

    /// What `columns` makes of columns, or `tiles` of tiles, element by element.
    pub(crate) fn map(
        self,
        columns: impl FnOnce(Tensor<2>) -> Tensor<2>,
        tiles: impl FnOnce(Tensor<3>) -> Tensor<3>,
    ) -> Self {
        match self {
            Self::Columns(x) => Self::Columns(columns(x)),
            Self::Tiles { tiles: x, batch } => Self::Tiles {
                tiles: tiles(x),
                batch,
            },
        }
    }

    /// Rows of the batch.
    pub(crate) fn batch(&self) -> usize {
        match self {
            Self::Columns(columns) => columns.dims()[1],
            Self::Tiles { batch, .. } => *batch,
        }
    }

    /// `[tiles, features, width]` and the rows of the batch.
    pub(crate) fn into_tiles(self) -> (Tensor<3>, usize) {
        match self {
            Self::Columns(columns) => {
                let batch = columns.dims()[1];
                (tile(columns.transpose(), tile_width(batch)), batch)
            }
            Self::Tiles { tiles, batch } => (tiles, batch),
        }
    }

    /// `[features, batch]`.
    pub(crate) fn into_columns(self) -> Tensor<2> {
        match self {
            Self::Columns(columns) => columns,
            Self::Tiles { tiles, batch } => untile(tiles, batch).transpose(),
        }
    }

    /// Burn's `[batch, features]`.
    pub(crate) fn into_rows(self) -> Tensor<2> {
        self.into_columns().transpose()
    }
}
