//! All layers of a network in one launch forward and two backward: the small operations of a small network cost a GPU less
//! than their launches.
//!
//! A batch is a block `[features, width]`, a column for each row of the batch. A cube goes through all layers with some
//! columns, so that its units wait for each other between layers and no other cube does.

use std::sync::{Arc, OnceLock};

use burn_cubecl::CubeDevice;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::index::{Array, rows_of};
use super::packed::{Packed, places};
use super::{Flat, line};
use crate::pattern::{Pattern, WeakPattern};

/// Columns of a cube, and its units for each.
const COLUMNS: usize = 16;
const ROWS: usize = 16;

/// Units that share the sum over a parameter's columns, and parameters of a cube.
const LANES: usize = 16;
const PARAMETERS: usize = 128;

/// Terms of a row's sum that are fetched together, so that their reads overlap.
const AHEAD: u32 = 4;

/// What the index array has of each layer, and where: sizes, beginnings of its arrays there, of its parameters, and how many
/// rows the layers before it give.
const HEAD: u32 = 10;
const OUTPUTS: u32 = 0;
const INPUTS: u32 = 1;
const ROW_PTR: u32 = 2;
const COL_IDX: u32 = 3;
const T_PTR: u32 = 4;
const T_IDX: u32 = 5;
const T_POS: u32 = 6;
const VALUES: u32 = 7;
const BIAS: u32 = 8;
const BEFORE: u32 = 9;

/// No row: of a number that is no parameter, and of what a bias is multiplied with.
const NONE: u32 = u32::MAX;

/// Layers: their index arrays, each with its [head](HEAD), and their values and biases.
#[derive(CubeType, CubeLaunch)]
struct Layers {
    index: Box<[u32]>,
    parameters: Box<[f32]>,
}

/// Columns, and rows of a network's inputs and of all hidden layers' outputs.
#[derive(CubeType, CubeLaunch)]
struct Sides {
    width: u32,
    inputs: u32,
    hidden: u32,
}

/// What a network reads and its layers give, and the slopes by them: `dys` of the hidden layers, `slopes` of the last.
#[derive(CubeType, CubeLaunch)]
struct Passed {
    x: Box<[f32]>,
    ys: Box<[f32]>,
    dys: Box<[f32]>,
    slopes: Box<[f32]>,
}

/// The rows of each parameter in the index array: of its slopes, and as many further on of what it is multiplied with.
#[derive(CubeType, CubeLaunch)]
struct Pairs {
    index: Box<[u32]>,
    start: u32,
    count: u32,
}

/// The outputs of each layer, ReLU but for the last, into `ys` `[all outputs, width]`.
#[cube(launch_unchecked)]
fn forward(network: &Layers, x: &[f32], ys: &mut [f32], width: u32, #[comptime] layers: u32) {
    let column = CUBE_POS as u32 * CUBE_DIM_X + UNIT_POS_X;
    #[unroll]
    for layer in 0..layers {
        let head = layer * HEAD;
        let outputs = network.index[(head + OUTPUTS) as usize];
        let to = network.index[(head + BEFORE) as usize];
        let from = to - network.index[(head + INPUTS) as usize];
        let mut row = UNIT_POS_Y;
        while row < outputs && column < width {
            let start = network.index[(head + ROW_PTR) as usize] + row;
            let mut k = network.index[start as usize];
            let end = network.index[(start + 1u32) as usize];
            let columns = network.index[(head + COL_IDX) as usize];
            let values = network.index[(head + VALUES) as usize];
            let mut sum = 0.0f32;
            while k + AHEAD <= end {
                #[unroll]
                for ahead in 0..AHEAD {
                    let at = k + ahead;
                    let input = network.index[(columns + at) as usize];
                    let number = if layer == 0u32 {
                        x[(input * width + column) as usize]
                    } else {
                        ys[((from + input) * width + column) as usize]
                    };
                    sum += network.parameters[(values + at) as usize] * number;
                }
                k += AHEAD;
            }
            while k < end {
                let input = network.index[(columns + k) as usize];
                let number = if layer == 0u32 {
                    x[(input * width + column) as usize]
                } else {
                    ys[((from + input) * width + column) as usize]
                };
                sum += network.parameters[(values + k) as usize] * number;
                k += 1u32;
            }
            sum += network.parameters[(network.index[(head + BIAS) as usize] + row) as usize];
            // Not a maximum, which would hide NaN.
            let hidden = layer + 1u32 < layers;
            ys[((to + row) * width + column) as usize] =
                select(hidden && sum < 0.0f32, 0.0f32, sum);
            row += CUBE_DIM_Y;
        }
        // The units of a cube wait here, too.
        sync_storage();
    }
}

