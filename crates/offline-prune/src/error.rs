//! What can go wrong, with the value and what is allowed.

/// Errors of this crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting or an argument outside what is allowed.
    #[error("{field} = {value}: must be {allowed}")]
    Config {
        /// Its name.
        field: &'static str,
        /// Its value.
        value: String,
        /// The values that it may have.
        allowed: String,
    },
    /// A loss that no weight can be scored by.
    #[error("loss {index}: {what}")]
    Loss {
        /// Its place in the list of losses.
        index: usize,
        /// What is wrong with it.
        what: String,
    },
    /// Scores that rank nothing.
    #[error("criterion {criterion}: {what}")]
    Scores {
        /// The criterion that gave them.
        criterion: &'static str,
        /// What is wrong with them.
        what: String,
    },
    /// A layer that would keep nothing.
    #[error(
        "layer {layer} of network {network} would keep none of its {total} weights: \
         the sparsity must be lower, or min_inputs_per_unit 1 or more"
    )]
    Collapse {
        /// Place of the network in the list.
        network: usize,
        /// Place of the layer in the network.
        layer: usize,
        /// Weights of the layer.
        total: usize,
    },
    /// A network or its connections refused.
    #[error(transparent)]
    Sparse(#[from] sparse_core::Error),
}

impl Error {
    /// A setting outside what is allowed.
    pub(crate) fn config(
        field: &'static str,
        value: impl ToString,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Config {
            field,
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }
}

/// What this crate's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
