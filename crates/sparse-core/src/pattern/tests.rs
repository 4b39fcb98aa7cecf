use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;

/// Shapes with no unit, one unit, odd sizes; masks from empty to full.
fn masks() -> impl Strategy<Value = (usize, usize, Vec<bool>)> {
    (0..12usize, 0..12usize, 0.0..=1.0f64).prop_flat_map(|(outputs, inputs, density)| {
        let mask = prop::collection::vec(prop::bool::weighted(density), outputs * inputs);
        (Just(outputs), Just(inputs), mask)
    })
}

proptest! {
    #[test]
    fn mask_round_trips((outputs, inputs, mask) in masks()) {
        let pattern = Pattern::from_mask(outputs, inputs, &mask).unwrap();
        prop_assert_eq!(&pattern.to_mask(), &mask);
        prop_assert_eq!(pattern.nnz(), mask.iter().filter(|active| **active).count());
        let positions: Vec<u32> = pattern.positions().collect();
        let from = Pattern::from_positions(outputs, inputs, &positions).unwrap();
        prop_assert_eq!(&from, &pattern);
        let from = Pattern::from_csr(outputs, inputs, pattern.row_ptr(), pattern.col_idx());
        prop_assert_eq!(from.unwrap(), pattern);
    }

    #[test]
    fn both_indices_hold_the_same_connections((outputs, inputs, mask) in masks()) {
        let pattern = Pattern::from_mask(outputs, inputs, &mask).unwrap();
        let positions: Vec<u32> = pattern.positions().collect();
        let mut seen = vec![false; pattern.nnz()];
        for input in 0..inputs {
            let range = pattern.t_ptr()[input] as usize..pattern.t_ptr()[input + 1] as usize;
            prop_assert!(pattern.t_idx()[range.clone()].is_sorted());
            for slot in range {
                let k = pattern.t_pos()[slot] as usize;
                let position = pattern.t_idx()[slot] as usize * inputs + input;
                prop_assert_eq!(positions[k] as usize, position);
                seen[k] = true;
            }
        }
        prop_assert!(seen.iter().all(|seen| *seen));
    }

    #[test]
    fn rewire_carries_what_both_have(
        (outputs, inputs, from) in masks(),
        seed in any::<u64>(),
    ) {
        let from = Pattern::from_mask(outputs, inputs, &from).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let to = Pattern::random(outputs, inputs, from.nnz(), &mut rng).unwrap();
        let rewire = Rewire::new(&from, &to).unwrap();
        prop_assert_eq!(rewire.kept() + rewire.dropped().len(), from.nnz());
        prop_assert_eq!(rewire.kept() + rewire.grown().len(), to.nnz());
        prop_assert_eq!(rewire.is_identity(), from == to);

        // Dense truth: a value is its position plus one, scattered, masked, gathered.
        let old: Vec<f32> = from.positions().map(|p| p as f32 + 1.0).collect();
        let active = from.to_mask();
        let expected: Vec<f32> = to
            .positions()
            .map(|p| if active[p as usize] { p as f32 + 1.0 } else { -1.0 })
            .collect();
        prop_assert_eq!(rewire.carry_with(&old, -1.0), expected);
    }

    #[test]
    fn highest_scores_win(
        (outputs, inputs, _) in masks(),
        share in 0.0..=1.0f64,
        seed in any::<u64>(),
    ) {
        use rand::RngExt;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let possible = outputs * inputs;
        let nnz = (possible as f64 * share) as usize;
        // Few different scores, so that most are ties.
        let scores: Vec<f32> = (0..possible).map(|_| f32::from(rng.random_range(-2..3i8))).collect();
        let pattern = Pattern::from_scores(outputs, inputs, &scores, nnz).unwrap();
        let mut order: Vec<u32> = (0..possible as u32).collect();
        order.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]));
        order.truncate(nnz);
        order.sort_unstable();
        prop_assert_eq!(pattern.positions().collect::<Vec<_>>(), order);
    }
}

