//! Adam for a single number.

/// A number that is trained beside the networks, by Adam with PyTorch's betas: SAC's log α, log σ of a policy.
#[derive(Clone, Debug)]
pub struct ScalarAdam {
    value: f64,
    first: f64,
    second: f64,
    steps: f64,
}

impl ScalarAdam {
    /// A number before its first step.
    #[must_use]
    pub fn new(value: f64) -> Self {
        Self {
            value,
            first: 0.0,
            second: 0.0,
            steps: 0.0,
        }
    }

    /// The number.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// All that later steps depend on, to be saved and set again.
    pub fn state(&mut self) -> [&mut f64; 4] {
        [
            &mut self.value,
            &mut self.first,
            &mut self.second,
            &mut self.steps,
        ]
    }

    /// One step down a gradient.
    pub fn step(&mut self, gradient: f64, learning_rate: f64) {
        const BETAS: [f64; 2] = [0.9, 0.999];
        self.steps += 1.0;
        self.first += (1.0 - BETAS[0]) * (gradient - self.first);
        self.second += (1.0 - BETAS[1]) * (gradient * gradient - self.second);
        let [first, second] = BETAS.map(|beta| 1.0 - libm::pow(beta, self.steps));
        let step = (self.first / first) / ((self.second / second).sqrt() + 1e-8);
        self.value -= learning_rate * step;
    }
}
