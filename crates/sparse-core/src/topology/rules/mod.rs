//! One rule, one file, one paper.

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

#[cfg(test)]
mod tests;
