//! A small quadratic problem in an ellipsoid: the friction of an elliptic contact at a given normal force.

/// Most friction directions.
const MOST: usize = 5;
/// Newton's steps at most.
const STEPS: usize = 20;
/// What counts as zero here.
const TINY: f64 = 1e-10;

/// Minimises `½ xᵀ A x + bᵀ x` over `Σ (x_i / d_i)² ≤ r²`, of which the first `n` numbers count.
///
/// Scaled to a ball the solution is `−(A + λ)⁻¹ b`; Newton's method finds the multiplier `λ ≥ 0` at which it has
/// length `r`. Where `A + λ` counts as singular the solution is 0, as in MuJoCo: for two and three numbers a
/// determinant under 1e-10, for more a pivot under 1e-10.
pub(super) fn solve(
    a: &[[f64; MOST]; MOST],
    b: &[f64; MOST],
    d: &[f64; MOST],
    r: f64,
    n: usize,
) -> [f64; MOST] {
    let mut scaled = [[0.0; MOST]; MOST];
    let mut linear = [0.0; MOST];
    for i in 0..n {
        linear[i] = b[i] * d[i];
        for j in 0..n {
            scaled[i][j] = a[i][j] * d[i] * d[j];
        }
    }
    let mut lambda = 0.0;
    let mut x = [0.0; MOST];
    for _ in 0..STEPS {
        let mut shifted = scaled;
        (0..n).for_each(|i| shifted[i][i] += lambda);
        let Some(factor) = Cholesky::new(shifted, n) else {
            return [0.0; MOST];
        };
        x = factor.solve(linear.map(|b| -b), n);
        let outside = x[..n].iter().map(|x| x * x).sum::<f64>() - r * r;
        if outside < TINY {
            break;
        }
        let y = factor.solve(x, n);
        let slope = -2.0 * x[..n].iter().zip(&y).map(|(x, y)| x * y).sum::<f64>();
        let step = -outside / slope;
        if step < TINY {
            break;
        }
        lambda += step;
    }
    (0..n).for_each(|i| x[i] *= d[i]);
    if lambda != 0.0 {
        // Onto the ellipsoid, where Newton's method ends only nearly.
        let length: f64 = (0..n).map(|i| (x[i] / d[i]) * (x[i] / d[i])).sum();
        let scale = (r * r / length.max(1e-15)).sqrt();
        (0..n).for_each(|i| x[i] *= scale);
    }
    x
}

/// Lower Cholesky factor of the first `n` rows and columns.
struct Cholesky([[f64; MOST]; MOST]);

impl Cholesky {
    /// None where the matrix counts as singular.
    fn new(mut a: [[f64; MOST]; MOST], n: usize) -> Option<Self> {
        let by_determinant = n <= 3;
        let least = if by_determinant { 0.0 } else { TINY };
        let mut determinant = 1.0;
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
                let rest = a[i][j] - dot;
                if i != j {
                    a[i][j] = rest / a[j][j];
                } else if rest >= least {
                    determinant *= rest;
                    a[i][i] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        (!by_determinant || determinant >= TINY).then_some(Self(a))
    }

    fn solve(&self, mut x: [f64; MOST], n: usize) -> [f64; MOST] {
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| self.0[i][k] * x[k]).sum();
            x[i] = (x[i] - dot) / self.0[i][i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| self.0[k][i] * x[k]).sum();
            x[i] = (x[i] - dot) / self.0[i][i];
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No feasible point nearby costs less.
    #[test]
    fn the_solution_is_best_in_the_ellipsoid() {
        let mut a = [[0.1; MOST]; MOST];
        (0..MOST).for_each(|i| a[i][i] = 2.0 + i as f64);
        let b = [3.0, -1.0, 0.5, 2.0, -0.7];
        let d = [1.0, 0.7, 0.3, 0.2, 0.1];
        for (n, r) in [(2, 0.4), (3, 0.4), (5, 0.4), (2, 9.0), (5, 9.0)] {
            let x = solve(&a, &b, &d, r, n);
            let size = |x: &[f64; MOST]| (0..n).map(|i| (x[i] / d[i]).powi(2)).sum::<f64>();
            assert!(size(&x) <= r * r * (1.0 + 1e-9), "{}", size(&x));
            let cost = |x: &[f64; MOST]| -> f64 {
                let quadratic = |i: usize| (0..n).map(|j| x[i] * a[i][j] * x[j]).sum::<f64>();
                (0..n).map(|i| 0.5 * quadratic(i) + b[i] * x[i]).sum()
            };
            for i in 0..n {
                for step in [1e-3, -1e-3] {
                    let mut other = x;
                    other[i] += step;
                    let scale = (r / size(&other).sqrt()).min(1.0);
                    (0..n).for_each(|i| other[i] *= scale);
                    assert!(cost(&other) >= cost(&x) - 1e-9);
                }
            }
        }
    }
}
