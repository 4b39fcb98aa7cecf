//! Backends by the names that a command line uses.

use burn::tensor::Device;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn_cubecl::CubeDevice;

use crate::{Error, Result};

/// The backends compiled into this build.
#[must_use]
pub fn available() -> Vec<&'static str> {
    let compiled = [
        ("flex", cfg!(feature = "flex")),
        ("ndarray", cfg!(feature = "ndarray")),
        ("wgpu", cfg!(feature = "wgpu")),
        ("cuda", cfg!(feature = "cuda")),
    ];
    let names = compiled.into_iter().filter(|(_, compiled)| *compiled);
    names.map(|(name, _)| name).collect()
}

/// The device called `name`; for a GPU backend the best one that the machine has.
///
/// # Errors
/// [`Error::Config`] when this build has no backend of that name; it lists those that it has.
/// [`Error::Device`] when the machine has no GPU or no driver for it; it says what was looked for.
#[cfg_attr(
    feature = "ndarray",
    allow(
        deprecated,
        reason = "`burn-ndarray` stays selectable for as long as Burn has it"
    )
)]
pub fn by_name(name: &str) -> Result<Device> {
    match name {
        #[cfg(feature = "flex")]
        "flex" => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        "ndarray" => Ok(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        "wgpu" => wgpu().map(Device::new),
        #[cfg(feature = "cuda")]
        "cuda" => cuda().map(Device::new),
        _ => {
            let allowed = format!("one of {}, as this build has", available().join(", "));
            Err(Error::config("device", name, &allowed))
        }
    }
}

/// Whether a device, with or without autodiff, computes on a GPU.
#[must_use]
pub fn is_gpu(device: &Device) -> bool {
    match device.clone().inner().as_dispatch() {
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        burn::backend::DispatchDevice::Cube(_) => true,
        _ => false,
    }
}

/// A GPU behind a device.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
#[derive(Clone, Debug)]
pub struct Gpu {
    /// The device, as Burn's CubeCL backend names it: for operations on its plain tensors.
    pub device: CubeDevice,
    /// What it calls itself, such as `NVIDIA H100 PCIe`.
    pub name: String,
    /// Whether a CPU only plays the GPU, as Mesa's llvmpipe does.
    pub is_software: bool,
}

/// The GPU behind the device called `name`.
///
/// # Errors
/// As [`by_name`]; [`Error::Config`] too for a backend that computes on the CPU.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub fn gpu(name: &str) -> Result<Gpu> {
    let device = match name {
        #[cfg(feature = "wgpu")]
        "wgpu" => wgpu()?,
        #[cfg(feature = "cuda")]
        "cuda" => cuda()?,
        _ => return Err(Error::config("device", name, "a GPU's: wgpu or cuda")),
    };
    let client = device.client();
    let identity = &client.properties().identity;
    Ok(Gpu {
        name: identity.name.clone(),
        is_software: identity.physical.is_none(),
        device,
    })
}

/// Asks for adapters before a device is made, which would panic without one. OpenGL is not asked: its compute
/// shaders lack what the kernels need.
#[cfg(feature = "wgpu")]
fn wgpu() -> Result<CubeDevice> {
    let on = [CubeDevice::vulkan, CubeDevice::metal_msl, CubeDevice::dx12];
    let mut found = on
        .into_iter()
        .filter_map(|api| api(Default::default()).ok());
    found.next().ok_or(Error::Device {
        name: "wgpu",
        reason: "no adapter: looked for a Vulkan, Metal or DirectX 12 driver with a device \
                 (on Linux without a GPU: the package mesa-vulkan-drivers)",
    })
}

/// Asks for the driver before a device is made, which would panic without one.
#[cfg(feature = "cuda")]
fn cuda() -> Result<CubeDevice> {
    CubeDevice::cuda(0).map_err(|_| Error::Device {
        name: "cuda",
        reason: "no GPU: looked for NVIDIA's driver library (libcuda) and a first device in it",
    })
}
