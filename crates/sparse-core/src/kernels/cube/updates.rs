//! What goes element by element: the hyperbolic tangent, and the fused updates of parameters.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::super::sizes::check_equal;
use super::packed::Packed;
use super::{Flat, elementwise, line};
use crate::kernels::AdamStep;

/// The scalars of a step, with the divisions by constants done.
#[derive(CubeType, CubeLaunch)]
struct Scalars {
    /// Learning rate over the first moment's correction.
    rate: f32,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    weight_decay: f32,
    /// One over the root of the second moment's correction.
    root: f32,
}

/// The new first and second moment of a parameter.
#[cube]
fn moments(p: f32, gradient: f32, first: f32, second: f32, step: &Scalars) -> (f32, f32) {
    let g = gradient + step.weight_decay * p;
    let m = first + (1.0f32 - step.beta1) * (g - first);
    let v = step.beta2 * second + (1.0f32 - step.beta2) * g * g;
    (m, v)
}

/// The new parameter by these.
#[cube]
fn stepped(p: f32, m: f32, v: f32, step: &Scalars) -> f32 {
    p - step.rate * m / (v.sqrt() * step.root + step.epsilon)
}

#[cube(launch_unchecked)]
fn adam_step(
    parameter: &mut [f32],
    gradient: &[f32],
    first_moment: &mut [f32],
    second_moment: &mut [f32],
    step: &Scalars,
) {
    let at = ABSOLUTE_POS;
    if at < parameter.len() {
        let p = parameter[at];
        let (m, v) = moments(p, gradient[at], first_moment[at], second_moment[at], step);
        first_moment[at] = m;
        second_moment[at] = v;
        parameter[at] = stepped(p, m, v, step);
    }
}

/// Parameters, gradients and moments.
#[derive(CubeType, CubeLaunch)]
struct State {
    parameter: Box<[f32]>,
    gradient: Box<[f32]>,
    first: Box<[f32]>,
    second: Box<[f32]>,
}

/// The same beside the old: handles of single vectors share a buffer, so none may be changed in place.
#[cube(launch_unchecked)]
fn adam_step_of_all(
    old: &State,
    new_parameter: &mut [f32],
    new_first: &mut [f32],
    new_second: &mut [f32],
    step: &Scalars,
) {
    let at = ABSOLUTE_POS;
    if at < old.parameter.len() {
        let p = old.parameter[at];
        let (m, v) = moments(p, old.gradient[at], old.first[at], old.second[at], step);
        new_first[at] = m;
        new_second[at] = v;
        new_parameter[at] = stepped(p, m, v, step);
    }
}

#[cube(launch_unchecked)]
fn polyak_step(target: &mut [f32], online: &[f32], tau: f32) {
    let at = ABSOLUTE_POS;
    if at < target.len() {
        target[at] += tau * (online[at] - target[at]);
    }
}

/// The same beside the old.
#[cube(launch_unchecked)]
fn polyak_step_of_all(target: &[f32], online: &[f32], new_target: &mut [f32], tau: f32) {
    let at = ABSOLUTE_POS;
    if at < target.len() {
        new_target[at] = target[at] + tau * (online[at] - target[at]);
    }
}

/// `tanh x = t / (t + 2)` with `t = e^(2x) − 1`, as on the CPU: the GPU's own is allowed to be off by far more,
/// and to overflow.
#[cube(launch_unchecked)]
fn tanh_forward(x: &[f32], y: &mut [f32]) {
    let at = ABSOLUTE_POS;
    if at < y.len() {
        let x = x[at];
        let mut doubled = 2.0f32 * f32::abs(x);
        // From here on the result rounds to 1.
        if doubled > 18.1f32 {
            doubled = 18.1f32;
        }
        let power = f32::floor(doubled * core::f32::consts::LOG2_E + 0.5f32);
        // ln 2 in two parts, the first exact in a product with a small whole number.
        let r = (doubled - power * 0.693_359_4f32) + power * 2.121_944_4e-4_f32;
        let tail = 0.5f32
            + r * (0.166_666_67f32
                + r * (0.041_666_668f32
                    + r * (0.008_333_334f32 + r * (0.001_388_888_9f32 + r * 0.000_198_412_7f32))));
        let less_one = r + r * r * tail;
        let scale = f32::reinterpret((u32::cast_from(power) + 127u32) << 23u32);
        let t = scale * less_one + (scale - 1.0f32);
        let size = t / (t + 2.0f32);
        let signed = select(x < 0.0f32, -size, size);
        // NaN passes through. It is recognised by its bits: NVIDIA's compiler takes the comparison above for a minimum,
        // which swallows it, and may assume that there is none.
        let bits = u32::reinterpret(x) & 0x7fff_ffffu32;
        y[at] = select(bits > 0x7f80_0000u32, x, signed);
    }
}

#[cube(launch_unchecked)]
fn tanh_backward(y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let at = ABSOLUTE_POS;
    if at < dx.len() {
        dx[at] = dy[at] * (1.0f32 - y[at] * y[at]);
    }
}

