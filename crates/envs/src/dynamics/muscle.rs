//! Muscles. MuJoCo: Modeling, "Muscle actuators"; Computation, "Actuation model".
//!
//! A muscle pulls with `F (FL(L) FV(V) act + FP(L))`, where L and V are length and velocity over the length at which it is
//! strongest. Its activation follows the control with the time constants of Millard et al. (2013), doi:10.1115/1.4023390:
//! `ȧ = (u − a) / τ`, with `τ = τ₁ (½ + 3/2 a)` while it rises and `τ = τ₂ / (½ + 3/2 a)` while it falls.

use super::MINVAL;

/// What a muscle is, from the coefficients of a gain or a bias.
pub(super) struct Muscle {
    force: f64,
    /// Length at which it is strongest (m).
    optimum: f64,
    /// Shortest length (m), and what that is over the optimum.
    start: [f64; 2],
    shortest: f64,
    longest: f64,
    vmax: f64,
    fpmax: f64,
    fvmax: f64,
}

impl Muscle {
    pub(super) fn new(prm: &[f64; 9], lengthrange: [f64; 2], acc0: f64) -> Self {
        let [low, high, force, scale, lmin, lmax, vmax, fpmax, fvmax] = *prm;
        let [shortest, longest] = lengthrange;
        Self {
            force: if force < 0.0 {
                scale / acc0.max(MINVAL)
            } else {
                force
            },
            optimum: (longest - shortest) / (high - low).max(MINVAL),
            start: [shortest, low],
            shortest: lmin,
            longest: lmax,
            vmax,
            fpmax,
            fvmax,
        }
    }

    /// Length over the optimum.
    fn stretch(&self, length: f64) -> f64 {
        self.start[1] + (length - self.start[0]) / self.optimum.max(MINVAL)
    }

    /// Optima per second at which a full contraction has no force.
    fn speed(&self) -> f64 {
        (self.optimum * self.vmax).max(MINVAL)
    }

    /// Force per activation; a pull is negative.
    pub(super) fn gain(&self, length: f64, velocity: f64) -> f64 {
        let (v, rise) = (velocity / self.speed(), self.fvmax - 1.0);
        let by_velocity = if v <= -1.0 {
            0.0
        } else if v <= 0.0 {
            (v + 1.0) * (v + 1.0)
        } else if v <= rise {
            self.fvmax - (rise - v) * (rise - v) / rise.max(MINVAL)
        } else {
            self.fvmax
        };
        -self.force * self.by_length(self.stretch(length)) * by_velocity
    }

    /// Its slope by the velocity.
    pub(super) fn gain_slope(&self, length: f64, velocity: f64) -> f64 {
        let (v, rise) = (velocity / self.speed(), self.fvmax - 1.0);
        let slope = if v <= -1.0 {
            0.0
        } else if v <= 0.0 {
            2.0 * v + 2.0
        } else if v <= rise {
            (-2.0 * v + 2.0 * rise) / rise.max(MINVAL)
        } else {
            0.0
        };
        -self.force * self.by_length(self.stretch(length)) * slope / self.speed()
    }

    /// Parabolas up to 1 at the optimum and down again.
    fn by_length(&self, length: f64) -> f64 {
        let (low, high) = (self.shortest, self.longest);
        if !(low..=high).contains(&length) {
            return 0.0;
        }
        let (below, above) = (0.5 * (low + 1.0), 0.5 * (1.0 + high));
        let over = |x: f64, width: f64| x / width.max(MINVAL);
        if length <= below {
            let x = over(length - low, below - low);
            0.5 * x * x
        } else if length <= 1.0 {
            let x = over(1.0 - length, 1.0 - below);
            1.0 - 0.5 * x * x
        } else if length <= above {
            let x = over(length - 1.0, above - 1.0);
            1.0 - 0.5 * x * x
        } else {
            let x = over(high - length, high - above);
            0.5 * x * x
        }
    }

    /// Force of a muscle at rest, from the optimum on.
    pub(super) fn bias(&self, length: f64) -> f64 {
        let length = self.stretch(length);
        let middle = 0.5 * (1.0 + self.longest);
        let width = (middle - 1.0).max(MINVAL);
        if length <= 1.0 {
            0.0
        } else if length <= middle {
            let x = (length - 1.0) / width;
            -self.force * self.fpmax * 0.5 * x * x
        } else {
            -self.force * self.fpmax * (0.5 + (length - middle) / width)
        }
    }
}

/// Rate of a muscle's activation.
pub(super) fn activation_rate(control: f64, activation: f64, prm: &[f64; 3]) -> f64 {
    let [up, down, smoothing] = *prm;
    let slack = 0.5 + 1.5 * activation.clamp(0.0, 1.0);
    let (up, down) = (up * slack, down / slack);
    let excess = control.clamp(0.0, 1.0) - activation;
    let time = if smoothing >= MINVAL {
        down + (up - down) * sigmoid(excess / smoothing + 0.5)
    } else if excess > 0.0 {
        up
    } else {
        down
    };
    excess / time.max(MINVAL)
}

/// From 0 at 0 to 1 at 1, twice smooth.
fn sigmoid(x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else {
        x * x * x * (3.0 * x * (2.0 * x - 5.0) + 10.0)
    }
}
