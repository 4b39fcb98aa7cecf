//! Files of h5py, NumPy and Minari load to the numbers that `tests/data/make.py` wrote.

use crate::common::sample;
use offline_prune::Error;
use offline_prune::dataset::Dataset;
use offline_prune::score::Reference;

const ROWS: usize = 24;

fn observation(row: usize) -> Vec<f32> {
    (0..3).map(|j| 0.25 * row as f32 + j as f32).collect()
}

fn action(row: usize) -> Vec<f32> {
    let number = |j: usize| ((3 * row + 5 * j) % 17) as f32 - 8.0;
    (0..2).map(|j| number(j) / 8.0).collect()
}

/// What a file without next observations must give: its rows `rows`, and where each leads.
fn check(data: &Dataset, rows: &[usize], next: impl Fn(usize) -> Option<Vec<f32>>) {
    assert_eq!(data.len(), rows.len());
    assert_eq!((data.observation_size(), data.action_size()), (3, 2));
    let all =
        |row: fn(usize) -> Vec<f32>| -> Vec<f32> { rows.iter().flat_map(|r| row(*r)).collect() };
    assert_eq!(data.observations(), all(observation));
    assert_eq!(data.actions(), all(action));
    assert_eq!(data.rewards(), all(|row| vec![1.5 * row as f32 - 4.0]));
    for (index, row) in rows.iter().enumerate() {
        let found = data.next_observation(index).map(<[f32]>::to_vec);
        assert_eq!(found, next(*row), "after row {row}");
    }
}

fn which(data: &Dataset, is: impl Fn(&Dataset, usize) -> bool) -> Vec<usize> {
    (0..data.len()).filter(|row| is(data, *row)).collect()
}

#[test]
fn files_without_next_observations_lose_only_the_rows_that_lead_nowhere() {
    for name in ["d4rl.hdf5", "d4rl.npz", "half.hdf5", "half.npz", "lzf.hdf5"] {
        let data = Dataset::open(sample(name)).unwrap();
        let rows: Vec<usize> = (0..ROWS).filter(|r| ![11, 23].contains(r)).collect();
        let terminal = |row| [6, 19].contains(&row);
        check(&data, &rows, |row| {
            (!terminal(row)).then(|| observation(row + 1))
        });
        // Row 19 is both a terminal and timed out. BatchShape 12 to 22 are the 11th to the 21st that are left.
        assert_eq!(which(&data, Dataset::is_terminal), [6, 18], "{name}");
        assert_eq!(which(&data, Dataset::is_cut), [10, 21], "{name}");
        let episodes: Vec<_> = data.episodes().collect();
        assert_eq!(episodes, [0..7, 7..11, 11..19, 19..22], "{name}");
    }
}

#[test]
fn files_with_next_observations_lose_nothing() {
    for name in ["d4rl_next.hdf5", "d4rl_compressed.npz"] {
        let data = Dataset::open(sample(name)).unwrap();
        let rows: Vec<usize> = (0..ROWS).collect();
        check(&data, &rows, |row| {
            let apart = || (0..3).map(|j| (100 + row + j) as f32).collect();
            Some(match row {
                6 | 11 | 19 | 23 => apart(),
                _ => observation(row + 1),
            })
        });
        assert_eq!(which(&data, Dataset::is_terminal), [6, 19], "{name}");
        assert_eq!(which(&data, Dataset::is_cut), [11, 23], "{name}");
        // What the next row holds is not stored again.
        let floats = ROWS * (3 + 2 + 1) + 4 * 3;
        let endings = 4 * size_of::<[usize; 3]>();
        assert!(
            data.bytes() <= 4 * floats + ROWS + 2 * endings,
            "{}",
            data.bytes()
        );
    }
}

