//! Every key of a configuration: its meaning and its range.
//!
//! One table serves the comments of written files, the ranges in error messages and the hints for unknown keys.

/// A key of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Path of the key in TOML, such as `learning.gamma`; sections have a row too.
    pub key: &'static str,
    /// What it is, with its unit; not a sentence.
    pub about: &'static str,
    /// Its range, as errors print it after "must be"; empty for a section.
    pub allowed: &'static str,
    /// Whether it is a section that holds one of several choices, so that another choice takes the place of the first.
    pub is_choice: bool,
}

/// A row of a table.
#[must_use]
pub const fn field(key: &'static str, about: &'static str, allowed: &'static str) -> Field {
    Field {
        key,
        about,
        allowed,
        is_choice: false,
    }
}

/// The row of a section that holds one of several choices.
#[must_use]
pub const fn choice(key: &'static str, about: &'static str, allowed: &'static str) -> Field {
    Field {
        is_choice: true,
        ..field(key, about, allowed)
    }
}

/// Keys of earlier versions whose name or value changed, and their new form.
pub(super) const MOVED: [(&str, &str); 2] = [
    ("td3.hidden", "networks.actor` and `networks.critic"),
    ("exploration.noise", "algo.td3.exploration_noise"),
];

/// What a run may be without: `false` in its place switches it off.
pub const OPTIONAL: [&str; 5] = [
    "topology",
    "topology.actor_rule",
    "topology.actor_every",
    "pruning",
    "replay.adaptive",
];

