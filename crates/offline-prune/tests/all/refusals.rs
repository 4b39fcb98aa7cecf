//! What is wrong in a file is an error that names the file, the array and the row.

use std::path::Path;

use crate::common::sample;
use hdf5_pure::{DatasetBuilder, FileBuilder};
use offline_prune::Error;
use offline_prune::dataset::Dataset;

/// A change to one array of a file that is fine otherwise.
type Change = fn(&mut DatasetBuilder);

/// Writes 4 rows of 2 + 1 numbers, `key` changed or left out.
fn write(path: &Path, key: &str, change: Option<Change>) {
    let mut file = FileBuilder::new();
    let mut array = |name: &str, numbers: &[f32], shape: &[u64]| {
        if name == key && change.is_none() {
            return;
        }
        let array = file.create_dataset(name);
        array.with_f32_data(numbers).with_shape(shape);
        if let Some(change) = change.filter(|_| name == key) {
            change(array);
        }
    };
    array("observations", &[0.0; 8], &[4, 2]);
    array("actions", &[0.5; 4], &[4, 1]);
    array("rewards", &[1.0; 4], &[4]);
    array("terminals", &[0.0; 4], &[4]);
    array("timeouts", &[0.0; 4], &[4]);
    file.write(path).unwrap();
}

fn refusal(key: &str, change: Option<Change>) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    write(&path, key, change);
    let error = Dataset::open(&path).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("data.h5"), "{message}");
    assert!(message.contains(&format!("`{key}`")), "{message}");
    error
}

#[test]
fn the_file_is_fine_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    write(&path, "none", None);
    assert_eq!(Dataset::open(&path).unwrap().len(), 3);
}

#[test]
fn missing_arrays_are_named() {
    for key in [
        "observations",
        "actions",
        "rewards",
        "terminals",
        "timeouts",
    ] {
        assert!(matches!(refusal(key, None), Error::MissingArray { .. }));
    }
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let cases: [(&str, Change); 6] = [
        ("observations", |a| {
            a.with_f32_data(&[0.0; 4]).with_shape(&[4]);
        }),
        ("observations", |a| {
            a.with_f32_data(&[0.0; 8]).with_shape(&[4, 2, 1]);
        }),
        ("actions", |a| {
            a.with_f32_data(&[0.0; 3]).with_shape(&[3, 1]);
        }),
        ("rewards", |a| {
            a.with_f32_data(&[0.0; 8]).with_shape(&[4, 2]);
        }),
        ("terminals", |a| {
            a.with_f32_data(&[0.0; 5]).with_shape(&[5]);
        }),
        ("timeouts", |a| {
            a.with_f32_data(&[0.0; 1]).with_shape(&[]);
        }),
    ];
    for (key, change) in cases {
        let error = refusal(key, Some(change));
        assert!(matches!(error, Error::Shape { .. }), "{error}");
    }
}

#[test]
fn numbers_that_are_not_allowed_are_named_with_their_row() {
    let cases: [(&str, Change, usize); 6] = [
        (
            "observations",
            |a| {
                a.with_f32_data(&[0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0, 0.0]);
            },
            2,
        ),
        (
            "observations",
            // Infinite as `f32`.
            |a| {
                a.with_f64_data(&[0.0, 0.0, 0.0, 1e300, 0.0, 0.0, 0.0, 0.0]);
            },
            1,
        ),
        (
            "actions",
            |a| {
                a.with_f32_data(&[1.0, -1.0, 0.0, 1.001]);
            },
            3,
        ),
        (
            "rewards",
            |a| {
                a.with_f32_data(&[f32::INFINITY, 0.0, 0.0, 0.0]);
            },
            0,
        ),
        (
            "terminals",
            |a| {
                a.with_f32_data(&[0.0, 0.5, 0.0, 0.0]);
            },
            1,
        ),
        (
            "timeouts",
            |a| {
                a.with_u8_data(&[0, 1, 2, 0]);
            },
            2,
        ),
    ];
    for (key, change, expected) in cases {
        let error = refusal(key, Some(change));
        assert!(
            matches!(error, Error::Value { row, .. } if row == expected),
            "{error}"
        );
    }
}

#[test]
fn texts_are_no_numbers() {
    let error = refusal(
        "rewards",
        Some(|a| {
            a.with_compound_values(&[(1_u8, 2_u8); 4]).unwrap();
        }),
    );
    assert!(matches!(error, Error::Type { .. }), "{error}");
}