/// The grid for one unit per element.
fn grid(length: usize) -> (CubeCount, CubeDim) {
    let dim = elementwise();
    (line(length.div_ceil(dim.num_elems() as usize)), dim)
}

fn scalars(step: &AdamStep) -> ScalarsLaunch {
    ScalarsLaunch::new(
        step.learning_rate / step.correction1,
        step.beta1,
        step.beta2,
        step.epsilon,
        step.weight_decay,
        1.0 / step.correction2.sqrt(),
    )
}

/// As [`crate::kernels::adam`]; the new parameter, first and second moment.
///
/// # Panics
/// When the lengths differ.
pub(crate) fn adam(state: [CubeTensor; 4], step: &AdamStep) -> [CubeTensor; 3] {
    let [parameter, gradient, first, second] = state.map(Flat::new);
    let length = parameter.len();
    check_equal("gradient", gradient.len(), length);
    check_equal("first moment", first.len(), length);
    check_equal("second moment", second.len(), length);
    let [parameter, first, second] = [parameter, first, second].map(Flat::unshared);
    if length > 0 {
        let (count, dim) = grid(length);
        let scalars = scalars(step);
        // SAFETY: all four have one length.
        unsafe {
            adam_step::launch_unchecked(
                &parameter.0.client,
                count,
                dim,
                parameter.arg(1),
                gradient.arg(1),
                first.arg(1),
                second.arg(1),
                scalars,
            );
        }
    }
    [parameter.0, first.0, second.0]
}

/// [`adam`] on vectors that lie in one buffer each; so do the results.
///
/// # Panics
/// When the lengths differ.
pub(crate) fn adam_of_all(state: [&Packed; 4], step: &AdamStep) -> [Packed; 3] {
    let [parameters, gradients, firsts, seconds] = state;
    for other in [gradients, firsts, seconds] {
        assert!(parameters.is_like(other), "Adam's vectors");
    }
    let new = [parameters, firsts, seconds].map(Packed::alike);
    let (count, dim) = grid(parameters.all.len());
    // SAFETY: all have one length.
    unsafe {
        adam_step_of_all::launch_unchecked(
            &parameters.all.0.client,
            count,
            dim,
            StateLaunch::new(
                parameters.all.arg(1),
                gradients.all.arg(1),
                firsts.all.arg(1),
                seconds.all.arg(1),
            ),
            new[0].all.arg(1),
            new[1].all.arg(1),
            new[2].all.arg(1),
            scalars(step),
        );
    }
    new
}

/// [`polyak`] on vectors that lie in one buffer each; so do the results.
///
/// # Panics
/// When the lengths differ.
pub(crate) fn polyak_of_all(targets: &Packed, online: &Packed, tau: f32) -> Packed {
    assert!(targets.is_like(online), "vectors of a target");
    let new = targets.alike();
    let (count, dim) = grid(targets.all.len());
    // SAFETY: all have one length.
    unsafe {
        polyak_step_of_all::launch_unchecked(
            &targets.all.0.client,
            count,
            dim,
            targets.all.arg(1),
            online.all.arg(1),
            new.all.arg(1),
            tau,
        );
    }
    new
}

/// As [`crate::kernels::polyak`]; the new target.
///
/// # Panics
/// When the lengths differ.
pub(crate) fn polyak(target: CubeTensor, online: &CubeTensor, tau: f32) -> CubeTensor {
    let [target, online] = [target, online.clone()].map(Flat::new);
    check_equal("online parameters", online.len(), target.len());
    let target = target.unshared();
    if target.len() > 0 {
        let (count, dim) = grid(target.len());
        // SAFETY: both have one length.
        unsafe {
            polyak_step::launch_unchecked(
                &target.0.client,
                count,
                dim,
                target.arg(1),
                online.arg(1),
                tau,
            );
        }
    }
    target.0
}

/// As [`crate::math::tanh`].
pub(crate) fn tanh(x: &CubeTensor) -> CubeTensor {
    let x = Flat::new(x.clone());
    let y = x.alike();
    if x.len() > 0 {
        let (count, dim) = grid(x.len());
        // SAFETY: both have one length.
        unsafe { tanh_forward::launch_unchecked(&x.0.client, count, dim, x.arg(1), y.arg(1)) };
    }
    y.0
}

/// As [`crate::math::tanh_gradient`].
///
/// # Panics
/// When the lengths differ.
pub(crate) fn tanh_gradient(y: &CubeTensor, dy: CubeTensor) -> CubeTensor {
    let [y, dy] = [y.clone(), dy].map(Flat::new);
    check_equal("gradient", dy.len(), y.len());
    let dx = dy.alike();
    if dy.len() > 0 {
        let (count, dim) = grid(dy.len());
        // SAFETY: all three have one length.
        unsafe {
            tanh_backward::launch_unchecked(
                &dy.0.client,
                count,
                dim,
                y.arg(1),
                dy.arg(1),
                dx.arg(1),
            );
        }
    }
    dx.0
}
