use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::parts::worth_a_thread;
use super::pass::{PassLayer, backward_pass, forward_pass, suits};
use super::{AlignedBuf, Isa, Kernels};
use crate::pattern::Pattern;

/// A network, a batch and the gradient at its outputs, drawn from one seed.
struct Case {
    layers: Vec<(Pattern, Vec<f32>, Vec<f32>, bool)>,
    x: Vec<f32>,
    dy: Vec<f32>,
    tiles: usize,
    width: usize,
}

/// What its layers give one by one.
struct Expected {
    ys: Vec<Vec<f32>>,
    parameters: Vec<[Vec<f32>; 2]>,
    dx: Vec<f32>,
}

impl Case {
    fn draw(sizes: &[usize], density: f64, [tiles, width]: [usize; 2], seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let layers = sizes.windows(2).enumerate().map(|(index, sides)| {
            let all = sides[0] * sides[1];
            let nnz = ((density * all as f64) as usize).clamp(1, all);
            let pattern = Pattern::random(sides[1], sides[0], nnz, &mut rng).unwrap();
            let mut floats = |n: usize| (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
            (
                pattern,
                floats(nnz),
                floats(sides[1]),
                index + 2 < sizes.len() || seed.is_multiple_of(2),
            )
        });
        let layers = layers.collect();
        let mut floats = |rows: usize| -> Vec<f32> {
            let all = 0..tiles * rows * width;
            all.map(|_| rng.random_range(-1.0..1.0)).collect()
        };
        Self {
            x: floats(sizes[0]),
            dy: floats(sizes[sizes.len() - 1]),
            layers,
            tiles,
            width,
        }
    }

    fn layers(&self) -> Vec<PassLayer<'_>> {
        let layers = self.layers.iter();
        layers
            .map(|(pattern, values, bias, relu)| PassLayer {
                pattern,
                values,
                bias,
                relu: *relu,
            })
            .collect()
    }

    /// The same by the kernels of one layer.
    fn by_layer(&self, kernels: &Kernels) -> Expected {
        let width = self.width;
        let size = |rows: usize| vec![f32::NAN; self.tiles * rows * width];
        let mut ys: Vec<Vec<f32>> = Vec::new();
        for PassLayer {
            pattern,
            values,
            bias,
            relu,
        } in self.layers()
        {
            let mut y = size(pattern.outputs());
            let x = ys.last().unwrap_or(&self.x);
            kernels.spmm(pattern, values, (bias, relu), x, width, &mut y);
            ys.push(y);
        }
        let (mut dy, mut parameters) = (self.dy.clone(), Vec::new());
        for (
            index,
            PassLayer {
                pattern,
                values,
                relu,
                ..
            },
        ) in self.layers().iter().enumerate().rev()
        {
            let mut bias = vec![f32::NAN; pattern.outputs()];
            match relu {
                true => kernels.relu_bias_gradient(&ys[index], &mut dy, width, &mut bias),
                false => kernels.bias_gradient(&dy, width, &mut bias),
            }
            let x = if index == 0 { &self.x } else { &ys[index - 1] };
            let mut gradient = vec![f32::NAN; pattern.nnz()];
            kernels.sddmm(pattern, &dy, x, width, &mut gradient);
            parameters.insert(0, [gradient, bias]);
            let mut dx = size(pattern.inputs());
            kernels.spmm_t(pattern, values, &dy, width, &mut dx);
            dy = dx;
        }
        Expected {
            ys,
            parameters,
            dx: dy,
        }
    }

