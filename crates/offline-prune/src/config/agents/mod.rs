//! Settings of the agents, one a file.

mod awac;
mod bc;
mod bcq;
mod iql;
mod td3_bc;

pub use awac::AwacConfig;
pub use bc::BcConfig;
pub use bcq::BcqConfig;
pub use iql::IqlConfig;
pub use td3_bc::Td3BcConfig;
