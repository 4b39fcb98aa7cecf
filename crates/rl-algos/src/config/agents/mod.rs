//! Settings of the agents, one a file.

mod redq;
mod sac;
mod td3;

pub use redq::RedqConfig;
pub use sac::{Growth, SacConfig, Temperature};
pub use td3::Td3Config;