/// The slopes by what comes before each hidden layer's ReLU, `[hidden outputs, width]` in `dys`, from `slopes`, those by the
/// outputs; behind them those by the inputs, where they are wanted: `steps` is then the number of layers, else one less.
#[cube(launch_unchecked)]
fn backward(
    network: &Layers,
    ys: &[f32],
    slopes: &[f32],
    dys: &mut [f32],
    sides: &Sides,
    #[comptime] layers: u32,
    #[comptime] steps: u32,
) {
    let column = CUBE_POS as u32 * CUBE_DIM_X + UNIT_POS_X;
    let width = sides.width;
    #[unroll]
    for step in 0..steps {
        let layer = layers - 1u32 - step;
        let head = layer * HEAD;
        let inputs = network.index[(head + INPUTS) as usize];
        let from = network.index[(head + BEFORE) as usize];
        // Where the inputs' own slopes go: the first layer's behind all others.
        let to = if layer == 0u32 {
            sides.hidden
        } else {
            from - inputs
        };
        let mut row = UNIT_POS_Y;
        while row < inputs && column < width {
            let start = network.index[(head + T_PTR) as usize] + row;
            let mut k = network.index[start as usize];
            let end = network.index[(start + 1u32) as usize];
            let rows = network.index[(head + T_IDX) as usize];
            let positions = network.index[(head + T_POS) as usize];
            let values = network.index[(head + VALUES) as usize];
            let mut sum = 0.0f32;
            while k < end {
                let output = network.index[(rows + k) as usize];
                let value =
                    network.parameters[(values + network.index[(positions + k) as usize]) as usize];
                let slope = if step == 0u32 {
                    slopes[(output * width + column) as usize]
                } else {
                    dys[((from + output) * width + column) as usize]
                };
                sum += value * slope;
                k += 1u32;
            }
            let at = ((to + row) * width + column) as usize;
            if layer == 0u32 {
                dys[at] = sum;
            } else {
                dys[at] = select(ys[at] > 0.0f32, sum, 0.0f32);
            }
            row += CUBE_DIM_Y;
        }
        // The units of a cube wait here, too.
        sync_storage();
    }
}

