//! RLx2's baselines as its released code trains them (arXiv 2205.15043, §5; `RLx2_SAC/train.py`, `SAC.py`,
//! `modules_SAC.py`). With TD3 they are `dense`, `tiny`, `static`, `set` and `rigl`. With SAC they act by the policy's mean after
//! the random steps, begin with orthogonal weights and grow as `rlx2-sac` does, so that a share of `rlx2-dense-sac` is of
//! sparsity alone. SAC's paper acts by samples, and so does `dense-sac`.

use envs::TaskInfo;

use super::{Recipe, dense, rigl, rlx2, set, tiny};
use crate::config::TrainConfig;

const SOURCE: &str = "arXiv 2205.15043, §5 and released code";

pub(super) const DENSE: Recipe = baseline(
    "rlx2-dense",
    "dense, and with SAC acts by the mean, as RLx2's code",
    |base, env| dense::config(as_code(base), env),
);

pub(super) const TINY: Recipe = baseline(
    "rlx2-tiny",
    "tiny, and with SAC acts by the mean, as RLx2's code",
    |base, env| tiny::config(as_code(base), env),
);

pub(super) const STATIC: Recipe = baseline(
    "rlx2-static",
    "static, and with SAC acts by the mean, as RLx2's code",
    |base, _| as_code(base),
);

pub(super) const SET: Recipe = baseline(
    "rlx2-set",
    "set, and with SAC acts by the mean, as RLx2's code",
    |base, env| set::config(as_code(base), env),
);

pub(super) const RIGL: Recipe = baseline(
    "rlx2-rigl",
    "rigl, and with SAC acts by the mean, as RLx2's code",
    |base, env| rigl::config(as_code(base), env),
);

const fn baseline(
    name: &'static str,
    about: &'static str,
    settings: fn(TrainConfig, &TaskInfo) -> TrainConfig,
) -> Recipe {
    Recipe {
        name,
        about,
        source: SOURCE,
        settings,
    }
}

fn as_code(mut base: TrainConfig) -> TrainConfig {
    rlx2::with_sac_as_code(&mut base);
    base
}
