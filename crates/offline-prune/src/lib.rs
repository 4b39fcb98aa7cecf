//! offline-prune