/// The slope by each parameter: the sum over columns of a row of slopes times a row of inputs, or of ones. `squares` are
/// the sums of their squares, cube by cube.
///
/// `lanes` units share a parameter's sum, and do as many parameters one after the other. Then each adds up the shares of one.
#[cube(launch_unchecked)]
fn gradients(
    pairs: &Pairs,
    passed: &Passed,
    gradients: &mut [f32],
    squares: &mut [f32],
    sides: &Sides,
    #[comptime] lanes: u32,
    #[comptime] units: u32,
) {
    let lane = UNIT_POS_X;
    let group = UNIT_POS_Y;
    let first = CUBE_POS as u32 * units + group * lanes;
    let width = sides.width;
    // One more than `lanes` apart, so that units reading down a column meet different banks.
    let pitch = comptime!(lanes + 1);
    let mut shares = Shared::<[f32]>::new_slice(comptime!(units * (lanes + 1)) as usize);
    for slot in 0..lanes {
        let parameter = first + slot;
        let mut sum = 0.0f32;
        if parameter < pairs.count {
            let dy = pairs.index[(pairs.start + parameter) as usize];
            let input = pairs.index[(pairs.start + pairs.count + parameter) as usize];
            if dy != NONE {
                let mut column = lane;
                while column < width {
                    let slope = if dy < sides.hidden {
                        passed.dys[(dy * width + column) as usize]
                    } else {
                        passed.slopes[((dy - sides.hidden) * width + column) as usize]
                    };
                    let mut number = 1.0f32;
                    if input < sides.inputs {
                        number = passed.x[(input * width + column) as usize];
                    } else if input != NONE {
                        number = passed.ys[((input - sides.inputs) * width + column) as usize];
                    }
                    sum += slope * number;
                    column += lanes;
                }
            }
        }
        shares[((group * lanes + slot) * pitch + lane) as usize] = sum;
    }
    sync_cube();
    let mut sum = 0.0f32;
    for share in 0..lanes {
        sum += shares[((group * lanes + lane) * pitch + share) as usize];
    }
    if first + lane < pairs.count {
        gradients[(first + lane) as usize] = sum;
    }
    let mut all = Shared::<[f32]>::new_slice(units as usize);
    all[UNIT_POS as usize] = sum * sum;
    sync_cube();
    if UNIT_POS == 0 && CUBE_POS < squares.len() {
        let mut sum = 0.0f32;
        for unit in 0..units {
            sum += all[unit as usize];
        }
        squares[CUBE_POS] = sum;
    }
}

/// The index arrays of a network's layers in one, in a GPU's memory.
struct NetworkIndex {
    device: CubeDevice,
    patterns: Vec<WeakPattern>,
    array: Array,
    /// Where the rows of each parameter begin, and how many parameters there are with what is between them.
    pairs: usize,
    count: usize,
}

impl NetworkIndex {
    /// Copied there once, and kept as long as the patterns are.
    fn on(patterns: &[&Pattern], device: &CubeDevice) -> Arc<Self> {
        let uploads = patterns[0].uploads();
        uploads.forget(|index: &Self| !index.patterns.iter().all(WeakPattern::is_alive));
        let is_there = |index: &Self| {
            let mut pairs = index.patterns.iter().zip(patterns);
            index.device == *device
                && index.patterns.len() == patterns.len()
                && pairs.all(|(weak, pattern)| weak.is_of(pattern))
        };
        uploads.find_or_insert(is_there, || Self::new(patterns, device))
    }

    fn new(patterns: &[&Pattern], device: &CubeDevice) -> Self {
        let layers = patterns.len();
        let mut array = vec![0; layers * HEAD as usize];
        let starts = places(&lengths_of(patterns)).0;
        let mut before = 0;
        for (layer, pattern) in patterns.iter().enumerate() {
            let mut head = [0; HEAD as usize];
            let mut set = |at: u32, number: usize| head[at as usize] = number as u32;
            set(OUTPUTS, pattern.outputs());
            set(INPUTS, pattern.inputs());
            set(VALUES, starts[2 * layer]);
            set(BIAS, starts[2 * layer + 1]);
            set(BEFORE, before);
            for (at, part) in [
                (ROW_PTR, pattern.row_ptr()),
                (COL_IDX, pattern.col_idx()),
                (T_PTR, pattern.t_ptr()),
                (T_IDX, pattern.t_idx()),
                (T_POS, pattern.t_pos()),
            ] {
                set(at, array.len());
                array.extend_from_slice(part);
            }
            array[layer * HEAD as usize..][..HEAD as usize].copy_from_slice(&head);
            before += pattern.outputs();
        }
        let pairs = array.len();
        let [rows, inputs] = pairs_of(patterns);
        let count = rows.len();
        array.extend(rows);
        array.extend(inputs);
        Self {
            device: device.clone(),
            patterns: patterns.iter().map(|pattern| pattern.downgrade()).collect(),
            array: Array::new(&array, &device.client()),
            pairs,
            count,
        }
    }
}