#[test]
fn episodes_of_minari_keep_their_last_observations() {
    for path in [
        "minari",
        "minari/data",
        "minari/data/main_data.hdf5",
        // Minari 0.4 keeps the range of actions in attributes.
        "minari04",
        "minari04/data/main_data.hdf5",
    ] {
        let data = Dataset::open(sample(path)).unwrap();
        let steps = [(0, 4), (1, 1), (2, 6)];
        let each = steps
            .iter()
            .flat_map(|(e, steps)| (0..*steps).map(|t| (*e, t)));
        let each: Vec<(usize, usize)> = each.collect();
        let seen =
            |(e, t): (usize, usize)| (0..3).map(move |j| (10 * e + j) as f32 + 0.5 * t as f32);
        // The range [-0.5, 0.5] becomes [-1, 1].
        let done =
            |(e, t): (usize, usize)| (0..2).map(move |j| (((t + e + j) % 5) as f32 - 2.0) / 2.0);
        let observations: Vec<f32> = each.iter().flat_map(|step| seen(*step)).collect();
        let actions: Vec<f32> = each.iter().flat_map(|step| done(*step)).collect();
        let rewards: Vec<f32> = each.iter().map(|(e, t)| *t as f32 - *e as f32).collect();
        assert_eq!(data.observations(), observations);
        assert_eq!(data.actions(), actions);
        assert_eq!(data.rewards(), rewards);
        assert_eq!(data.episodes().collect::<Vec<_>>(), [0..4, 4..5, 5..11]);
        assert_eq!(which(&data, Dataset::is_terminal), [3]);
        assert_eq!(which(&data, Dataset::is_cut), [4, 10]);
        for (row, (e, t)) in each.iter().enumerate() {
            let next: Vec<f32> = seen((*e, t + 1)).collect();
            assert_eq!(data.next_observation(row), Some(&next[..]));
        }
        let reference = path.starts_with("minari04").then_some(Reference {
            min: 0.0,
            max: 10.0,
        });
        assert_eq!(data.reference(), reference);
    }
}

#[test]
fn the_kind_is_found_by_content() {
    let folder = tempfile::tempdir().unwrap();
    for (name, disguise) in [("d4rl.hdf5", "x.npz"), ("d4rl.npz", "x.hdf5")] {
        let path = folder.path().join(disguise);
        std::fs::copy(sample(name), &path).unwrap();
        assert_eq!(
            Dataset::open(path).unwrap(),
            Dataset::open(sample(name)).unwrap()
        );
    }
    // HDF5 may start after a block of a user's own.
    let shifted = folder.path().join("shifted");
    let mut bytes = vec![b'#'; 512];
    bytes.extend(std::fs::read(sample("d4rl.hdf5")).unwrap());
    // Its superblock says so.
    bytes[512 + 24..512 + 32].copy_from_slice(&512_u64.to_le_bytes());
    std::fs::write(&shifted, bytes).unwrap();
    assert_eq!(
        Dataset::open(shifted).unwrap(),
        Dataset::open(sample("d4rl.hdf5")).unwrap()
    );
}

#[test]
fn other_files_and_folders_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &std::path::Path| Dataset::open(path).unwrap_err();
    let text = folder.path().join("data.csv");
    std::fs::write(&text, "a,b,c,d,e,f").unwrap();
    assert!(matches!(error(&text), Error::UnknownKind { found, .. } if found.contains("a,b,c")));
    std::fs::write(&text, "").unwrap();
    assert!(matches!(error(&text), Error::UnknownKind { found, .. } if found.contains("empty")));
    assert!(matches!(error(folder.path()), Error::UnknownKind { .. }));
    std::fs::write(
        folder.path().join("metadata.json"),
        r#"{"data_format": "arrow"}"#,
    )
    .unwrap();
    assert!(
        matches!(error(folder.path()), Error::UnknownKind { found, .. } if found.contains("`arrow`"))
    );
    let described = folder.path().join("metadata.json");
    std::fs::write(described, r#"{"data_format": "hdf5"}"#).unwrap();
    assert!(
        matches!(error(folder.path()), Error::UnknownKind { found, .. } if found.ends_with("no main_data.hdf5"))
    );
    let missing = folder.path().join("missing.hdf5");
    let message = error(&missing).to_string();
    assert!(message.contains("missing.hdf5"), "{message}");
}

#[test]
fn a_file_that_breaks_off_is_an_error_or_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "d4rl.hdf5",
        "d4rl_next.hdf5",
        "d4rl.npz",
        "minari/data/main_data.hdf5",
    ] {
        let bytes = std::fs::read(sample(name)).unwrap();
        let whole = Dataset::open(sample(name)).unwrap();
        let path = folder.path().join("cut");
        for length in (0..bytes.len()).step_by(61) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            match Dataset::open_within(&path, &[[-1.0, 1.0]]) {
                Err(error) => assert!(error.to_string().contains("cut"), "{error}"),
                // Without its metadata, Minari's actions have another range.
                Ok(data) => {
                    assert!(length > bytes.len() / 4, "{name}: {length} bytes will do");
                    assert_eq!(data.observations(), whole.observations(), "{length}");
                }
            }
        }
    }
}
