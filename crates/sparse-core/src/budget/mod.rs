//! How many weights each layer of a network may have.
//!
//! A network is given one number, its sparsity; an [`Allocation`] splits the weights that remain between the
//! layers. One file per way to split.

mod erdos_renyi;
mod global;
mod per_layer;
mod uniform;

use serde::{Deserialize, Serialize};

pub use erdos_renyi::lambda_density;
pub use global::counts as global_topk_counts;

use crate::error::{Error, Result};

/// How a network's active weights are split between its layers. Biases are dense and not counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allocation {
    /// The same density in every layer.
    Uniform,
    /// Density in proportion to `(inputs + outputs) / (inputs * outputs)`, so that small layers stay
    /// denser; layers that this would fill past 1 are dense and the rest is split again (Mocanu et al. 2018;
    /// Evci et al. 2020, section 3; RLx2's `sparse_set`). The default because the papers' results use it.
    #[default]
    ErdosRenyi,
    /// One density in (0, 1] per layer, whatever the total: DS-TD3 keeps its output layers dense this way.
    PerLayer(Vec<f64>),
    /// One λ, above 0, for each layer but the last, which is dense: density `λ (inputs + outputs) / (inputs *
    /// outputs)`, 1 at most, whatever the total (DS-TD3, Sokar et al. 2022, section 4.4).
    Lambda(Vec<f64>),
    /// The best scores of the whole network, wherever they lie: needs scores, so it works only with
    /// [`counts_by_score`](Self::counts_by_score). A network that is drawn with it ranks the magnitudes of its
    /// first values, which favours layers of few inputs.
    Global,
}

impl Allocation {
    /// The density in (0, 1] of each layer of `shapes` (`(outputs, inputs)`) when the whole network has
    /// density `total_density` in (0, 1]. The layers of a twin critic are one network.
    ///
    /// # Errors
    /// [`Error::Config`] when the total is outside (0, 1], a λ is not above 0, or the allocation needs scores;
    /// [`Error::Shape`] when there is not one density, or λ, for each layer that needs one; [`Error::Budget`] when a
    /// density is outside (0, 1], or a layer has no weights or more than can be counted.
    pub fn densities(&self, shapes: &[(usize, usize)], total_density: f64) -> Result<Vec<f64>> {
        if !(total_density > 0.0 && total_density <= 1.0) {
            return Err(Error::config("total density", total_density, "in (0, 1]"));
        }
        let sparsities = self.sparsities(shapes, 1.0 - total_density)?;
        Ok(sparsities
            .into_iter()
            .map(|sparsity| 1.0 - sparsity)
            .collect())
    }

    /// The number of active weights of each layer of `shapes` (`(outputs, inputs)`) when the whole network
    /// has `sparsity` in [0, 1): `N - int(S N)` for a layer of `N` weights and sparsity `S`, which is how
    /// RLx2's code rounds.
    ///
    /// # Errors
    /// [`Error::Config`] when `sparsity` is outside [0, 1), or the allocation needs scores; [`Error::Budget`]
    /// when a layer's share is less than one weight; otherwise as [`densities`](Self::densities).
    pub fn counts(&self, shapes: &[(usize, usize)], sparsity: f64) -> Result<Vec<usize>> {
        check_sparsity(sparsity)?;
        let sparsities = self.sparsities(shapes, sparsity)?;
        let layers = shapes.iter().zip(sparsities).enumerate();
        layers
            .map(|(layer, (&shape, sparsity))| {
                let weights = shape.0 * shape.1;
                let share = (1.0 - sparsity) * weights as f64;
                // Rounding keeps one weight of less than one; a layer that thin passes nothing on.
                if share < 1.0 - 1e-9 {
                    return Err(too_thin(layer, shape, share));
                }
                Ok(weights - (sparsity * weights as f64) as usize)
            })
            .collect()
    }

    /// As [`counts`](Self::counts), with the scores of each layer's weights, of which [`Global`](Self::Global)
    /// counts the highest. Weights that do not exist need no score.
    ///
    /// # Errors
    /// As [`counts`](Self::counts); [`Error::Shape`] when there are not as many layers of scores as shapes.
    pub fn counts_by_score(
        &self,
        shapes: &[(usize, usize)],
        sparsity: f64,
        scores: &[Vec<f32>],
    ) -> Result<Vec<usize>> {
        if *self != Self::Global {
            return self.counts(shapes, sparsity);
        }
        check_sparsity(sparsity)?;
        Error::check_size("layers of scores", scores.len(), shapes.len())?;
        let weights = weights(shapes)?;
        let counts = global::counts(scores, weights - (sparsity * weights as f64) as usize)?;
        match counts.iter().position(|&count| count == 0) {
            Some(layer) => Err(too_thin(layer, shapes[layer], 0.0)),
            None => Ok(counts),
        }
    }