/// All keys, in the order of the structures. The table reads by row.
#[rustfmt::skip]
pub const FIELDS: [Field; 80] = [
    field("env", "Task, by Gymnasium's name", "a task of `envs`, such as HalfCheetah-v5"),
    field("recipe", "Recipe that the other settings started from", "a label"),
    field("steps", "Environment steps of the run", "1 or more"),
    field("seed", "Seed of every stream of random numbers", "0 or more and below 2^63"),
    field("env_settings", "What is not as published in the task: its options, and wrappers around it", ""),

    choice("algo", "The algorithm", ""),

    field("networks", "Shapes of the networks", ""),
    field("networks.actor", "Features of the actor's hidden layers", "one or more sizes, each 1 or more"),
    field("networks.critic", "Features of each critic's hidden layers", "one or more sizes, each 1 or more"),

    field("networks.critic_layer_norm", "Whether the critics' hidden layers are normalised", "true or false"),

    field("networks.init", "How weights and biases are drawn at first", "pytorch, kaiming-uniform, kaiming-normal, xavier-uniform, xavier-normal, lecun-uniform, lecun-normal, orthogonal or zeros"),
    field("networks.fans", "Which inputs and outputs that counts: all, or the connections there are", "dense or actual"),

    field("learning", "How networks are updated, by any algorithm", ""),
    field("learning.batch_size", "Transitions per update", "1 or more, and replay.capacity at most"),
    field("learning.gamma", "Discount per environment step", "in [0, 1]"),
    field("learning.tau", "Step of the targets towards the online networks, 1 copies", "in (0, 1], and not 0 in f32"),
    field("learning.target_every", "Critic updates between two such steps", "1 or more, with TD3 a multiple of its policy_delay"),
    field("learning.target_connections", "Which connections targets have: the online networks', or their own largest", "online or magnitude"),
    field("learning.actor_learning_rate", "Adam's learning rate for the actor", "above 0, and neither 0 nor infinite in f32"),
    field("learning.critic_learning_rate", "Adam's learning rate for the critics", "above 0, and neither 0 nor infinite in f32"),
    field("learning.weight_decay", "Adam's weight decay, added to the gradient", "0, or a number that is neither 0 nor infinite in f32"),
    field("learning.reward_scale", "What rewards are multiplied by in targets", "above 0, and neither 0 nor infinite in f32"),
    field("learning.critic_actions", "How critics read actions: in [-1, 1], or in the task's units", "unit or task"),

    field("sparsity", "How many weights exist, and which at first", ""),
    field("sparsity.actor", "Share of the actor's weights that do not exist", "in [0, 1)"),
    field("sparsity.critic", "Share of each critic's weights that do not exist", "in [0, 1)"),
    choice("sparsity.allocation", "How existing weights are shared out among layers", "uniform, erdos_renyi, global, per_layer or lambda"),
    field("sparsity.allocation.per_layer", "Density of each layer, whatever the total", "one a layer, each in (0, 1]"),
    field("sparsity.allocation.lambda", "Lambda of each layer but the last, which is dense", "one a hidden layer, each above 0"),
    field("sparsity.mask", "Which weights exist at first: the largest, or any", "magnitude or random"),
    field("sparsity.storage", "Which kernels compute the layers", "csr, masked or auto"),

    field("topology", "How connections move; false leaves them where they are", ""),
    choice("topology.rule", "Which connections are dropped and grown", "static, set, rigl, gradual_magnitude, redo or a rule that was registered"),
    field("topology.rule.set", "Drop small weights, grow at random", ""),
    field("topology.rule.set.drop", "Which values go", "magnitude or sign_balanced"),
    field("topology.rule.set.allow_regrow", "Whether what a move drops may be grown by it", "true or false"),
    field("topology.rule.set.grown_value", "Value of a grown connection", "zero or random"),
    field("topology.rule.set.grown_moments", "Adam's moments of a grown connection", "zero, keep or layer_mean"),
    field("topology.rule.rigl", "Drop small weights, grow where the gradient is largest", ""),
    field("topology.rule.rigl.allow_regrow", "Whether what a move drops may be grown by it", "true or false"),
    field("topology.rule.rigl.grown_value", "Value of a grown connection", "zero or random"),
    field("topology.rule.rigl.grown_moments", "Adam's moments of a grown connection", "zero, keep or layer_mean"),
    field("topology.rule.gradual_magnitude", "Drop small weights, grow none, counted in updates", ""),
    field("topology.rule.gradual_magnitude.initial_sparsity", "Sparsity before the first pruning", "in [0, 1), and at most that with which the networks start"),
    field("topology.rule.gradual_magnitude.final_sparsity", "Sparsity after the last", "in [0, 1), not below the initial one"),
    field("topology.rule.gradual_magnitude.begin", "First update that may prune", "0 or more"),
    field("topology.rule.gradual_magnitude.end", "Update from which the sparsity is final", "above begin"),
    choice("topology.rule.gradual_magnitude.allocation", "How weights are shared out among layers", "uniform, erdos_renyi, global, per_layer or lambda"),
    field("topology.rule.gradual_magnitude.allocation.per_layer", "Density of each layer", "each in (0, 1]"),
    field("topology.rule.gradual_magnitude.allocation.lambda", "Lambda of each layer but the last", "each above 0"),
    field("topology.rule.redo", "Draw dormant units anew", ""),
    field("topology.rule.redo.threshold", "Share of the layer's mean activation up to which a unit is dormant", "0 or more"),
    choice("topology.actor_rule", "The actor's own, where it has another than the critics", "as topology.rule"),
    field("topology.every", "Updates of a network between two moves", "1 or more"),
    field("topology.actor_every", "The actor's own, where it is counted otherwise", "1 or more"),
    field("topology.drop_fraction", "Share of the connections that the first move replaces", "in [0, 1]"),
    field("topology.decay", "How that share goes on: as it is, or to 0 with a half cosine", "constant or cosine"),
    field("topology.until", "Share of a network's updates after which connections stay", "in (0, 1]"),

    field("pruning", "Gradual pruning of networks that start dense", "left out where `topology` is set"),
    field("pruning.begin", "Share of a network's updates before the first connections go", "in [0, 1)"),
    field("pruning.end", "Share of the updates when the last go", "above begin and below 1"),
    field("pruning.every", "Updates of a network between two prunings", "1 or more"),

    field("n_step", "Returns over several steps", ""),
    field("n_step.n", "Environment steps of a return", "1 or more"),
    field("n_step.delay", "First update with returns over n steps; before it they are over one", "0 or more"),

    field("replay", "Stored transitions", ""),
    field("replay.capacity", "Transitions kept at most", "1 or more"),
    field("replay.adaptive", "Forgetting by policy distance; false switches it off", ""),
    field("replay.adaptive.every", "Environment steps between two checks", "1 or more"),
    field("replay.adaptive.check", "Oldest transitions that a check looks at", "1 or more"),
    field("replay.adaptive.threshold", "Policy distance above which something is forgotten", "0 or more"),
    field("replay.adaptive.drop", "Share of the transitions that is forgotten at once", "in [0, 1]"),
    field("replay.adaptive.min", "Transitions up to which nothing is forgotten", "below replay.capacity"),

    field("exploration", "How a run begins", ""),
    field("exploration.random_steps", "Environment steps with random actions first, an eighth of the run at most", "0 or more"),

    field("evaluation", "How progress is measured", ""),
    field("evaluation.every", "Environment steps between two evaluations", "1 or more"),
    field("evaluation.episodes", "Episodes of an evaluation, without noise", "1 to 16384"),
    field("evaluation.keep_policies", "Whether the actor of every evaluation is kept", "true or false"),
    field("evaluation.at_start", "Whether there is an evaluation before the first step too", "true or false"),
];
