//! How a layer multiplies: only the weights that exist, or a dense matrix in which the others are zero.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::break_even;
use crate::pattern::Pattern;

/// Which kernels a layer runs on. The parameters are the same in each, one value per connection in the
/// pattern's order (by output, then by input), and so are gradients, moments and targets; results agree to
/// rounding. So a layer may change its storage at any time, and [`Auto`](Self::Auto) does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    /// Compressed rows: work and memory in proportion to the connections.
    Csr,
    /// A dense matrix product. The values are spread over a matrix of zeros first, unless every connection
    /// exists: then they are that matrix already.
    Masked,
    /// The faster of both for the device, the layer's size, its density and the batch at hand, by the table
    /// of measured break-even densities that `cargo xtask bench break-even` prints. On a GPU rows too where all layers
    /// take one launch.
    #[default]
    Auto,
}

impl Storage {
    /// The name in files and configurations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csr => "csr",
            Self::Masked => "masked",
            Self::Auto => "auto",
        }
    }

    /// The storage of this name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Csr, Self::Masked, Self::Auto];
        all.into_iter().find(|storage| storage.name() == name)
    }

    /// Whether a batch of `batch` rows goes through a dense product, in training or forward only.
    pub(crate) fn is_dense(
        self,
        pattern: &Pattern,
        batch: usize,
        device: &Device,
        training: bool,
    ) -> bool {
        match self {
            Self::Csr => false,
            Self::Masked => true,
            Self::Auto => {
                let width = ((pattern.outputs() * pattern.inputs()) as f64).sqrt();
                pattern.density() > break_even::density(device, width, batch, training)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for storage in [Storage::Csr, Storage::Masked, Storage::Auto] {
            assert_eq!(Storage::named(storage.name()), Some(storage));
            let json = serde_json::to_string(&storage).unwrap();
            assert_eq!(json, format!("\"{}\"", storage.name()));
        }
        assert_eq!(Storage::named("dense"), None);
    }
}