/// Lengths of the parameters: of each layer its values, then its bias.
fn lengths_of(patterns: &[&Pattern]) -> Vec<usize> {
    let each = patterns.iter();
    each.flat_map(|pattern| [pattern.nnz(), pattern.outputs()])
        .collect()
}

/// Of each parameter, as they are packed, the row of the slopes by it, of all layers' outputs, and the row of what it is
/// multiplied with, of the inputs and all layers' outputs after them.
fn pairs_of(patterns: &[&Pattern]) -> [Vec<u32>; 2] {
    let (starts, total) = places(&lengths_of(patterns));
    let [mut rows, mut inputs] = [vec![NONE; total], vec![NONE; total]];
    let (mut before, mut read) = (0, 0);
    for (layer, pattern) in patterns.iter().enumerate() {
        let (values, bias) = (starts[2 * layer], starts[2 * layer + 1]);
        let connections = rows_of(pattern).into_iter().zip(pattern.col_idx());
        for (k, (row, column)) in connections.enumerate() {
            rows[values + k] = before + row;
            inputs[values + k] = read + column;
        }
        for row in 0..pattern.outputs() {
            rows[bias + row] = before + row as u32;
        }
        read += pattern.inputs() as u32;
        before += pattern.outputs() as u32;
    }
    [rows, inputs]
}

/// A network of sparse layers with ReLU between them, whose parameters lie in one buffer on a GPU.
pub(crate) struct CubeNetwork {
    index: Arc<NetworkIndex>,
    parameters: Packed,
    layers: usize,
    inputs: usize,
    /// Rows that the hidden layers give, and the last.
    hidden: usize,
    outputs: usize,
}

impl CubeNetwork {
    /// Of the layers' patterns, and their values and biases in turns; `None` where these do not lie in one buffer.
    ///
    /// # Panics
    /// When a size does not fit.
    pub(crate) fn of(patterns: &[&Pattern], parameters: &[CubeTensor]) -> Option<Self> {
        let parameters = Packed::of(parameters)?;
        let lengths = lengths_of(patterns);
        assert!(parameters.has(&lengths), "parameters of a network");
        let outputs = patterns.last()?.outputs();
        let all: usize = patterns.iter().map(|pattern| pattern.outputs()).sum();
        Some(Self {
            index: NetworkIndex::on(patterns, &parameters.all.0.device),
            parameters,
            layers: patterns.len(),
            inputs: patterns[0].inputs(),
            hidden: all - outputs,
            outputs,
        })
    }

    /// Forward over a block `[inputs, width]`.
    ///
    /// # Panics
    /// When the block has another size, or no columns.
    pub(crate) fn forward(&self, block: &[f32], width: usize) -> CubePass<'_> {
        assert_eq!(block.len(), width * self.inputs, "numbers of a block");
        assert!(width > 0, "a block without columns");
        let beside = &self.parameters.all;
        let x = beside.uploaded(block, [block.len()]);
        let ys = beside.beside([(self.hidden + self.outputs) * width]);
        // SAFETY: the patterns' rows and columns are below their layers' sizes, by which `x` and `ys` have their rows; columns
        // past the last are left out by the kernel.
        unsafe {
            forward::launch_unchecked(
                &beside.0.client,
                grid(width),
                CubeDim::new_2d(COLUMNS as u32, ROWS as u32),
                LayersLaunch::new(self.index.array.arg(), beside.arg(1)),
                x.arg(1),
                ys.arg(1),
                width as u32,
                self.layers as u32,
            );
        }
        CubePass {
            network: self,
            x,
            ys,
            width,
            outputs: OnceLock::new(),
        }
    }
}

/// A forward pass, to go back from.
pub(crate) struct CubePass<'a> {
    network: &'a CubeNetwork,
    x: Flat,
    ys: Flat,
    width: usize,
    outputs: OnceLock<Vec<f32>>,
}

/// The slopes of a number by a network's parameters.
pub(crate) struct CubeGradients {
    /// Of each layer its values, then its bias; in one buffer.
    pub(crate) parameters: Vec<CubeTensor>,
    /// The sum of their squares.
    pub(crate) squares: f64,
}

