//! One rule, one file, one paper, and one line in [`ALL`].

mod gradual_magnitude;
mod redo;
mod rigl;
mod set;
mod static_mask;

pub use gradual_magnitude::GradualMagnitude;
pub use redo::ReDo;
pub use rigl::RigL;
pub use set::Set;
pub use static_mask::Static;

use super::any::RuleEntry;

/// The rules that configurations may name.
pub(super) const ALL: [RuleEntry; 5] = [
    RuleEntry::of::<Static>(),
    RuleEntry::of::<Set>(),
    RuleEntry::of::<RigL>(),
    RuleEntry::of::<GradualMagnitude>(),
    RuleEntry::of::<ReDo>(),
];

#[cfg(test)]
mod tests;
