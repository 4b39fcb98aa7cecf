//! Learning from a fixed dataset with networks that were pruned once, before training.
//!
//! Nothing is here yet. This crate will read datasets (D4RL's and Minari's files), score every weight of a
//! network by the algorithm's own loss on them (SNIP, GraSP, SynFlow and their kin, one file each), keep the
//! best few per cent, and train what is left with behaviour cloning, TD3+BC or IQL, as Single-Shot Pruning
//! for Offline RL does (Arnob et al. 2021, arXiv:2112.15579). Pruned weights will be gone, not masked: the
//! networks are those of `sparse-core`, and an offline algorithm will implement the same trait as an online
//! one of `rl-algos`.
//!
//! It knows `rl-algos` and `sparse-core`, and nothing of how online data is collected.
