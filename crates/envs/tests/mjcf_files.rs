//! Models in files: `include`, and what can be wrong with it.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that fails should fail the test"
)]

use std::path::{Path, PathBuf};

/// An empty folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("mjcf_files")
        .join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The complaint about `main.xml` in such a folder, without the folder's path.
fn complaint(name: &str, files: &[(&str, &str)]) -> String {
    let folder = folder(name, files);
    let error = envs::mjcf::load(folder.join("main.xml")).unwrap_err();
    let text = error.to_string();
    text.replace(&format!("{}/", folder.display()), "")
}

const BODY: &str = "<body><joint/><geom size='1'/></body>";

#[test]
fn files_stand_where_they_are_included() {
    let folder = folder(
        "nested",
        &[
            (
                "main.xml",
                "<mujoco><include file='parts/defaults.xml'/><worldbody><body name='a'><joint/><geom/>
                 <include file='parts/arm.xml'/></body></worldbody></mujoco>",
            ),
            (
                "parts/defaults.xml",
                "<mujocoinclude><default><geom size='.5'/></default><option timestep='.01'/></mujocoinclude>",
            ),
            (
                "parts/arm.xml",
                "<x><body name='b'><joint/><geom/></body><include file='leg.xml'/><site name='s'/></x>",
            ),
            ("parts/leg.xml", "<x><body name='c'/></x>"),
        ],
    );
    let model = envs::dynamics::Model::from_mjcf(folder.join("main.xml")).unwrap();
    assert_eq!(model.bodies.name, ["world", "a", "b", "c"]);
    assert_eq!(model.bodies.parent, [0, 0, 1, 1]);
    assert_eq!(model.sites.body, [1]);
    assert_eq!(model.geoms.size[1][0], 0.5);
    assert_eq!(model.opt.timestep, 0.01);
}

#[test]
fn a_file_beside_the_model_goes_before_one_beside_the_including_file() {
    let size = |size: &str| format!("<x><default><geom size='{size}'/></default></x>");
    let main = "<mujoco><include file='in/a.xml'/><worldbody><body><joint/><geom/></body></worldbody></mujoco>";
    let folder = folder(
        "both",
        &[
            ("main.xml", main),
            ("in/a.xml", "<x><include file='b.xml'/></x>"),
            ("in/b.xml", &size("1")),
            ("b.xml", &size("2")),
        ],
    );
    let model = envs::mjcf::load(folder.join("main.xml")).unwrap();
    assert_eq!(model.geoms.size[0][0], 2.0);
}

#[test]
fn complaints_name_the_included_file() {
    let main = "<mujoco>\n<worldbody>\n<include file='a.xml'/></worldbody></mujoco>";
    let cases = [
        (
            "<x>\n\n<body colour='1'/></x>",
            "a.xml:3: <body>: unknown attribute colour=`1`",
        ),
        (
            "<x>\n<body></x>",
            "a.xml:2: <body>: <body> ends as </x> (column 7)",
        ),
        ("words", "a.xml:1: <?xml>: "),
        (
            "<x/>",
            "main.xml:3: <include>: file `a.xml` holds no element",
        ),
        (
            "<x>\n<include file='a.xml'/></x>",
            "a.xml:2: <include>: file `a.xml` is already included",
        ),
        (
            "<x><include file='main.xml'/></x>",
            "a.xml:1: <include>: file `main.xml` is already included",
        ),
        ("<x><include/></x>", "a.xml:1: <include>: file is missing"),
        (
            "<x><include file='b.xml'><body/></include></x>",
            "a.xml:1: <include>: an include element holds nothing",
        ),
        (
            "<x><include file='b.xml'/></x>",
            "a.xml:1: <include>: cannot read file `b.xml` as b.xml: ",
        ),
        (
            "<x><include file='..'/></x>",
            "a.xml:1: <include>: cannot read file `..`",
        ),
    ];
    for (index, (text, expected)) in cases.iter().enumerate() {
        let found = complaint(
            &format!("wrong{index}"),
            &[("main.xml", main), ("a.xml", text)],
        );
        assert!(
            found.starts_with(expected),
            "expected {expected}, found {found}"
        );
    }
    let twice = format!(
        "<mujoco><worldbody>{BODY}<include file='a.xml'/><include file='./a.xml'/></worldbody></mujoco>"
    );
    let found = complaint(
        "twice",
        &[("main.xml", &twice), ("a.xml", "<x><body/></x>")],
    );
    assert!(
        found.ends_with("file `./a.xml` is already included"),
        "{found}"
    );
}

#[test]
fn a_file_must_be_text_and_not_too_long() {
    let folder = folder("long", &[("main.xml", "")]);
    let path = folder.join("main.xml");
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    let error = envs::mjcf::load(&path).unwrap_err();
    assert!(matches!(error, envs::Error::Read { .. }), "{error}");
    std::fs::write(&path, vec![b' '; (32 << 20) + 1]).unwrap();
    let error = envs::mjcf::load(&path).unwrap_err().to_string();
    assert!(error.contains("longer than 33554432 bytes"), "{error}");
}

#[test]
fn notes_name_the_included_file() {
    let main = "<mujoco><worldbody>\n<include file='a.xml' to='c'/></worldbody></mujoco>";
    let part = "<x>\n\n<!-- -- -->\n<body><joint range='1 -1'/><geom size='1'/></body></x>";
    let folder = folder("notes", &[("main.xml", main), ("a.xml", part)]);
    let model = envs::mjcf::load(folder.join("main.xml")).unwrap();
    let place = format!("{}/", folder.display());
    let notes: Vec<_> = model.notes.iter().map(|n| n.replace(&place, "")).collect();
    assert_eq!(
        notes,
        [
            "main.xml:2: <include>: attributes other than file are passed over",
            "a.xml:3: <?xml>: a comment holds `--`",
            "a.xml:4: <joint>: range is 1 -1: the first is not lower than the second, so there is no limit",
        ]
    );
}
