//! A network whose parameters lie in one buffer of a GPU, for passes over blocks of rows without tensors between layers, and
//! updates of all its parameters at once.
//!
//! Where no backend for GPUs is compiled in, the same names are here, of what never is.

#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub(crate) use with::{DeviceNetwork, DevicePass, adam_of_all, pack, polyak_of_all};
#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
pub(crate) use without::{DeviceNetwork, DevicePass, adam_of_all, pack, polyak_of_all};

use burn::tensor::Tensor;

/// The slopes of a number by a network's parameters.
#[derive(Debug)]
pub(crate) struct DeviceGradients {
    /// Of each layer its values, then its bias.
    pub(crate) parameters: Vec<Tensor<1>>,
    /// The sum of their squares, in single precision.
    pub(crate) squares: f64,
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod with {
    use std::fmt;

    use burn::tensor::Tensor;
    use burn_cubecl::Cube;
    use burn_cubecl::tensor::CubeTensor;

    use super::DeviceGradients;
    use crate::kernels::{AdamStep, cube as kernels};
    use crate::op::Primitives;
    use crate::pattern::Pattern;

    /// The vectors on a GPU; `None` where one lies elsewhere.
    fn on_gpu(vectors: &[Tensor<1>]) -> Option<Vec<CubeTensor>> {
        let vectors = vectors.iter().cloned();
        vectors
            .map(|vector| vector.try_into_primitive::<Cube>().ok())
            .collect()
    }

    fn off_gpu(packed: &kernels::Packed) -> Vec<Tensor<1>> {
        let vectors = packed.vectors().into_iter();
        vectors.map(<Cube as Primitives>::vector).collect()
    }

    /// The vectors in one buffer of a GPU, as [`DeviceNetwork::of`] wants them; `None` where they lie so already, one lies
    /// elsewhere or one is empty.
    pub(crate) fn pack(vectors: &[Tensor<1>]) -> Option<Vec<Tensor<1>>> {
        let vectors = on_gpu(vectors)?;
        match kernels::Packed::of(&vectors) {
            Some(_) => None,
            None => kernels::Packed::copied(&vectors).map(|packed| off_gpu(&packed)),
        }
    }

    /// One step of Adam on parameters, gradients, first and second moments; the new parameters and moments. `None` unless the
    /// gradients lie in one buffer of a GPU.
    pub(crate) fn adam_of_all(
        state: [&[Tensor<1>]; 4],
        step: &AdamStep,
    ) -> Option<[Vec<Tensor<1>>; 3]> {
        let gradients = kernels::Packed::of(&on_gpu(state[1])?)?;
        let [parameters, firsts, seconds] = [state[0], state[2], state[3]]
            .map(|vectors| kernels::Packed::from_vectors(&on_gpu(vectors)?));
        let (parameters, firsts, seconds) = (parameters?, firsts?, seconds?);
        let new = kernels::adam_of_all([&parameters, &gradients, &firsts, &seconds], step);
        Some(new.each_ref().map(off_gpu))
    }

    /// `target + tau · (online − target)` for all; `None` unless the online vectors lie in one buffer of a GPU.
    pub(crate) fn polyak_of_all(
        targets: &[Tensor<1>],
        online: &[Tensor<1>],
        tau: f32,
    ) -> Option<Vec<Tensor<1>>> {
        let online = kernels::Packed::of(&on_gpu(online)?)?;
        let targets = kernels::Packed::from_vectors(&on_gpu(targets)?)?;
        Some(off_gpu(&kernels::polyak_of_all(&targets, &online, tau)))
    }

    /// A network of sparse layers with ReLU between them, whose parameters lie in one buffer of a GPU.
    pub(crate) struct DeviceNetwork(kernels::CubeNetwork);

    impl DeviceNetwork {
        /// Of the layers' patterns, and their values and biases in turns; `None` where these do not lie so.
        pub(crate) fn of(patterns: &[&Pattern], parameters: &[Tensor<1>]) -> Option<Self> {
            kernels::CubeNetwork::of(patterns, &on_gpu(parameters)?).map(Self)
        }

        /// Forward over a block `[inputs, width]`.
        ///
        /// # Panics
        /// When the block has another size, or no columns.
        pub(crate) fn forward(&self, block: &[f32], width: usize) -> DevicePass<'_> {
            DevicePass(self.0.forward(block, width))
        }
    }

    impl fmt::Debug for DeviceNetwork {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("DeviceNetwork").finish_non_exhaustive()
        }
    }

    /// A forward pass, to go back from.
    pub(crate) struct DevicePass<'a>(kernels::CubePass<'a>);

    impl DevicePass<'_> {
        /// What the network gives, `[outputs, width]`.
        pub(crate) fn outputs(&self) -> &[f32] {
            self.0.outputs()
        }

        /// The slopes by the inputs, `[inputs, width]`, from those by the outputs, `[outputs, width]`.
        ///
        /// # Panics
        /// When there are more or fewer slopes than outputs.
        pub(crate) fn input_slopes(&self, slopes: &[f32]) -> Vec<f32> {
            self.0.input_slopes(slopes)
        }

        /// The slopes by the parameters from those by the outputs.
        ///
        /// # Panics
        /// When there are more or fewer slopes than outputs.
        pub(crate) fn gradients(&self, slopes: &[f32]) -> DeviceGradients {
            let gradients = self.0.gradients(slopes);
            let parameters = gradients.parameters.into_iter();
            DeviceGradients {
                parameters: parameters.map(<Cube as Primitives>::vector).collect(),
                squares: gradients.squares,
            }
        }
    }

    impl fmt::Debug for DevicePass<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("DevicePass").finish_non_exhaustive()
        }
    }
}

#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
mod without {
    use std::marker::PhantomData;

    use burn::tensor::Tensor;

    use super::DeviceGradients;
    use crate::kernels::AdamStep;
    use crate::pattern::Pattern;

    pub(crate) fn pack(_: &[Tensor<1>]) -> Option<Vec<Tensor<1>>> {
        None
    }

    pub(crate) fn adam_of_all(_: [&[Tensor<1>]; 4], _: &AdamStep) -> Option<[Vec<Tensor<1>>; 3]> {
        None
    }

    pub(crate) fn polyak_of_all(
        _: &[Tensor<1>],
        _: &[Tensor<1>],
        _: f32,
    ) -> Option<Vec<Tensor<1>>> {
        None
    }

    #[derive(Debug)]
    pub(crate) enum DeviceNetwork {}

    impl DeviceNetwork {
        pub(crate) fn of(_: &[&Pattern], _: &[Tensor<1>]) -> Option<Self> {
            None
        }

        pub(crate) fn forward(&self, _: &[f32], _: usize) -> DevicePass<'_> {
            match *self {}
        }
    }

    #[derive(Debug)]
    pub(crate) struct DevicePass<'a>(std::convert::Infallible, PhantomData<&'a ()>);

    impl DevicePass<'_> {
        pub(crate) fn outputs(&self) -> &[f32] {
            match self.0 {}
        }

        pub(crate) fn input_slopes(&self, _: &[f32]) -> Vec<f32> {
            match self.0 {}
        }

        pub(crate) fn gradients(&self, _: &[f32]) -> DeviceGradients {
            match self.0 {}
        }
    }
}
