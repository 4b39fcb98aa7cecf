//! Erdős–Rényi densities (Mocanu et al. 2018), solved for one total as RLx2's `sparse_set` does.
//!
//! Layer `l` has density `ε (inputs + outputs) / (inputs outputs)`, with one ε for all layers such that the
//! active weights add up. Where that is more than 1 the layer is dense, the largest first, and ε is solved
//! again for the others.

/// The sparsity of each layer, in floating point exactly as RLx2's code computes it, so that the counts it
/// rounds to agree.
pub(super) fn sparsities(shapes: &[(usize, usize)], sparsity: f64) -> Vec<f64> {
    let raw: Vec<f64> = shapes.iter().map(|&shape| raw_density(shape)).collect();
    let mut dense = vec![false; shapes.len()];
    if sparsity == 0.0 {
        dense.fill(true);
    }
    while dense.contains(&false) {
        let epsilon = epsilon(shapes, &raw, &dense, sparsity);
        let free = || (0..shapes.len()).filter(|&layer| !dense[layer]);
        let largest = free().map(|layer| raw[layer]).fold(0.0, f64::max);
        if largest * epsilon <= 1.0 {
            let solved = |layer: usize| 1.0 - raw[layer] * epsilon;
            let layers = 0..shapes.len();
            return layers
                .map(|layer| if dense[layer] { 0.0 } else { solved(layer) })
                .collect();
        }
        let full: Vec<usize> = free().filter(|&layer| raw[layer] == largest).collect();
        for layer in full {
            dense[layer] = true;
        }
    }
    vec![0.0; shapes.len()]
}

/// The ε that spends the whole budget, given which layers are dense.
fn epsilon(shapes: &[(usize, usize)], raw: &[f64], dense: &[bool], sparsity: f64) -> f64 {
    let (mut budget, mut divisor) = (0.0, 0.0);
    for (layer, &(outputs, inputs)) in shapes.iter().enumerate() {
        let weights = (outputs * inputs) as f64;
        if dense[layer] {
            budget -= weights * sparsity;
        } else {
            budget += weights * (1.0 - sparsity);
            divisor += raw[layer] * weights;
        }
    }
    budget / divisor
}

/// A layer's density for ε = 1.
fn raw_density((outputs, inputs): (usize, usize)) -> f64 {
    (outputs + inputs) as f64 / (outputs * inputs) as f64
}

/// The density in [0, 1] of one layer for a given λ: `λ (inputs + outputs) / (inputs outputs)`. DS-TD3 sets λ
/// by hand (Sokar et al. 2022, section 3 and its Table of settings); for use with
/// [`Allocation::PerLayer`](super::Allocation::PerLayer).
#[must_use]
pub fn lambda_density(lambda: f64, outputs: usize, inputs: usize) -> f64 {
    (lambda * raw_density((outputs, inputs))).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use crate::budget::Allocation;

    /// Sizes of an environment's observation and action.
    type Task = (usize, usize);
    const HALF_CHEETAH: Task = (17, 6);
    const HOPPER: Task = (11, 3);
    const WALKER_2D: Task = (17, 6);
    const ANT: Task = (111, 8);

    fn mlp(inputs: usize, outputs: usize) -> [(usize, usize); 3] {
        [(256, inputs), (256, 256), (outputs, 256)]
    }

    fn check(shapes: &[(usize, usize)], sparsity: f64, counts: &[usize], densities: &[f64]) {
        let allocation = Allocation::ErdosRenyi;
        assert_eq!(allocation.counts(shapes, sparsity).unwrap(), counts);
        let solved = allocation.densities(shapes, 1.0 - sparsity).unwrap();
        for (solved, expected) in solved.iter().zip(densities) {
            assert!((solved - expected).abs() < 5.1e-5, "{solved} {expected}");
        }
    }

    /// One row of RLx2's Table 2: sparsity, active weights and densities of the actor and of one critic. The
    /// two critics are solved as one network.
    struct Row {
        task: Task,
        heads: usize,
        sparsity: [f64; 2],
        actor: ([usize; 3], [f64; 3]),
        critic: ([usize; 3], [f64; 3]),
    }

    impl Row {
        fn check(&self) {
            let (observation, action) = self.task;
            let [actor, critic] = self.sparsity;
            let shapes = mlp(observation, action * self.heads);
            check(&shapes, actor, &self.actor.0, &self.actor.1);
            let shapes = [mlp(observation + action, 1); 2].concat();
            let twice = |counts: [usize; 3]| [counts; 2].concat();
            let densities = [self.critic.1; 2].concat();
            check(&shapes, critic, &twice(self.critic.0), &densities);
        }
    }

    #[test]
    fn rlx2_td3() {
        let row = |task, sparsity, actor, critic| Row {
            task,
            heads: 1,
            sparsity,
            actor,
            critic,
        };
        row(
            HALF_CHEETAH,
            [0.90, 0.85],
            ([1950, 3657, 1536], [0.4480, 0.0558, 1.0]),
            ([3703, 6794, 256], [0.6288, 0.1037, 1.0]),
        )
        .check();
        row(
            HOPPER,
            [0.98, 0.95],
            ([356, 682, 345], [0.1263, 0.0104, 0.4491]),
            ([1110, 2104, 256], [0.3095, 0.0321, 1.0]),
        )
        .check();
        row(
            WALKER_2D,
            [0.97, 0.95],
            ([559, 1048, 537], [0.1284, 0.0160, 0.3491]),
            ([1174, 2155, 256], [0.1994, 0.0329, 1.0]),
        )
        .check();
        row(
            ANT,
            [0.96, 0.88],
            ([1233, 1721, 887], [0.0434, 0.0262, 0.4331]),
            ([4776, 6520, 256], [0.1567, 0.0995, 1.0]),
        )
        .check();
    }

    #[test]
    fn rlx2_sac() {
        // The actor's output layer gives a mean and a deviation per action.
        let row = |task, sparsity, actor, critic| Row {
            task,
            heads: 2,
            sparsity,
            actor,
            critic,
        };
        row(
            HALF_CHEETAH,
            [0.90, 0.80],
            ([1892, 3548, 1857], [0.4346, 0.0541, 0.6045]),
            ([4967, 9114, 256], [0.8435, 0.1391, 1.0]),
        )
        .check();
        row(
            HOPPER,
            [0.98, 0.95],
            ([359, 688, 352], [0.1273, 0.0105, 0.2290]),
            ([1110, 2104, 256], [0.3095, 0.0321, 1.0]),
        )
        .check();
        row(
            WALKER_2D,
            [0.90, 0.90],
            ([1892, 3548, 1857], [0.4346, 0.0541, 0.6045]),
            ([2438, 4475, 256], [0.4141, 0.0683, 1.0]),
        )
        .check();
        row(
            ANT,
            [0.90, 0.75],
            ([3127, 4362, 2318], [0.1100, 0.0666, 0.5657]),
            ([10066, 13743, 256], [0.3304, 0.2097, 1.0]),
        )
        .check();
    }

    #[test]
    fn the_budget_is_spent() {
        let shapes = mlp(376, 17);
        for sparsity in [0.0, 0.001, 0.3, 0.5, 0.9, 0.999] {
            let counts = Allocation::ErdosRenyi.counts(&shapes, sparsity).unwrap();
            let active: usize = counts.iter().sum();
            let possible: usize = shapes.iter().map(|(o, i)| o * i).sum();
            let expected = possible as f64 * (1.0 - sparsity);
            assert!((active as f64 - expected).abs() <= shapes.len() as f64);
        }
    }
}
