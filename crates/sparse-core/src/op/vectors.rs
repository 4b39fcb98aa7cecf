//! Between vectors of numbers and tensors.

use burn::tensor::{Device, Tensor, TensorData};

/// A tensor of these numbers.
pub(crate) fn vector(numbers: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [length]), device)
}

/// A vector with some of its elements set.
pub(crate) fn change(tensor: &Tensor<1>, set: impl FnOnce(&mut [f32])) -> Tensor<1> {
    let mut elements = to_vec(tensor.clone());
    set(&mut elements);
    vector(elements, &tensor.device())
}

/// The elements of an f32 vector in host memory.
pub(crate) fn to_vec(tensor: Tensor<1>) -> Vec<f32> {
    let data = tensor.into_data();
    data.as_slice()
        .map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec)
}
