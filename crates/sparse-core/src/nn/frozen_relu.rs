//! Which hidden units are active, recorded in one run of a loss and reused in others.
//!
//! A network of ReLUs is smooth except where a unit turns on or off. A difference of gradients at neighbouring weights
//! should be the derivative on the current linear piece, without jumps to others, as double backpropagation gives it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::tensor::Tensor;

use super::activations::Activations;

/// What a hidden layer's activations were multiplied by: 1 where they were above 0, else 0.
enum Gate {
    Columns(Tensor<2>),
    /// And the rows of the batch, of which the last tile may hold fewer than it has room for.
    Tiles(Tensor<3>, usize),
}

#[derive(Default)]
struct Held {
    gates: Vec<Gate>,
    /// The use that comes next.
    next: usize,
    replays: bool,
    mismatched: bool,
}

/// Holds the gates of a network's ReLUs: the first run of a loss records them, later runs reuse them with any weights.
/// Clones share the gates. One handle belongs to one network,
/// [`SparseMlp::freeze_relu`](super::SparseMlp::freeze_relu).
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use sparse_core::nn::{FrozenRelu, SparseLinear, SparseMlp, SparseModule, Storage};
/// use sparse_core::pattern::Pattern;
///
/// let device = Device::flex();
/// let layer = |weight: f32| {
///     SparseLinear::from_parts(Pattern::full(1, 1), vec![weight], vec![0.0], Storage::Csr, &device)
/// };
/// let mut net = SparseMlp::from_layers(vec![layer(1.0)?, layer(1.0)?])?;
/// let gates = FrozenRelu::default();
/// net.freeze_relu(Some(gates.clone()))?;
/// let output = |net: &SparseMlp| net.forward(Tensor::<2>::from_data([[2.0]], &device)).into_scalar::<f32>();
/// assert_eq!(output(&net), 2.0);
///
/// // A ReLU would give 0 for -3 · 2.
/// gates.replay();
/// *net.sparse_layers_mut()[0] = layer(-3.0)?;
/// assert_eq!(output(&net), -6.0);
/// assert!(!gates.mismatched());
/// # Ok::<(), sparse_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct FrozenRelu(Arc<Mutex<Held>>);

impl FrozenRelu {
    /// Starts using the recorded gates from the first one. Call it before each run except the first.
    pub fn replay(&self) {
        let mut held = self.lock();
        held.replays = true;
        held.next = 0;
    }

    /// Whether a run used the network in another way than the first did: more often, or on a batch of another size.
    /// Such a use computes its own gates.
    #[must_use]
    pub fn mismatched(&self) -> bool {
        self.lock().mismatched
    }

