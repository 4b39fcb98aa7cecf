//! Densities given by hand, as DS-TD3 does (Sokar et al. 2022, section 4.4: a λ for each hidden layer, which
//! [`lambda_density`](super::lambda_density) turns into a density, and dense output layers).

use super::lambda_density;
use crate::error::{Error, Result};

/// The sparsity of each layer from a λ for each but the last, which is dense.
pub(super) fn sparsities_by_lambda(shapes: &[(usize, usize)], lambdas: &[f64]) -> Result<Vec<f64>> {
    Error::check_size("λs and the output layer", lambdas.len() + 1, shapes.len())?;
    if let Some(lambda) = lambdas.iter().find(|l| !(**l > 0.0 && l.is_finite())) {
        return Err(Error::config("lambda", lambda, "above 0"));
    }
    let hidden = lambdas.iter().zip(shapes);
    let densities =
        hidden.map(|(&lambda, &(outputs, inputs))| lambda_density(lambda, outputs, inputs));
    Ok(densities.map(|d| 1.0 - d).chain([0.0]).collect())
}

/// The sparsity of each layer.
pub(super) fn sparsities(shapes: &[(usize, usize)], densities: &[f64]) -> Result<Vec<f64>> {
    Error::check_size("densities per layer", densities.len(), shapes.len())?;
    let layers = densities.iter().zip(shapes).enumerate();
    layers
        .map(|(layer, (&density, &(outputs, inputs)))| {
            if density > 0.0 && density <= 1.0 {
                return Ok(1.0 - density);
            }
            Err(Error::Budget {
                layer,
                outputs,
                inputs,
                density,
                reason: "must be in (0, 1]".to_string(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::budget::{Allocation, lambda_density};

    #[test]
    fn lambdas_leave_the_output_layer_dense() {
        // DS-TD3's critic on HalfCheetah: 33 % and 50 % of the hidden layers, all of the output layer.
        let allocation = Allocation::Lambda(vec![7.0, 64.0]);
        let shapes = [(256, 23), (256, 256), (1, 256)];
        let counts = allocation.counts(&shapes, 0.5).unwrap();
        assert_eq!(counts, [7 * (256 + 23), 64 * 512, 256]);
        assert!(allocation.counts(&shapes[..2], 0.5).unwrap_err().is_shape());
        for lambda in [0.0, -1.0, f64::NAN] {
            let error = Allocation::Lambda(vec![lambda]).counts(&shapes[1..], 0.5);
            assert!(error.unwrap_err().is_config());
        }
    }

    #[test]
    fn each_layer_gets_its_own() {
        let allocation = Allocation::PerLayer(vec![0.5, 1.0]);
        let shapes = [(4, 4), (1, 4)];
        assert_eq!(allocation.counts(&shapes, 0.9).unwrap(), [8, 4]);
        assert!(allocation.counts(&shapes[..1], 0.9).unwrap_err().is_shape());
        let error = Allocation::PerLayer(vec![0.5, 0.0])
            .counts(&shapes, 0.9)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "budget: layer 1 [1×4] gets density 0: must be in (0, 1]"
        );
    }

    #[test]
    fn ds_td3_half_cheetah() {
        // The published setting's weight densities, actor and critic.
        let near = |density: f64, expected: f64| assert!((density - expected).abs() < 5e-4);
        near(lambda_density(7.0, 256, 17), 0.439);
        near(lambda_density(7.0, 256, 23), 0.332);
        near(lambda_density(64.0, 256, 256), 0.500);
        near(lambda_density(61.0, 256, 376), 0.401);
    }
}
