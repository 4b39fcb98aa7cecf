use std::ops::Range;

use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;

/// A layer, a batch and gradients at its output, all drawn from one seed.
struct Case {
    pattern: Pattern,
    values: Vec<f32>,
    bias: Vec<f32>,
    x: Vec<f32>,
    dy: Vec<f32>,
    tiles: usize,
    width: usize,
}

impl Case {
    fn draw(shape: (usize, usize), density: f64, [tiles, width]: [usize; 2], seed: u64) -> Self {
        let (outputs, inputs) = shape;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let nnz = (density * (outputs * inputs) as f64).round() as usize;
        let pattern = Pattern::random(outputs, inputs, nnz, &mut rng).unwrap();
        let mut floats =
            |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-1.0..1.0)).collect() };
        Self {
            values: floats(nnz),
            bias: floats(outputs),
            x: floats(tiles * inputs * width),
            dy: floats(tiles * outputs * width),
            pattern,
            tiles,
            width,
        }
    }

    /// `(k, output, input)` of each connection.
    fn connections(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let inputs = self.pattern.inputs();
        let split = move |(k, p): (usize, u32)| (k, p as usize / inputs, p as usize % inputs);
        self.pattern.positions().enumerate().map(split)
    }

    /// Column `w` of row `row` in tile `t`, of rows like the layer's inputs or outputs.
    fn at(&self, data: &[f32], rows: usize, [t, row, w]: [usize; 3]) -> f64 {
        f64::from(data[(t * rows + row) * self.width + w])
    }

    /// For each element of `[tiles, rows, width]`, in f64: the sum and the sum of absolute values.
    fn dense(&self, rows: usize, mut add: impl FnMut([usize; 3], &mut [f64; 2])) -> Vec<[f64; 2]> {
        let mut all = Vec::new();
        for t in 0..self.tiles {
            for row in 0..rows {
                for w in 0..self.width {
                    let mut sums = [0.0; 2];
                    add([t, row, w], &mut sums);
                    all.push(sums);
                }
            }
        }
        all
    }

    fn forward(&self, relu: bool) -> Vec<[f64; 2]> {
        let (outputs, inputs) = (self.pattern.outputs(), self.pattern.inputs());
        let mut by_row = vec![Vec::new(); outputs];
        for (k, o, i) in self.connections() {
            by_row[o].push((i, f64::from(self.values[k])));
        }
        self.dense(outputs, |[t, o, w], sums| {
            *sums = [f64::from(self.bias[o]), f64::from(self.bias[o].abs())];
            for &(i, value) in &by_row[o] {
                accumulate(sums, value * self.at(&self.x, inputs, [t, i, w]));
            }
            if relu {
                sums[0] = sums[0].max(0.0);
            }
        })
    }

    fn input_gradient(&self) -> Vec<[f64; 2]> {
        let (outputs, inputs) = (self.pattern.outputs(), self.pattern.inputs());
        let mut by_column = vec![Vec::new(); inputs];
        for (k, o, i) in self.connections() {
            by_column[i].push((o, f64::from(self.values[k])));
        }
        self.dense(inputs, |[t, i, w], sums| {
            for &(o, value) in &by_column[i] {
                accumulate(sums, value * self.at(&self.dy, outputs, [t, o, w]));
            }
        })
    }

    fn weight_gradient(&self, o: usize, i: usize) -> [f64; 2] {
        let (outputs, inputs) = (self.pattern.outputs(), self.pattern.inputs());
        let mut sums = [0.0; 2];
        for t in 0..self.tiles {
            for w in 0..self.width {
                let dy = self.at(&self.dy, outputs, [t, o, w]);
                accumulate(&mut sums, dy * self.at(&self.x, inputs, [t, i, w]));
            }
        }
        sums
    }

    fn value_gradient(&self) -> Vec<[f64; 2]> {
        self.connections()
            .map(|(_, o, i)| self.weight_gradient(o, i))
            .collect()
    }

    fn dense_gradient(&self) -> Vec<[f64; 2]> {
        let inputs = self.pattern.inputs();
        let positions = 0..self.pattern.outputs() * inputs;
        positions
            .map(|p| self.weight_gradient(p / inputs, p % inputs))
            .collect()
    }
}

