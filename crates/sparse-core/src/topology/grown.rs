//! What a grown connection starts from.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// The value that a grown connection starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrownValue {
    /// 0, so that the network computes the same as before except for the dropped connections. The default of RigL's
    /// code (`grow_init = zeros`) and what DS-TD3 and RLx2 do.
    #[default]
    Zero,
    /// Uniform in ±1/√inputs, as a layer's first values by default. A target network gets the same value.
    Random,
}

impl GrownValue {
    /// Values for `count` connections of a layer with `inputs` inputs.
    #[must_use]
    pub fn draw(self, count: usize, inputs: usize, rng: &mut (impl Rng + ?Sized)) -> Vec<f32> {
        match self {
            Self::Zero => vec![0.0; count],
            Self::Random => {
                let bound = 1.0 / (inputs.max(1) as f32).sqrt();
                (0..count)
                    .map(|_| rng.random_range(-bound..bound))
                    .collect()
            }
        }
    }
}

/// The optimizer moments that a grown connection starts from. Moments have one entry per connection, so those of a
/// dropped connection are gone unless they are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrownMoments {
    /// 0, as RigL's code resets every slot of a connection that did not exist before the step.
    #[default]
    Zero,
    /// As if they had never been cut off, which is what RLx2's released code effectively does: it never resets
    /// Adam's moments, and a masked weight's gradient is 0. A connection that one step drops and the next step
    /// grows gets back the moments that it had when it went, decayed by `β₁ᵗ` and `β₂ᵗ` for the `t` optimizer
    /// steps between; any other starts from 0. (RLx2 would remember it for longer; after its 10,000 updates
    /// between two steps `0.9ᵗ` is 0 and `0.999ᵗ` is 5e-5.) Keeps the moments of what the last step dropped.
    Keep,
    /// First moment 0, second moment the mean of the layer's: the first steps are as large as those of other weights. With
    /// moments of 0 late in training they are larger, because Adam no longer corrects for the start: 3.2 learning rates
    /// the first, 6.6 the 13th, 1.3 the 1,000th under a constant gradient. For methods in whose code Adam runs on for
    /// weights that are absent, such as DS-TD3, whose moments would take as much memory as a dense network's.
    LayerMean,
}
