//! Experiments on disk and across runs.