fn accumulate(sums: &mut [f64; 2], term: f64) {
    sums[0] += term;
    sums[1] += term.abs();
}

/// Each found number lies within 1e-5 of the expected, relative to the size of what was summed.
#[track_caller]
fn assert_near(what: &str, found: &[f32], expected: &[[f64; 2]]) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, [sum, size])) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - sum).abs();
        assert!(error <= 1e-5 * size + 1e-30, "{what}[{at}]: {found} {sum}");
    }
}

fn versions() -> impl Iterator<Item = &'static Kernels> {
    Isa::ALL.into_iter().filter_map(Kernels::for_isa)
}

/// Every version against dense arithmetic in f64.
fn check_layer(case: &Case) {
    let Case {
        pattern,
        values,
        x,
        dy,
        width,
        ..
    } = case;
    for relu in [false, true] {
        let expected = case.forward(relu);
        for kernels in versions() {
            let y = AlignedBuf::uninit_filled_by(dy.len(), |y| {
                kernels.spmm(pattern, values, (&case.bias, relu), x, *width, y)
            });
            assert_near("y", y.as_slice(), &expected);
        }
    }
    if let Some(x) = x
        .chunks(pattern.inputs())
        .next()
        .filter(|_| case.tiles == 1)
    {
        check_vector(case, x);
    }
    let (dx_expected, dv_expected) = (case.input_gradient(), case.value_gradient());
    for kernels in versions() {
        let mut dx = vec![f32::NAN; x.len()];
        kernels.spmm_t(pattern, values, dy, *width, &mut dx);
        assert_near("dx", &dx, &dx_expected);
        let mut dv = vec![f32::NAN; values.len()];
        kernels.sddmm(pattern, dy, x, *width, &mut dv);
        assert_near("dv", &dv, &dv_expected);
    }
}

/// The product with a single observation.
fn check_vector(case: &Case, x: &[f32]) {
    let mut sums: Vec<[f64; 2]> = Vec::new();
    sums.extend(
        case.bias
            .iter()
            .map(|b| [f64::from(*b), f64::from(b.abs())]),
    );
    for (k, output, input) in case.connections() {
        let term = f64::from(case.values[k]) * f64::from(x[input]);
        accumulate(&mut sums[output], term);
    }
    for relu in [false, true] {
        if relu {
            sums.iter_mut().for_each(|sum| sum[0] = sum[0].max(0.0));
        }
        for kernels in versions() {
            let y = AlignedBuf::uninit_filled_by(case.bias.len(), |y| {
                kernels.spmv(&case.pattern, &case.values, (&case.bias, relu), x, y)
            });
            assert_near("y", y.as_slice(), &sums);
        }
    }
}

