//! What computes.

use std::fmt;

/// Backends that a training binary can be built for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// Burn's maintained CPU backend.
    #[default]
    Flex,
    /// Burn's older CPU backend.
    Ndarray,
    /// GPUs through Vulkan, Metal or DirectX 12.
    Wgpu,
    /// NVIDIA GPUs through CUDA.
    Cuda,
}

impl Device {
    /// All of them, the default first.
    pub const ALL: [Self; 4] = [Self::Flex, Self::Ndarray, Self::Wgpu, Self::Cuda];

    /// The name on the command line, which is also the name of the cargo feature.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Flex => "Burn's CPU backend",
            Self::Ndarray => "Burn's older CPU backend",
            Self::Wgpu => "GPUs through Vulkan, Metal or DirectX 12",
            Self::Cuda => "NVIDIA GPUs",
        }
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::Flex => "burn-flex",
            Self::Ndarray => "burn-ndarray",
            Self::Wgpu => "burn-wgpu",
            Self::Cuda => "burn-cuda",
        }
    }

    /// Whether it computes on a GPU.
    #[must_use]
    pub fn is_gpu(self) -> bool {
        matches!(self, Self::Wgpu | Self::Cuda)
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
