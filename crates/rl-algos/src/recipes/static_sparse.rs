//! RLx2's baseline "SS" (arXiv 2205.15043, §5): a sparse network whose connections never move.

use super::Recipe;

pub(super) const RECIPE: Recipe = Recipe {
    name: "static",
    about: "a random sparse network that never changes",
    source: "arXiv 2205.15043, §5, baseline SS",
    settings: |base, _| base,
};
