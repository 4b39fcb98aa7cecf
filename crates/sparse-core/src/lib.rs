//! sparse-core
