//! rl-algos