#[test]
fn odd_sizes_agree_with_dense_f64() {
    let sizes = [1, 7, 23, 257];
    for (seed, outputs) in (0..).zip(sizes) {
        for inputs in sizes {
            for (density, tiling) in [(0.0, [1, 16]), (0.3, [2, 32]), (1.0, [1, 64])] {
                // The dense reference is slow: the largest square once, at its own density.
                if outputs * inputs < 60_000 || density == 0.3 {
                    check_layer(&Case::draw((outputs, inputs), density, tiling, seed));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn layers_agree_with_dense_f64(
        outputs in 1..40usize,
        inputs in 1..40usize,
        density in 0.0..=1.0f64,
        tiles in 1..4usize,
        width in prop::sample::select(&[16usize, 32, 64]),
        seed in any::<u64>(),
    ) {
        check_layer(&Case::draw((outputs, inputs), density, [tiles, width], seed));
    }

    #[test]
    fn dense_gradient_agrees_with_dense_f64(
        outputs in 1..20usize,
        inputs in 1..20usize,
        tiles in 1..4usize,
        width in prop::sample::select(&[16usize, 32, 64]),
        seed in any::<u64>(),
    ) {
        let case = Case::draw((outputs, inputs), 0.5, [tiles, width], seed);
        for kernels in versions() {
            let mut out = vec![f32::NAN; outputs * inputs];
            kernels.dense_gradient(&case.dy, &case.x, [outputs, inputs], width, &mut out);
            assert_near("dense gradient", &out, &case.dense_gradient());
        }
    }

    #[test]
    fn relu_and_bias_backward(
        outputs in 1..40usize,
        tiles in 1..4usize,
        width in prop::sample::select(&[16usize, 32, 64]),
        seed in any::<u64>(),
    ) {
        let case = Case::draw((outputs, outputs), 0.5, [tiles, width], seed);
        let (y, dy) = (&case.x, &case.dy);
        let masked: Vec<f32> = y.iter().zip(dy).map(|(y, dy)| if *y > 0.0 { *dy } else { 0.0 }).collect();
        let sums = |dy: &[f32]| {
            let mut sums = vec![[0.0; 2]; outputs];
            for (at, dy) in dy.iter().enumerate() {
                accumulate(&mut sums[at / width % outputs], f64::from(*dy));
            }
            sums
        };
        for kernels in versions() {
            let mut bias = vec![f32::NAN; outputs];
            kernels.bias_gradient(dy, width, &mut bias);
            assert_near("bias", &bias, &sums(dy));
            let mut through = dy.clone();
            kernels.relu_bias_gradient(y, &mut through, width, &mut bias);
            prop_assert_eq!(&through, &masked);
            assert_near("bias", &bias, &sums(&masked));
        }
    }
}

/// Each number's bits; what is not a number is one.
fn bits(numbers: &[f32]) -> Vec<u32> {
    let bits = |x: &f32| if x.is_nan() { f32::NAN } else { *x }.to_bits();
    numbers.iter().map(bits).collect()
}

/// What one version makes of a layer, forward, backward and in the updates.
fn all_kernels(kernels: &Kernels, case: &Case) -> Vec<Vec<u32>> {
    let Case {
        pattern,
        values,
        bias,
        x,
        dy,
        width,
        ..
    } = case;
    let mut results = Vec::new();
    for relu in [false, true] {
        let mut y = vec![f32::NAN; dy.len()];
        kernels.spmm(pattern, values, (bias, relu), x, *width, &mut y);
        results.push(y);
        if let Some(x) = x.chunks_exact(pattern.inputs()).next() {
            let mut y = vec![f32::NAN; bias.len()];
            kernels.spmv(pattern, values, (bias, relu), x, &mut y);
            results.push(y);
        }
    }
    let mut dx = vec![f32::NAN; x.len()];
    kernels.spmm_t(pattern, values, dy, *width, &mut dx);
    let mut dv = vec![f32::NAN; values.len()];
    kernels.sddmm(pattern, dy, x, *width, &mut dv);
    let mut dense = vec![f32::NAN; pattern.outputs() * pattern.inputs()];
    let shape = [pattern.outputs(), pattern.inputs()];
    kernels.dense_gradient(dy, x, shape, *width, &mut dense);
    let mut db = vec![f32::NAN; bias.len()];
    kernels.bias_gradient(dy, *width, &mut db);
    let (mut through, mut db_relu) = (dy.clone(), vec![f32::NAN; bias.len()]);
    kernels.relu_bias_gradient(&results[0], &mut through, *width, &mut db_relu);
    let (mut p, mut m) = (values.clone(), vec![0.25; values.len()]);
    let mut v: Vec<f32> = values.iter().map(|value| value * value).collect();
    let step = AdamStep {
        learning_rate: 3e-4,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 1e-3,
        correction1: 0.1,
        correction2: 0.001,
    };
    kernels.adam(&mut p, &dv, &mut m, &mut v, &step);
    let mut target = values.clone();
    kernels.polyak(&mut target, &p, 0.005);
    results.extend([dx, dv, dense, db, through, db_relu, p, m, v, target]);
    results.iter().map(|numbers| bits(numbers)).collect()
}

/// A run is the same on every CPU.
#[track_caller]
fn assert_same_bits(case: &Case) {
    let expected = all_kernels(&scalar::KERNELS, case);
    for kernels in versions() {
        let found = all_kernels(kernels, case);
        for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found, expected, "{}: result {at}", kernels.isa().name());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn all_versions_have_the_same_bits(
        outputs in 1..70usize,
        inputs in 1..70usize,
        // Sparse enough for empty rows and columns, and for rows of one, two and three.
        density in prop_oneof![0.0..0.1f64, 0.0..=1.0f64],
        tiles in 0..4usize,
        width in prop::sample::select(&[16usize, 32, 64]),
        seed in any::<u64>(),
    ) {
        assert_same_bits(&Case::draw((outputs, inputs), density, [tiles, width], seed));
    }
}

#[test]
fn all_versions_have_the_same_bits_in_blocks_and_threads() {
    for (shape, density) in [
        ((1100, 40), 0.02),
        ((40, 1100), 0.02),
        ((256, 300), 0.2),
        ((300, 1200), 0.05),
    ] {
        assert_same_bits(&Case::draw(shape, density, [5, 64], 13));
    }
}

#[test]
fn all_versions_have_the_same_bits_at_the_edges_of_numbers() {
    let edges = [
        0.0,
        -0.0,
        1e-38,
        -1e-45,
        f32::MIN_POSITIVE,
        1e-20,
        -3e-23,
        1.0,
        -1.0,
        1e19,
        -3e38,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    for (most, seed) in (8..=edges.len()).zip(20..) {
        let mut case = Case::draw((23, 19), 0.3, [2, 32], seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for numbers in [&mut case.values, &mut case.bias, &mut case.x, &mut case.dy] {
            for number in numbers.iter_mut() {
                if rng.random_bool(0.5) {
                    *number = edges[rng.random_range(0..most)];
                }
            }
        }
        assert_same_bits(&case);
    }
}

#[test]
fn slices_may_start_anywhere() {
    let case = Case::draw((23, 17), 0.4, [2, 64], 5);
    let shifted = |data: &[f32]| [&[0.0], data].concat();
    let (x, dy) = (shifted(&case.x), shifted(&case.dy));
    for kernels in versions() {
        let mut y = vec![f32::NAN; dy.len()];
        kernels.spmm(
            &case.pattern,
            &case.values,
            (&case.bias, false),
            &x[1..],
            64,
            &mut y[1..],
        );
        assert_near("y", &y[1..], &case.forward(false));
        let mut dv = vec![f32::NAN; case.values.len() + 1];
        kernels.sddmm(&case.pattern, &dy[1..], &x[1..], 64, &mut dv[1..]);
        assert_near("dv", &dv[1..], &case.value_gradient());
    }
}

#[test]
fn an_empty_batch_has_no_gradient() {
    let pattern = Pattern::full(3, 2);
    for kernels in versions() {
        let dv = AlignedBuf::uninit_filled_by(6, |dv| kernels.sddmm(&pattern, &[], &[], 64, dv));
        assert_eq!(dv.as_slice(), [0.0; 6]);
        let mut out = [f32::NAN; 6];
        kernels.dense_gradient(&[], &[], [3, 2], 64, &mut out);
        assert_eq!(out, [0.0; 6]);
    }
}

#[test]
fn wide_layers_agree_block_by_block() {
    // Three blocks either way, and rows that end in each.
    for shape in [(1100, 40), (40, 1100)] {
        check_layer(&Case::draw(shape, 0.02, [2, 32], 11));
    }
}

#[test]
fn gradients_of_large_layers_are_summed_tile_by_tile() {
    let case = Case::draw((400, 1100), 0.5, [3, 16], 13);
    check_layer(&case);
    let (x_tile, dy_tile) = (1100 * 16, 400 * 16);
    let check = |kernels: &Kernels| {
        let of = |tiles: Range<usize>| {
            let dy = &case.dy[tiles.start * dy_tile..tiles.end * dy_tile];
            let x = &case.x[tiles.start * x_tile..tiles.end * x_tile];
            let mut dv = vec![0.0; case.values.len()];
            kernels.sddmm(&case.pattern, dy, x, 16, &mut dv);
            dv
        };
        let mut expected = of(0..1);
        for tile in 1..3 {
            for (sum, more) in expected.iter_mut().zip(of(tile..tile + 1)) {
                *sum += more;
            }
        }
        assert_eq!(of(0..3), expected);
        expected
    };
    for kernels in versions() {
        in_pools(|| check(kernels));
    }
}

/// Refuses that the number of threads changes it.
fn in_pools<T: PartialEq + Send>(of: impl Fn() -> T + Sync) {
    let results = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(&of)
    });
    assert!(results.iter().all(|other| *other == results[0]));
}

#[test]
fn threads_change_no_bit() {
    let case = Case::draw((300, 1200), 0.05, [8, 64], 12);
    let all = |kernels: &Kernels| {
        let mut y = vec![0.0; case.dy.len()];
        kernels.spmm(
            &case.pattern,
            &case.values,
            (&case.bias, true),
            &case.x,
            64,
            &mut y,
        );
        let mut dx = vec![0.0; case.x.len()];
        kernels.spmm_t(&case.pattern, &case.values, &case.dy, 64, &mut dx);
        let mut dv = vec![0.0; case.values.len()];
        kernels.sddmm(&case.pattern, &case.dy, &case.x, 64, &mut dv);
        [y, dx, dv]
    };
    for kernels in versions() {
        in_pools(|| all(kernels));
    }
}

#[test]
fn each_version_repeats_to_the_bit() {
    let case = Case::draw((64, 64), 0.2, [4, 64], 9);
    for kernels in versions() {
        let run = || {
            let mut dv = vec![0.0; case.values.len()];
            kernels.sddmm(&case.pattern, &case.dy, &case.x, 64, &mut dv);
            dv
        };
        assert_eq!(run(), run());
    }
}

#[test]
fn what_is_not_a_number_is_not_hidden() {
    let pattern = Pattern::full(1, 1);
    for kernels in versions() {
        let mut y = [0.0; 16];
        kernels.spmm(
            &pattern,
            &[1.0],
            (&[0.0], true),
            &[f32::NAN; 16],
            16,
            &mut y[..],
        );
        assert!(y.iter().all(|y| y.is_nan()));
    }
}

#[test]
#[should_panic(expected = "values: 2 floats, expected 1")]
fn wrong_sizes_are_refused() {
    let pattern = Pattern::full(1, 1);
    spmm(
        &pattern,
        &[1.0, 2.0],
        &[0.0],
        true,
        &[0.0; 16],
        16,
        &mut [0.0; 16][..],
    );
}

#[test]
fn adam_follows_f64() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let n = 131;
    let start: Vec<f32> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
    let gradients: Vec<Vec<f32>> = (0..20)
        .map(|_| (0..n).map(|_| rng.random_range(-0.1..0.1)).collect())
        .collect();
    for (kernels, weight_decay) in versions().flat_map(|k| [(k, 0.0), (k, 2e-4)]) {
        let (mut p, mut m, mut v) = (start.clone(), vec![0.0; n], vec![0.0; n]);
        let mut exact: Vec<[f64; 3]> = start.iter().map(|p| [f64::from(*p), 0.0, 0.0]).collect();
        for (t, gradient) in (1..).zip(&gradients) {
            let corrections = [1.0 - 0.9f64.powi(t), 1.0 - 0.999f64.powi(t)];
            let step = AdamStep {
                learning_rate: 1e-2,
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
                weight_decay,
                correction1: corrections[0] as f32,
                correction2: corrections[1] as f32,
            };
            kernels.adam(&mut p, gradient, &mut m, &mut v, &step);
            for ([p, m, v], g) in exact.iter_mut().zip(gradient) {
                let g = f64::from(*g) + f64::from(weight_decay) * *p;
                *m = 0.9 * *m + 0.1 * g;
                *v = 0.999 * *v + 0.001 * g * g;
                *p -= 1e-2 * (*m / corrections[0]) / ((*v / corrections[1]).sqrt() + 1e-8);
            }
        }
        for (p, [exact, ..]) in p.iter().zip(&exact) {
            assert!((f64::from(*p) - exact).abs() < 2e-6, "{p} {exact}");
        }
    }
}

#[test]
fn polyak_moves_by_tau() {
    for kernels in versions() {
        let mut target = vec![1.0; 37];
        kernels.polyak(&mut target, &[3.0; 37], 0.25);
        assert_eq!(target, [1.5; 37]);
    }
}
