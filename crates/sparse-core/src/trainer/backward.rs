//! The backward pass: a loss and its gradients.

use burn::module::{Flag, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::Loss;
use crate::nn::{Activity, GradBinding, SparseLinear, SparseModule, frozen};
use crate::op::{GradSink, read};
use crate::optim::LayerGradient;
use crate::topology::{Signal, Trace};
use crate::{Error, Result};

/// A loss, its gradients at every layer, and the activity of hidden units.
pub(super) struct Backward {
    pub(super) loss: f32,
    pub(super) layers: Vec<LayerGradient>,
    pub(super) activity: Activity,
    /// The sum of the gradients' squares, where it is known already.
    pub(super) squares: Option<f64>,
}

/// The result of a forward pass, with its network under autodiff.
pub(super) struct Forward<N, M> {
    net: N,
    trace: Trace,
    made: M,
}

impl<N: SparseModule, M> Forward<N, M> {
    /// Lets `make` use the network under autodiff, collecting what `signal` asks for. `taped` is what
    /// [`is_taped`] says of the network.
    pub(super) fn of(net: &N, signal: Signal, taped: bool, make: impl FnOnce(&N) -> M) -> Self {
        let mut net = net.clone();
        if taped {
            let sink = GradSink::default();
            for (index, layer) in net.sparse_layers_mut().into_iter().enumerate() {
                layer.bind(Some(GradBinding::new(sink.clone(), index)));
            }
        } else {
            net = net.train();
        }
        let trace = Trace::of(&mut net, signal, 0);
        let made = make(&net);
        Self { net, trace, made }
    }

    /// What was made.
    pub(super) fn made(&self) -> &M {
        &self.made
    }

    /// Runs the backward pass of `share` of a loss of what was made; gives what is beside the loss, too. A layer that the
    /// loss does not reach has zeros.
    ///
    /// # Errors
    /// [`Error::Shape`] when the loss is not one number, [`Error::Config`] when it depends on nothing that is
    /// differentiated.
    pub(super) fn backward<L: Loss>(
        self,
        share: f32,
        loss: impl FnOnce(M) -> L,
    ) -> Result<(Backward, L::Aux)> {
        let (loss, aux) = loss(self.made).into_parts();
        let loss = if share == 1.0 { loss } else { loss * share };
        Error::check_size("loss", loss.shape().num_elements(), 1)?;
        if !loss.is_tracked() {
            let allowed = "computed from what the network gives under autodiff";
            return Err(Error::config("loss", "a constant", allowed));
        }
        // What backward passes within the loss have left is not this one's.
        for layer in self.net.sparse_layers() {
            layer.binding().inspect(|binding| binding.clear());
        }
        self.trace.clear();
        let mut gradients = loss.backward();
        let mut take = |layer: &SparseLinear| match layer.binding() {
            Some(binding) => {
                binding.gradients(layer.parameters(), layer.vector_numbers(), &mut gradients)
            }
            None => layer.parameters().map(|leaf| {
                leaf.grad_remove(&mut gradients)
                    .unwrap_or_else(|| leaf.inner().zeros_like())
            }),
        };
        let layers = self.net.sparse_layers().into_iter().enumerate();
        let backward = Backward {
            layers: layers
                .map(|(index, layer)| LayerGradient {
                    parameters: take(layer),
                    dense: self.trace.dense_gradient(index, layer.pattern()),
                })
                .collect(),
            loss: loss.into_scalar::<f32>(),
            activity: self.trace.activity(),
            squares: None,
        };
        Ok((backward, aux))
    }
}

/// Whether a network has nothing but its sparse layers to be differentiated, and nothing that autodiff turns on or off:
/// then their parameters need not be leaves.
pub(super) fn is_taped<N: SparseModule>(net: &N) -> bool {
    let mut flags = Flags(0);
    net.visit(&mut flags);
    let layers = net.sparse_layers().into_iter();
    let vectors = layers.flat_map(SparseLinear::vectors);
    let count = vectors.map(|vector| vector.dims()[0]).sum::<usize>();
    flags.0 == 0 && !frozen(net).concat().contains(&true) && net.num_params() == count
}

/// Counts what is on or off.
struct Flags(usize);

impl ModuleVisitor for Flags {
    fn visit_flag(&mut self, _: &Param<Flag>) {
        self.0 += 1;
    }
}

impl Backward {
    /// Euclidean norm of the gradient.
    pub(super) fn norm(&self) -> f64 {
        if let Some(squares) = self.squares {
            return squares.sqrt();
        }
        let vectors = self.layers.iter().flat_map(|layer| {
            let parameters = &layer.parameters;
            [&parameters.values].into_iter().chain(&parameters.per_unit)
        });
        vectors.map(sum_of_squares).sum::<f64>().sqrt()
    }

    /// With the loss and the gradients of another part.
    #[must_use]
    pub(super) fn plus(mut self, other: Self) -> Self {
        self.loss += other.loss;
        self.activity.add(other.activity);
        self.squares = None;
        let layers = self.layers.into_iter().zip(other.layers);
        self.layers = layers.map(|(layer, other)| layer.plus(other)).collect();
        self
    }
}

/// Summed in as many parts as a register has lanes: one part would wait for each addition.
fn sum_of_squares(vector: &Tensor<1>) -> f64 {
    read(vector, |numbers| {
        let (chunks, rest) = numbers.as_chunks::<8>();
        let mut lanes = [0.0; 8];
        for chunk in chunks {
            for (lane, number) in lanes.iter_mut().zip(chunk) {
                *lane += f64::from(*number).powi(2);
            }
        }
        let rest = rest.iter().map(|number| f64::from(*number).powi(2));
        lanes.into_iter().chain(rest).sum()
    })
}
