//! `a b + c` rounded once, on machines without an instruction for it.

/// `a * b + c`, rounded once.
///
/// Where the instruction is missing, in f64: the product of two f32 is exact there, and a sum that is rounded to odd keeps what
/// the rounding to f32 has to know (Boldo & Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using
/// rounding to odd", 2008). Not `f32::mul_add`, which is then a call to the C library for each number, and no loop of it
/// becomes vector code.
#[inline(always)]
pub(super) fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        a.mul_add(b, c)
    } else {
        in_software(a, b, c)
    }
}

#[inline(always)]
fn in_software(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What the sum lost (Knuth's TwoSum).
    let back = sum - product;
    let lost = (product - (sum - back)) + (c - back);
    // Of the two numbers around the exact sum, the odd one: a step away from zero, or back. What infinite sums lost is NaN, and
    // not above 0.
    let bits = sum.to_bits();
    let step = !bits & 1 & u64::from(lost.abs() > 0.0);
    let inwards = step & ((bits ^ lost.to_bits()) >> 63);
    f64::from_bits(bits + step - 2 * inwards) as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The C library's is right to the last bit, with the instruction or without.
    fn check(a: f32, b: f32, c: f32) {
        let (found, expected) = (in_software(a, b, c), a.mul_add(b, c));
        let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
        assert!(same, "{a:e} {b:e} {c:e}: {found:e} {expected:e}");
    }

    #[test]
    fn edges_are_rounded_once() {
        let tiny = f32::from_bits(1);
        let one_more = f32::from_bits(1.0f32.to_bits() + 1);
        let numbers = [
            0.0,
            tiny,
            f32::MIN_POSITIVE,
            1e-30,
            3e-8,
            0.5,
            1.0,
            one_more,
            1.5,
            3.0,
            16_777_215.0,
            1e20,
            f32::MAX,
            f32::INFINITY,
            f32::NAN,
        ];
        let signed = || numbers.into_iter().flat_map(|x: f32| [x, -x]);
        for a in signed() {
            for b in signed() {
                for c in signed() {
                    check(a, b, c);
                }
            }
        }
        // The exact sum lies just above the middle of two numbers; rounded twice, it would be the lower one.
        check(one_more, one_more, f32::from_bits(0x3380_0000));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200_000))]

        #[test]
        fn any_three_numbers_are_rounded_once(a in any::<u32>(), b in any::<u32>(), c in any::<u32>(), near in any::<u8>()) {
            let [a, b, c] = [a, b, c].map(f32::from_bits);
            check(a, b, c);
            // Near the product, where most is lost.
            let product = (-(a * b)).to_bits();
            check(a, b, f32::from_bits(product.wrapping_add(u32::from(near)).wrapping_sub(128)));
            let half = f32::from_bits(product.wrapping_sub((24 << 23) + u32::from(near)));
            check(a, b, half);
            check(a, b, -half);
        }
    }
}