    /// Holds a pass to it, bit for bit.
    fn check(&self, kernels: &Kernels) {
        let Expected { ys, parameters, dx } = self.by_layer(kernels);
        let (layers, width) = (self.layers(), self.width);
        let bits = |floats: &[f32]| -> Vec<u32> { floats.iter().map(|f| f.to_bits()).collect() };
        let all = kernels.forward_pass(&layers, &self.x, width, true);
        assert_eq!(all.len(), ys.len());
        for (found, expected) in all.iter().zip(&ys) {
            assert_eq!(bits(found.as_slice()), bits(expected));
        }
        let last = kernels.forward_pass(&layers, &self.x, width, false);
        assert_eq!(last.len(), 1);
        assert_eq!(bits(last[0].as_slice()), bits(&ys[ys.len() - 1]));

        let ys: Vec<&[f32]> = ys.iter().map(Vec::as_slice).collect();
        for (x, to_input) in [(true, true), (true, false), (false, true)] {
            let x = x.then_some(self.x.as_slice());
            let found =
                kernels.backward_pass(&layers, (x, &ys), &mut self.dy.clone(), width, to_input);
            assert_eq!(found.parameters.len(), x.map_or(0, |_| layers.len()));
            for (found, expected) in found.parameters.iter().zip(&parameters) {
                for (found, expected) in found.iter().zip(expected) {
                    assert_eq!(bits(found.as_slice()), bits(expected));
                }
            }
            let input = found.input.map(|input| bits(input.as_slice()));
            assert_eq!(input, to_input.then(|| bits(&dx)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_pass_has_the_bits_of_its_layers(
        sizes in prop::collection::vec(1..200usize, 2..5),
        density in 0.01..1.0f64,
        tiles in 1..4usize,
        width in prop::sample::select(&[16usize, 32, 64]),
        seed in any::<u64>(),
    ) {
        let case = Case::draw(&sizes, density, [tiles, width], seed);
        for kernels in Isa::ALL.into_iter().filter_map(Kernels::for_isa) {
            case.check(kernels);
        }
    }
}

/// Enough for two threads.
#[test]
fn a_pass_in_halves_has_the_bits_of_its_layers() {
    let case = Case::draw(&[23, 256, 256, 1], 0.3, [5, 64], 3);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    pool.unwrap().install(|| {
        assert!(worth_a_thread(
            case.layers.iter().map(|layer| layer.0.nnz()).sum::<usize>() * 5 * 64
        ));
        case.check(Kernels::best());
    });
}

#[test]
fn an_empty_batch_has_zero_gradients() {
    let case = Case::draw(&[3, 4, 2], 1.0, [0, 64], 0);
    let (layers, ys) = (case.layers(), [&[][..]; 2]);
    let kept = forward_pass(&layers, &[], 64, true);
    assert!(kept.iter().all(AlignedBuf::is_empty));
    let gradients = backward_pass(&layers, (Some(&[]), &ys), &mut [], 64, true);
    let sizes: Vec<[usize; 2]> = gradients
        .parameters
        .iter()
        .map(|p| p.each_ref().map(AlignedBuf::len))
        .collect();
    assert_eq!(sizes, [[12, 4], [8, 2]]);
    let mut floats = gradients
        .parameters
        .iter()
        .flatten()
        .flat_map(AlignedBuf::as_slice);
    assert!(floats.all(|float| *float == 0.0));
    assert!(gradients.input.is_some_and(|input| input.is_empty()));
}

#[test]
fn wide_layers_go_one_by_one() {
    let pattern = |outputs, inputs, nnz| {
        let positions: Vec<u32> = (0..nnz).collect();
        Pattern::from_positions(outputs, inputs, &positions).unwrap()
    };
    let (small, wide, heavy) = (
        pattern(256, 256, 9_000),
        pattern(513, 4, 9),
        pattern(256, 256, 40_000),
    );
    assert!(suits([&small, &small], 256));
    assert!(!suits([&small, &wide], 256));
    assert!(!suits([&heavy], 256));
    assert!(suits([&heavy], 64));
}

#[test]
#[should_panic(expected = "inputs: 5 floats, expected 4")]
fn layers_that_do_not_fit_are_refused() {
    let mut case = Case::draw(&[3, 4, 2], 1.0, [1, 16], 0);
    case.layers[1] = Case::draw(&[5, 2], 1.0, [1, 16], 0).layers.remove(0);
    let _ = forward_pass(&case.layers(), &case.x, 16, true);
}

#[test]
#[should_panic(expected = "inputs: 5 floats, expected 4")]
fn a_backward_pass_of_them_is_refused_too() {
    let mut case = Case::draw(&[3, 4, 2], 1.0, [1, 16], 0);
    case.layers[1] = Case::draw(&[5, 2], 1.0, [1, 16], 0).layers.remove(0);
    let ys = [vec![0.0; 4 * 16], vec![0.0; 2 * 16]];
    let ys = ys.each_ref().map(Vec::as_slice);
    let _ = backward_pass(&case.layers(), (None, &ys), &mut case.dy.clone(), 16, true);
}
