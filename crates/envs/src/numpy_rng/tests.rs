use super::*;

/// Seed, `uniform(-0.1, 0.3)` thrice, `standard_normal()` twice; of 200,000 normal numbers of a new generator the
/// exclusive or of the bits of those before the tail, the largest size and the last. NumPy 2.4.6.
type Recorded = (u64, [f64; 3], [f64; 2], u64, f64, f64);

const RECORDED: [Recorded; 6] = [
    (
        0,
        [
            0.15478467492858175,
            0.007914685505548122,
            -0.08361059042552213,
        ],
        [0.10490011715303971, -0.535669373161111],
        0x7f4fa9cd9f4dce69,
        4.731957688635529,
        -0.26553977625065545,
    ),
    (
        1,
        [
            0.10472864988010269,
            0.2801854785303741,
            -0.04233615491214651,
        ],
        [-1.303157231604361, 0.9053558666731177],
        0x01d7792590e69133,
        4.406353522522504,
        -0.04415526720711728,
    ),
    (
        7,
        [0.15003818664186677, 0.2588855203878302, 0.21027427609807745],
        [-0.8905918387572742, -0.45467078517172255],
        0x01bf24301a021a50,
        4.522829666849905,
        0.5342501005320923,
    ),
    (
        42,
        [
            0.20958241942238534,
            0.07555137590082092,
            0.24343916796455298,
        ],
        [0.9405647163912139, -1.9510351886538364],
        0xbf235cc4b5d3ebde,
        5.0072352319089966,
        0.26900288242347326,
    ),
    (
        4294967301,
        [0.2096816721495525, 0.08828907327523725, 0.17835213773684597],
        [0.7814066462771306, -0.7013440298559402],
        0xfe74fa5c16d06f8d,
        4.739477517938307,
        -1.3809193318854323,
    ),
    (
        18446744073709551615,
        [
            0.17201067158467723,
            0.23812470342498973,
            -0.09703876736029599,
        ],
        [-0.29658368621351155, -0.024826016879994986],
        0x3f4902759b41a33a,
        4.777180646518039,
        1.646773641747207,
    ),
];

#[test]
fn numbers_are_numpys() {
    for (seed, uniform, normal, bits, largest, last) in RECORDED {
        let mut generator = NumpyRng::new(seed);
        assert_eq!(
            uniform.map(|_| generator.uniform(-0.1, 0.3)),
            uniform,
            "{seed}"
        );
        assert_eq!(
            normal.map(|_| generator.standard_normal()),
            normal,
            "{seed}"
        );
        let mut generator = NumpyRng::new(seed);
        let all: Vec<f64> = (0..200_000).map(|_| generator.standard_normal()).collect();
        let inside = all.iter().filter(|x| x.abs() < TAIL[0]);
        assert_eq!(inside.fold(0, |bits, x| bits ^ x.to_bits()), bits, "{seed}");
        // The tail takes logarithms, whose last bit may differ.
        let size = all.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
        assert!((size - largest).abs() < 1e-14, "{seed}: {size}");
        assert_eq!(all[all.len() - 1], last);
    }
}

#[test]
fn a_generator_read_back_goes_on() {
    let mut generator = NumpyRng::new(3);
    generator.standard_normal();
    let mut copy = generator.clone();
    assert_eq!(generator.standard_normal(), copy.standard_normal());
}