/// Where an array is not there, what is in its place is said, and what helps.
#[test]
fn arrays_that_lie_elsewhere_are_named() {
    for (name, words) in [
        (
            "external_link.hdf5",
            "`observations` is missing: it is a link to `/observations` in the file d4rl.hdf5, and links",
        ),
        (
            "new_soft_link.hdf5",
            "it is a link to `/store/seen` in this file, and links are not followed; copy",
        ),
        (
            "soft_link.hdf5",
            "`observations`: it is a soft link, and links are not followed; copy",
        ),
        (
            "virtual.hdf5",
            "`observations`: a virtual dataset, whose numbers lie in other files",
        ),
        (
            "szip.hdf5",
            "`observations`: compressed by szip, which is not read; gzip and lzf are",
        ),
        (
            "latest.hdf5",
            "`observations`: a layout that this reader does not know; write the file again with",
        ),
        (
            "growing.hdf5",
            "`observations`: chunks with two axes that grow, in a layout that is not read; write",
        ),
        (
            "group.hdf5",
            "`observations` is missing: it is a group, of observations or actions of several",
        ),
    ] {
        let error = Dataset::open(sample(name)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(words), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    write(&path, "observations", None);
    let error = Dataset::open(&path).unwrap_err().to_string();
    let there = "; there are `actions`, `rewards`, `terminals`, `timeouts`";
    assert!(error.contains(there), "{error}");
}

#[test]
fn shapes_of_other_data_are_explained() {
    let cases: [(&str, Change, &str); 4] = [
        (
            "observations",
            |a| {
                a.with_u8_data(&[0; 16]).with_shape(&[4, 2, 2]);
            },
            "pictures",
        ),
        (
            "observations",
            |a| {
                a.with_f32_data(&[0.0; 4]).with_shape(&[4]);
            },
            "[rows, 1]",
        ),
        (
            "actions",
            |a| {
                a.with_i64_data(&[0, 1, 2, 3]).with_shape(&[4]);
            },
            "discrete actions",
        ),
        (
            "observations",
            |a| {
                a.with_f32_data(&[]).with_shape(&[0, 2]);
            },
            "1 row or more",
        ),
    ];
    for (key, change, words) in cases {
        let error = refusal(key, Some(change)).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn nothing_to_learn_from_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    write(
        &path,
        "timeouts",
        Some(|a| {
            a.with_f32_data(&[1.0; 4]);
        }),
    );
    let error = Dataset::open(&path).unwrap_err();
    assert!(matches!(error, Error::NoTransitions { .. }), "{error}");
}

#[test]
fn rounding_errors_of_actions_are_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    write(
        &path,
        "actions",
        Some(|a| {
            a.with_f32_data(&[1.000_005, -1.000_005, 0.25, 0.0]);
        }),
    );
    assert_eq!(Dataset::open(&path).unwrap().actions(), [1.0, -1.0, 0.25]);
}

#[test]
fn other_ranges_are_moved_to_that_of_agents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    write(
        &path,
        "actions",
        Some(|a| {
            a.with_f32_data(&[3.0, -1.0, 2.0, 0.0]);
        }),
    );
    let data = Dataset::open_within(&path, &[[-1.0, 3.0]]).unwrap();
    assert_eq!(data.actions(), [1.0, -1.0, 0.5]);
    for bounds in [&[[1.0, 1.0]][..], &[[f64::NAN, 1.0]], &[]] {
        let error = Dataset::open_within(&path, bounds).unwrap_err();
        assert!(
            matches!(error, Error::Learning(rl_algos::Error::Config { .. })),
            "{error}"
        );
    }
    let error = Dataset::open_within(&path, &[[-1.0, 3.0]; 2]).unwrap_err();
    assert!(error.to_string().contains("2 pairs"), "{error}");
}

/// Copies the sample of Minari, its text changed.
fn minari(change: impl Fn(String) -> String) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let data = sample("minari/data");
    for name in ["main_data.hdf5", "metadata.json"] {
        std::fs::copy(data.join(name), folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("metadata.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, change(text)).unwrap();
    let error = Dataset::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains(folder.path().to_str().unwrap()));
    error
}

#[test]
fn descriptions_that_do_not_fit_are_refused() {
    let error = minari(|text| text.replace("\"total_episodes\": 3", "\"total_episodes\": 4"));
    assert!(error.to_string().contains("total_episodes = 4"), "{error}");
    let error = minari(|text| text.replace("0.5", "0.25"));
    assert!(
        matches!(&error, Error::Value { key, row: 0, .. } if key == "episode_0/actions"),
        "{error}"
    );
    let error = minari(|text| text.replace("Box", "Discrete"));
    assert!(error.to_string().contains("Discrete"), "{error}");
    let error = minari(|text| text[..40].to_owned());
    assert!(error.to_string().contains("line 1"), "{error}");
}

#[test]
fn episodes_without_steps_and_spaces_of_several_parts_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("main_data.hdf5");
    let mut file = FileBuilder::new();
    let mut episode = file.create_group("episode_0");
    episode
        .create_dataset("observations")
        .with_f32_data(&[0.0; 2])
        .with_shape(&[1, 2]);
    file.add_group(episode.finish());
    file.write(&path).unwrap();
    let error = Dataset::open(&path).unwrap_err();
    assert!(
        matches!(&error, Error::EmptyEpisode { episode, .. } if episode == "episode_0"),
        "{error}"
    );
    let mut file = FileBuilder::new();
    let mut episode = file.create_group("episode_0");
    let mut parts = episode.create_group("observations");
    parts
        .create_dataset("goal")
        .with_f32_data(&[0.0; 2])
        .with_shape(&[2, 1]);
    episode.add_group(parts.finish());
    file.add_group(episode.finish());
    file.write(&path).unwrap();
    let error = Dataset::open(&path).unwrap_err();
    assert!(
        matches!(&error, Error::Type { key, .. } if key == "episode_0/observations"),
        "{error}"
    );
}
