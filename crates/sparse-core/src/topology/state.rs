//! What a rule sees of a network.

use crate::error::{Error, Result};
use crate::nn::Activity;
use crate::op::DenseGradient;
use crate::pattern::Pattern;

/// One layer as a rule sees it. A test of a rule makes one by [`new`](Self::new) and sets what else the rule reads.
#[derive(Debug)]
#[non_exhaustive]
pub struct LayerState {
    /// Its connections.
    pub pattern: Pattern,
    /// Their values `[nnz]`, in the pattern's order.
    pub values: Vec<f32>,
    /// The dense gradient, where the rule asked for it.
    pub gradient: Option<DenseGradient>,
}

impl LayerState {
    /// A layer with these connections and their values `[nnz]`, without a gradient.
    #[must_use]
    pub fn new(pattern: Pattern, values: Vec<f32>) -> Self {
        Self {
            pattern,
            values,
            gradient: None,
        }
    }

    /// The magnitude of each value.
    #[must_use]
    pub fn magnitudes(&self) -> Vec<f32> {
        self.values.iter().map(|value| value.abs()).collect()
    }

    /// The dense gradient.
    ///
    /// # Errors
    /// [`Error::Config`] when the rule has not asked for it; [`Error::Shape`] when it is of another shape than the layer's.
    pub fn dense_gradient(&self) -> Result<&DenseGradient> {
        let Some(gradient) = &self.gradient else {
            let allowed = "`Signal::DenseGradient` in every update in which the rule's plan reads the dense gradient";
            return Err(Error::config("signal", "another", allowed));
        };
        let (outputs, inputs) = (self.pattern.outputs(), self.pattern.inputs());
        Error::check_size("outputs of the dense gradient", gradient.outputs(), outputs)?;
        Error::check_size("inputs of the dense gradient", gradient.inputs(), inputs)?;
        Ok(gradient)
    }
}

/// A network as a rule sees it. A test of a rule starts from [`NetworkState::default`] and sets what the rule reads.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct NetworkState {
    /// Its sparse layers.
    pub layers: Vec<LayerState>,
    /// Pairs of layers: the outputs of the first are hidden units, and the inputs of the second.
    pub hidden: Vec<[usize; 2]>,
    /// How active hidden units were, where the rule asked for it.
    pub activity: Activity,
}

impl NetworkState {
    /// `(outputs, inputs)` of each layer.
    #[must_use]
    pub fn shapes(&self) -> Vec<(usize, usize)> {
        let layers = self.layers.iter();
        layers
            .map(|layer| (layer.pattern.outputs(), layer.pattern.inputs()))
            .collect()
    }

    /// A value of a connection or an activity that is NaN or infinite: its layer, what it is, the number.
    pub(super) fn not_finite(&self) -> Option<(usize, &'static str, f64)> {
        let layers = self.layers.iter().enumerate();
        let mut values = layers.filter_map(|(index, layer)| {
            let value = layer.values.iter().find(|value| !value.is_finite())?;
            Some((index, "value of a connection", f64::from(*value)))
        });
        let mut activity = self.hidden.iter().filter_map(|[first, _]| {
            let sums = self.activity.sums(*first)?;
            let sum = sums.iter().find(|sum| !sum.is_finite())?;
            Some((*first, "activity", *sum))
        });
        values.next().or_else(|| activity.next())
    }

    /// As [`not_finite`](Self::not_finite), of what a rule has read of the dense gradients.
    pub(super) fn gradient_not_finite(&self) -> Option<(usize, &'static str, f64)> {
        self.layers.iter().enumerate().find_map(|(index, layer)| {
            let value = layer.gradient.as_ref()?.not_finite()?;
            Some((index, "dense gradient", f64::from(value)))
        })
    }
}
