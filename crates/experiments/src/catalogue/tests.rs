use super::*;

/// The file is what the libraries have; `UPDATE_EXPECT=1 cargo xtask test catalogue` writes it.
#[test]
#[cfg(feature = "run")]
fn the_file_is_what_the_libraries_have() {
    let mut text = String::from(
        "# Kind, name, what it is, source. A test of this crate writes it from the libraries.\n",
    );
    for kind in Kind::ALL {
        for Entry {
            name,
            about,
            source,
        } in entries(kind)
        {
            text += &format!("{}\t{name}\t{about}\t{source}\n", kind.tag());
        }
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue/catalogue.txt");
        std::fs::write(file, &text).unwrap();
        return;
    }
    assert!(
        text == WRITTEN,
        "UPDATE_EXPECT=1 cargo xtask test catalogue writes src/catalogue/catalogue.txt anew"
    );
    for kind in Kind::ALL {
        assert_eq!(written(kind), entries(kind));
    }
}

#[test]
fn task_names_are_forgiven_their_case_hyphens_and_version() {
    for name in [
        "HalfCheetah-v5",
        "halfcheetah",
        "half-cheetah",
        "HALF_CHEETAH_V5",
    ] {
        assert_eq!(find(Kind::Task, name).unwrap(), "HalfCheetah-v5", "{name}");
    }
    assert_eq!(find(Kind::Task, "ant-v4").unwrap(), "Ant-v4");
    assert!(find(Kind::Task, "HalfCheetah-v2").is_err());
    let model = find(Kind::Task, "my/Robot.XML").unwrap_err();
    assert!(model.starts_with("it is a model; `task new`"), "{model}");
    for path in ["my/robot.toml", "./my//robot.toml"] {
        assert_eq!(find(Kind::Task, path).unwrap(), "my/robot.toml");
    }
}

#[test]
fn an_unknown_name_tells_the_nearest_and_all() {
    let error = find(Kind::Task, "hoper").unwrap_err();
    let start = "unknown task; did you mean Hopper-v5? known tasks: HalfCheetah-v5";
    assert!(error.starts_with(start), "{error}");
    let error = find(Kind::Criterion, "snap").unwrap_err();
    assert!(
        error.starts_with("unknown criterion; did you mean snip? known criteria: snip, grasp"),
        "{error}"
    );
    let error = find(Kind::Device, "qqqqqqqq").unwrap_err();
    assert_eq!(
        error,
        "unknown device; known devices: flex, ndarray, wgpu, cuda"
    );
    assert_eq!(find(Kind::Criterion, " GraSP").unwrap(), "grasp");
}

#[test]
fn names_are_listed_in_a_sentence() {
    assert_eq!(listed(Kind::Device, "or"), "flex, ndarray, wgpu or cuda");
}
