//! Backends by the names that a command line uses.

use burn::tensor::Device;

use crate::{Error, Result};

/// The backends compiled into this build.
#[must_use]
pub fn available() -> Vec<&'static str> {
    let mut names = Vec::new();
    if cfg!(feature = "flex") {
        names.push("flex");
    }
    if cfg!(feature = "ndarray") {
        names.push("ndarray");
    }
    names
}

/// The device called `name`.
///
/// # Errors
/// [`Error::Config`] when this build has no backend of that name; it lists those that it has.
pub fn by_name(name: &str) -> Result<Device> {
    match name {
        #[cfg(feature = "flex")]
        "flex" => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        "ndarray" => Ok(Device::ndarray()),
        _ => {
            let allowed = format!("one of {}, as this build has", available().join(", "));
            Err(Error::config("device", name, &allowed))
        }
    }
}