impl CubePass<'_> {
    /// What the network gives, `[outputs, width]`.
    pub(crate) fn outputs(&self) -> &[f32] {
        let CubeNetwork {
            hidden, outputs, ..
        } = self.network;
        let last = || {
            self.ys
                .part(hidden * self.width, [outputs * self.width])
                .to_host()
        };
        self.outputs.get_or_init(last)
    }

    /// The slopes by the inputs, `[inputs, width]`, from those by the outputs, `[outputs, width]`.
    ///
    /// # Panics
    /// When there are more or fewer slopes than outputs.
    pub(crate) fn input_slopes(&self, slopes: &[f32]) -> Vec<f32> {
        let CubeNetwork { hidden, inputs, .. } = self.network;
        let slopes = self.upload(slopes);
        let dys = self.backward(&slopes, true);
        dys.part(hidden * self.width, [inputs * self.width])
            .to_host()
    }

    /// The slopes by the parameters from those by the outputs, `[outputs, width]`.
    ///
    /// # Panics
    /// When there are more or fewer slopes than outputs.
    pub(crate) fn gradients(&self, slopes: &[f32]) -> CubeGradients {
        let (network, index) = (self.network, &self.network.index);
        let slopes = self.upload(slopes);
        let dys = self.backward(&slopes, false);
        let sums = network.parameters.alike();
        let cubes = index.count.div_ceil(PARAMETERS);
        let squares = slopes.beside([cubes]);
        // SAFETY: the rows of each parameter are below those of the inputs and of all layers; parameters past the last are
        // left out by the kernel.
        unsafe {
            gradients::launch_unchecked(
                &slopes.0.client,
                line(cubes),
                CubeDim::new_2d(LANES as u32, (PARAMETERS / LANES) as u32),
                PairsLaunch::new(index.array.arg(), index.pairs as u32, index.count as u32),
                PassedLaunch::new(self.x.arg(1), self.ys.arg(1), dys.arg(1), slopes.arg(1)),
                sums.all.arg(1),
                squares.arg(1),
                self.sides(),
                LANES as u32,
                PARAMETERS as u32,
            );
        }
        CubeGradients {
            parameters: sums.vectors(),
            squares: squares.to_host().into_iter().map(f64::from).sum(),
        }
    }

    fn sides(&self) -> SidesLaunch {
        SidesLaunch::new(
            self.width as u32,
            self.network.inputs as u32,
            self.network.hidden as u32,
        )
    }

    fn upload(&self, slopes: &[f32]) -> Flat {
        let expected = self.network.outputs * self.width;
        assert_eq!(slopes.len(), expected, "slopes by the outputs");
        self.ys.uploaded(slopes, [slopes.len()])
    }

    /// The slopes by what comes before each ReLU, and after them those by the inputs, where they are wanted.
    fn backward(&self, slopes: &Flat, to_input: bool) -> Flat {
        let network = self.network;
        let rows = network.hidden + if to_input { network.inputs } else { 0 };
        let steps = network.layers - usize::from(!to_input);
        // GPUs have no empty buffers.
        let dys = slopes.beside([(rows * self.width).max(1)]);
        if steps == 0 {
            return dys;
        }
        let parameters = &network.parameters.all;
        // SAFETY: as in `forward`.
        unsafe {
            backward::launch_unchecked(
                &slopes.0.client,
                grid(self.width),
                CubeDim::new_2d(COLUMNS as u32, ROWS as u32),
                LayersLaunch::new(network.index.array.arg(), parameters.arg(1)),
                self.ys.arg(1),
                slopes.arg(1),
                dys.arg(1),
                self.sides(),
                network.layers as u32,
                steps as u32,
            );
        }
        dys
    }
}

/// A cube for each few columns.
fn grid(width: usize) -> CubeCount {
    line(width.div_ceil(COLUMNS))
}