    /// The sparsity of each layer, in [0, 1).
    fn sparsities(&self, shapes: &[(usize, usize)], sparsity: f64) -> Result<Vec<f64>> {
        weights(shapes)?;
        match self {
            Self::Uniform => Ok(uniform::sparsities(shapes, sparsity)),
            Self::ErdosRenyi => Ok(erdos_renyi::sparsities(shapes, sparsity)),
            Self::PerLayer(densities) => per_layer::sparsities(shapes, densities),
            Self::Lambda(lambdas) => per_layer::sparsities_by_lambda(shapes, lambdas),
            Self::Global => {
                let allowed = "one that needs no scores, where there are none";
                Err(Error::config("allocation", "global", allowed))
            }
        }
    }
}

/// The weights of all layers together.
///
/// # Errors
/// [`Error::Budget`] with the first layer that has none, or with which there are more than can be counted.
fn weights(shapes: &[(usize, usize)]) -> Result<usize> {
    let mut all = 0usize;
    for (layer, &(outputs, inputs)) in shapes.iter().enumerate() {
        let sum = outputs
            .checked_mul(inputs)
            .and_then(|own| all.checked_add(own));
        let reason = match sum {
            Some(sum) if sum > all => {
                all = sum;
                continue;
            }
            Some(_) => "it has no weights: must have 1 or more",
            None => "more weights than can be counted",
        };
        return Err(Error::Budget {
            layer,
            outputs,
            inputs,
            density: 0.0,
            reason: reason.to_owned(),
        });
    }
    Ok(all)
}

fn check_sparsity(sparsity: f64) -> Result<()> {
    if (0.0..1.0).contains(&sparsity) {
        return Ok(());
    }
    Err(Error::config("sparsity", sparsity, "in [0, 1)"))
}

fn too_thin(layer: usize, (outputs, inputs): (usize, usize), share: f64) -> Error {
    let weights = outputs * inputs;
    Error::Budget {
        layer,
        outputs,
        inputs,
        density: share / weights.max(1) as f64,
        reason: format!(
            "{share:.2} of its {weights} weights would exist; at least one must, so the sparsity must be lower"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparsity_outside_its_range_is_an_error() {
        for sparsity in [-0.1, 1.0, f64::NAN] {
            let error = Allocation::Uniform.counts(&[(4, 4)], sparsity).unwrap_err();
            assert!(error.is_config(), "{error}");
        }
        for density in [0.0, 1.1, f64::NAN] {
            let error = Allocation::Uniform
                .densities(&[(4, 4)], density)
                .unwrap_err();
            assert!(error.is_config(), "{error}");
        }
    }

    #[test]
    fn a_layer_without_weights_is_an_error_that_names_it() {
        let message = |shapes: &[(usize, usize)], sparsity| {
            let error = Allocation::Uniform.counts(shapes, sparsity).unwrap_err();
            assert!(error.is_budget());
            error.to_string()
        };
        let empty = message(&[(3, 2), (5, 0)], 0.5);
        assert!(empty.starts_with("budget: layer 1 [5×0]"), "{empty}");
        for shapes in [&[(0, 0)][..], &[(4, 4), (0, 0)], &[(1 << 40, 1 << 40)]] {
            let error = Allocation::ErdosRenyi.counts(shapes, 0.5).unwrap_err();
            assert!(error.is_budget(), "{error}");
        }
        // Rounding up would keep one weight of a hundredth.
        let thin = message(&[(40, 40), (1, 1)], 0.99);
        assert!(
            thin.contains("layer 1 [1×1]") && thin.contains("0.01 of its 1 weights"),
            "{thin}"
        );
        assert_eq!(Allocation::Uniform.counts(&[(10, 10)], 0.99).unwrap(), [1]);
    }

    #[test]
    fn configuration_reads_as_words() {
        let read = |text| serde_json::from_str::<Allocation>(text).unwrap();
        assert_eq!(read("\"erdos_renyi\""), Allocation::ErdosRenyi);
        assert_eq!(read("\"uniform\""), Allocation::Uniform);
        assert_eq!(
            read("{\"per_layer\":[0.5,1]}"),
            Allocation::PerLayer(vec![0.5, 1.0])
        );
    }
}
