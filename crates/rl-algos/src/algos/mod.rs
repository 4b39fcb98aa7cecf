//! Algorithms, one a file.

mod td3;

pub use td3::{Densities, Policy, Td3, UpdateReport, Weights};