#[test]
fn bad_input_is_an_error() {
    let bad = Pattern::from_positions(2, 3, &[1, 1]).unwrap_err();
    assert!(bad.is_pattern() && bad.to_string().contains("[2×3]"));
    assert!(
        Pattern::from_positions(2, 3, &[6])
            .unwrap_err()
            .is_pattern()
    );
    assert!(
        Pattern::from_positions(2, 0, &[0])
            .unwrap_err()
            .is_pattern()
    );
    assert!(Pattern::from_mask(2, 3, &[true]).unwrap_err().is_shape());
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    assert!(Pattern::random(2, 3, 7, &mut rng).unwrap_err().is_pattern());
    assert!(
        Pattern::random(1 << 20, 1 << 20, 1, &mut rng)
            .unwrap_err()
            .is_pattern()
    );
    assert!(
        Pattern::from_scores(1, 2, &[0.0, f32::NAN], 1)
            .unwrap_err()
            .is_pattern()
    );
    let (a, b) = (Pattern::full(2, 3), Pattern::full(3, 2));
    assert!(Rewire::new(&a, &b).unwrap_err().is_shape());
}

#[test]
fn untrusted_rows_are_refused_with_the_offending_index() {
    let refused = |row_ptr: &[u32], col_idx: &[u32]| {
        let error = Pattern::from_csr(2, 3, row_ptr, col_idx).unwrap_err();
        assert!(error.is_pattern());
        error.to_string()
    };
    for (row_ptr, col_idx, expected) in [
        (&[0, 1][..], &[0][..], "row_ptr has 2 entries: must have 3"),
        (&[], &[], "row_ptr has 0 entries: must have 3"),
        (&[1, 1, 1], &[0], "row_ptr[0] = 1: must be 0"),
        (&[0, 2, 1], &[0, 1], "row_ptr[2] = 1: must be at least 2"),
        (&[0, 1, 2], &[0], "row_ptr[2] = 2: must be 1"),
        (&[0, 1, 1], &[0, 2], "row_ptr[2] = 1: must be 2"),
        (&[0, 1, 2], &[0, 3], "col_idx[1] = 3: must be below 3"),
        (
            &[0, 2, 2],
            &[1, 1],
            "col_idx[1] = 1: must be above 1, the one before in row 0",
        ),
        (
            &[0, 1, 3],
            &[2, 1, 0],
            "col_idx[2] = 0: must be above 1, the one before in row 1",
        ),
    ] {
        let message = refused(row_ptr, col_idx);
        assert!(message.contains(expected), "{message}");
    }
    // Rows may be empty, and the next may start lower.
    let good = Pattern::from_csr(2, 3, &[0, 1, 2], &[2, 0]).unwrap();
    assert_eq!(good.positions().collect::<Vec<_>>(), [2, 3]);
    assert!(Pattern::from_csr(2, 0, &[0, 0, 0], &[]).is_ok());
    let huge = Pattern::from_csr(0, usize::MAX, &[0], &[]).unwrap_err();
    assert!(huge.is_pattern(), "{huge}");
    let message = |positions: &[u32]| {
        let error = Pattern::from_positions(2, 3, positions).unwrap_err();
        error.to_string()
    };
    assert!(message(&[0, 2, 2]).contains("positions[1] = 2 is followed by 2"));
    assert!(message(&[0, 5, 6, 7]).contains("positions[2] = 6: must be below 6"));
}

#[test]
fn accessors_agree_on_a_small_pattern() {
    let pattern = Pattern::from_positions(3, 2, &[0, 1, 5]).unwrap();
    assert_eq!(format!("{pattern:?}"), "Pattern [3×2], 3 active");
    assert_eq!(pattern.row_ptr(), [0, 2, 2, 3]);
    assert_eq!(pattern.empty_rows().collect::<Vec<_>>(), [1]);
    assert_eq!(pattern.density(), 0.5);
    assert!(!pattern.is_full() && Pattern::full(3, 2).is_full());
    assert!(pattern.is_same(&pattern.clone()));
}

#[test]
fn random_patterns_repeat_with_their_seed() {
    let draw = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Pattern::random(64, 65, 400, &mut rng).unwrap()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_eq!(draw(1).nnz(), 400);
}
