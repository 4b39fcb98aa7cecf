//! Numbers of 16 bits.

/// The number with these bits: a sign, `exponent` bits of exponent, and the fraction below (IEEE 754's layout).
/// 5 bits of exponent are half precision, 8 are bfloat16.
pub(super) fn decode(bits: u16, exponent: u32) -> f32 {
    let fraction_bits = 15 - exponent;
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let fraction = f64::from(bits & ((1 << fraction_bits) - 1)) / f64::from(1_u32 << fraction_bits);
    let largest = (1 << exponent) - 1;
    let raised = i32::from(bits >> fraction_bits) & largest;
    let bias = largest >> 1;
    let size = match raised {
        0 => fraction * 2.0_f64.powi(1 - bias),
        raised if raised == largest && fraction == 0.0 => f64::INFINITY,
        raised if raised == largest => f64::NAN,
        raised => (1.0 + fraction) * 2.0_f64.powi(raised - bias),
    };
    (sign * size) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.float16(x).view(numpy.uint16)`, and the upper halves of `numpy.float32(x).view(numpy.uint32)`.
    #[test]
    fn numbers_are_those_of_numpy() {
        for (bits, exponent, number) in [
            (0x3c00, 5, 1.0),
            (0xc000, 5, -2.0),
            (0x3666, 5, 0.399_902_34),
            (0x7bff, 5, 65_504.0),
            (0x0001, 5, 5.960_464_5e-8),
            (0x8400, 5, -6.103_515_6e-5),
            (0x7c00, 5, f32::INFINITY),
            (0xfc00, 5, f32::NEG_INFINITY),
            (0x0000, 5, 0.0),
            (0x3f80, 8, 1.0),
            (0xbecd, 8, -0.400_390_63),
            (0x0001, 8, 9.183_55e-41),
            (0x7f80, 8, f32::INFINITY),
        ] {
            assert_eq!(decode(bits, exponent), number, "{bits:#x}");
        }
        assert!(decode(0x7e00, 5).is_nan() && decode(0x7fc0, 8).is_nan());
        // bfloat16 is the upper half of a single.
        for bits in (0..=u16::MAX).filter(|bits| !decode(*bits, 8).is_nan()) {
            assert_eq!(decode(bits, 8), f32::from_bits(u32::from(bits) << 16));
        }
    }
}
