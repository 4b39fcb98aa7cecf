//! Vectors, matrices, rotations and spatial vectors: what the stages compute with.

pub(in crate::dynamics) mod dense;
pub(in crate::dynamics) mod ldl;
pub(in crate::dynamics) mod lu;
pub(in crate::dynamics) mod rotation;
pub(in crate::dynamics) mod spatial;
pub(in crate::dynamics) mod trig;