    /// Multiplies what comes out of a hidden layer by its gates.
    pub(crate) fn pass(&self, x: Activations) -> Activations {
        let mut held = self.lock();
        match x {
            Activations::Columns(x) => {
                let gate = match held.recorded() {
                    Some(Gate::Columns(gate)) if gate.dims() == x.dims() => gate.clone(),
                    _ => held.record(x.clone(), Gate::Columns),
                };
                Activations::Columns(gated(x, gate))
            }
            Activations::Tiles { tiles, batch } => {
                let gate = match held.recorded() {
                    Some(Gate::Tiles(gate, rows))
                        if gate.dims() == tiles.dims() && *rows == batch =>
                    {
                        gate.clone()
                    }
                    _ => held.record(tiles.clone(), |gate| Gate::Tiles(gate, batch)),
                };
                let tiles = gated(tiles, gate);
                Activations::Tiles { tiles, batch }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The gates of the use that comes next, where they are to be used again.
    fn recorded(&mut self) -> Option<&Gate> {
        if !self.replays {
            return None;
        }
        self.next += 1;
        self.gates.get(self.next - 1)
    }

    /// The gates that a ReLU has, kept unless they come too late.
    fn record<const D: usize>(
        &mut self,
        x: Tensor<D>,
        kind: impl FnOnce(Tensor<D>) -> Gate,
    ) -> Tensor<D> {
        let x = if x.device().is_autodiff() {
            x.inner()
        } else {
            x
        };
        let gate = x.greater_elem(0.0).float();
        if self.replays {
            self.mismatched = true;
        } else {
            self.gates.push(kind(gate.clone()));
        }
        gate
    }
}

/// `x · gate`, the gate being a constant.
fn gated<const D: usize>(x: Tensor<D>, gate: Tensor<D>) -> Tensor<D> {
    if x.device().is_autodiff() {
        return x * Tensor::from_inner(gate);
    }
    x * gate
}

impl fmt::Debug for FrozenRelu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrozenRelu of {} uses", self.lock().gates.len())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::nn::{SparseMlp, SparseMlpConfig, SparseModule, Storage};
    use crate::op::to_vec;

    fn input(rows: usize) -> Tensor<2> {
        let data: Vec<f32> = (0..rows * 3).map(|i| (i as f32 * 1.7).sin()).collect();
        Tensor::from_data(TensorData::new(data, [rows, 3]), &Device::flex())
    }

    fn net(storage: Storage, sparsity: f64) -> SparseMlp {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let config = SparseMlpConfig::new(vec![3, 20, 10, 2]).with_sparsity(sparsity);
        let config = config.with_storage(storage);
        config.try_init(&Device::flex(), &mut rng).unwrap()
    }

    fn output(net: &SparseMlp, rows: usize) -> Vec<f32> {
        to_vec(net.forward(input(rows)).reshape([-1]))
    }

    /// Gradient of the sum of squared outputs at the values of the first layer.
    fn gradient(net: &SparseMlp) -> Vec<f32> {
        let net = burn::module::Module::train(net.clone());
        let loss = net.forward(Tensor::from_inner(input(5))).square().sum();
        let mut gradients = loss.backward();
        let values = net.sparse_layers()[0].values();
        to_vec(values.grad_remove(&mut gradients).unwrap())
    }

    #[test]
    fn recording_and_replaying_at_the_same_weights_change_nothing() {
        for (storage, sparsity) in [
            (Storage::Csr, 0.5),
            (Storage::Masked, 0.5),
            (Storage::Masked, 0.0),
        ] {
            let mut net = net(storage, sparsity);
            let (plain, slope) = (output(&net, 5), gradient(&net));
            let gates = FrozenRelu::default();
            net.freeze_relu(Some(gates.clone())).unwrap();
            assert_eq!(gradient(&net), slope, "{storage:?}");
            for _ in 0..2 {
                gates.replay();
                assert_eq!(output(&net, 5), plain, "{storage:?}");
            }
            assert!(!gates.mismatched());
            assert_eq!(format!("{gates:?}"), "FrozenRelu of 2 uses");
        }
    }

    #[test]
    fn held_gates_make_the_network_linear_in_each_layer() {
        for storage in [Storage::Csr, Storage::Masked] {
            let mut net = net(storage, 0.3);
            let gates = FrozenRelu::default();
            net.freeze_relu(Some(gates.clone())).unwrap();
            let without_bias = |factor: f32| {
                let mut net = net.clone();
                for layer in net.sparse_layers_mut() {
                    let values = to_vec(layer.values() * factor);
                    let (pattern, bias) = (
                        layer.pattern().clone(),
                        vec![0.0; layer.pattern().outputs()],
                    );
                    let device = Device::flex();
                    *layer = crate::nn::SparseLinear::from_parts(
                        pattern, values, bias, storage, &device,
                    )
                    .unwrap();
                }
                output(&net, 5)
            };
            let once = without_bias(1.0);
            gates.replay();
            // Three layers, each with the other sign: ReLUs would let others through.
            let negated = without_bias(-1.0);
            for (a, b) in once.iter().zip(negated) {
                assert!((a + b).abs() < 1e-6, "{a} {b}");
            }
        }
    }

    #[test]
    fn another_activation_is_what_it_is() {
        let mut net = net(Storage::Csr, 0.3);
        let expected = output(&net.clone().with_activation(crate::nn::Activation::Tanh), 5);
        net.freeze_relu(Some(FrozenRelu::default())).unwrap();
        assert_eq!(
            output(&net.with_activation(crate::nn::Activation::Tanh), 5),
            expected
        );
    }

    #[test]
    fn another_use_than_the_recorded_one_is_told() {
        let mut net = net(Storage::Csr, 0.3);
        let plain = output(&net, 6);
        let gates = FrozenRelu::default();
        net.freeze_relu(Some(gates.clone())).unwrap();
        output(&net, 5);
        gates.replay();
        assert_eq!(output(&net, 6), plain);
        assert!(gates.mismatched());
        let gates = FrozenRelu::default();
        net.freeze_relu(Some(gates.clone())).unwrap();
        output(&net, 5);
        gates.replay();
        output(&net, 5);
        assert!(!gates.mismatched());
        output(&net, 5);
        assert!(gates.mismatched());
    }
}
