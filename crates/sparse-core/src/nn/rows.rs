//! Batches of any rank as rows.

use burn::tensor::Tensor;

/// Applies `f`, from `[batch, inputs]` to `[batch, outputs]`, along the last dimension of `x`, whatever the others are.
///
/// # Panics
/// When the last dimension of `x` is not `inputs`; the message begins with `what`.
#[track_caller]
pub(super) fn along_rows<const D: usize>(
    what: &str,
    x: Tensor<D>,
    inputs: usize,
    f: impl FnOnce(Tensor<2>) -> Tensor<2>,
) -> Tensor<D> {
    let mut shape = x.dims();
    assert!(
        shape.last() == Some(&inputs),
        "{what}: the input is {shape:?}, must be [.., {inputs}]"
    );
    if D == 2 {
        // A reshape would be a node of autodiff.
        let rows = f(Tensor::from_dispatch(x.into_dispatch()));
        return Tensor::from_dispatch(rows.into_dispatch());
    }
    let batch = shape[..D - 1].iter().product::<usize>();
    let rows = f(x.reshape([batch, inputs]));
    shape[D - 1] = rows.dims()[1];
    rows.reshape(shape)
}
