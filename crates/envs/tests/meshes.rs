//! Mesh files: what is wrong with them is said, with a bound on time and memory, and never with a panic.
//!
//! `FUZZ_SECONDS=600 cargo test --release -p envs --test meshes` mutates files for longer; inputs that coverage-guided
//! fuzzing found (`fuzz/`) are run again.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that fails should fail the test"
)]

use envs::dynamics::Model;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[path = "../../../fuzz/inputs/mesh.rs"]
#[allow(unreachable_pub, reason = "the fuzz target includes the same file")]
mod input;

/// Longest time for one file.
const BOUND: Duration = Duration::from_secs(10);

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("meshes")
        .join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A model with a mesh of these attributes and a geom of it.
fn model(mesh: &str, geom: &str) -> String {
    format!(
        "<mujoco><asset><mesh name='m' {mesh}/></asset>\n<worldbody><body><freejoint/><geom type='mesh' mesh='m' {geom}/></body></worldbody></mujoco>"
    )
}

const CORNERS: &str = "vertex='0 0 0  1 0 0  0 1 0  0 0 1'";

#[test]
fn what_is_wrong_with_a_mesh_is_said() {
    let mesh = |attributes: &str| model(attributes, "");
    for (text, part) in [
        (
            mesh(""),
            "mesh `m`: it has 0 corners; it must have at least 4",
        ),
        (mesh("vertex='0 0 0 1 0 0 0 1 0'"), "it has 3 corners"),
        (
            mesh("vertex='0 0 0 1 0 0 0 1 0 0'"),
            "vertex has 10 numbers; they come in threes",
        ),
        (
            mesh("vertex='0 0 0 1 0 0 0 1 0 1 1 0'"),
            "its corners lie in one plane",
        ),
        (
            mesh("vertex='0 0 0 1 0 0 0 1 0 1 1 0' face='0 1 2 1 3 2'"),
            "its corners lie in one plane",
        ),
        (
            mesh("vertex='0 0 0 0 0 0 0 0 0 0 0 0'"),
            "its corners lie in one plane",
        ),
        (
            mesh("vertex='0 0 0 1e39 0 0 0 1 0 0 0 1'"),
            "a coordinate is not finite",
        ),
        (
            mesh("vertex='0 0 0 1 0 0 0 1 0 0 0 nan'"),
            "not a finite number",
        ),
        (mesh(&format!("{CORNERS} face='0 1'")), "face has 2 numbers"),
        (
            mesh(&format!("{CORNERS} face='0 1 4'")),
            "a triangle has corner 4; there are 4",
        ),
        (
            mesh(&format!("{CORNERS} face='0 1 -1'")),
            "corners are whole numbers from 0",
        ),
        (
            mesh(&format!("{CORNERS} face='0 1 1e300'")),
            "a triangle has corner",
        ),
        (mesh(&format!("{CORNERS} face='0 1 2'")), "its volume is"),
        (mesh(&format!("{CORNERS} face='0 0 0'")), "its area is 0 m²"),
        (
            mesh(&format!("{CORNERS} scale='0 0 0'")),
            "its area is 0 m²",
        ),
        (
            mesh(&format!("{CORNERS} scale='1 0 1'")),
            "its volume is 0 m³",
        ),
        (
            mesh(&format!("{CORNERS} scale='1e300 1 1'")),
            "mesh `m`: its area",
        ),
        (
            mesh(&format!("{CORNERS} scale='1e-9 1e-9 1e-9'")),
            "its area is",
        ),
        (
            mesh(&format!("{CORNERS} refquat='0 0 0 0'")),
            "refquat is 0 0 0 0",
        ),
        (
            mesh(&format!("{CORNERS} inertia='hollow'")),
            "inertia is `hollow`; allowed: convex, exact, legacy, shell",
        ),
        (
            mesh(&format!(
                "{CORNERS} inertia='exact' face='0 1 2 0 2 3 0 3 1 1 3 2'"
            )),
            "inside out",
        ),
        (
            mesh(&format!(
                "{CORNERS} inertia='exact' face='0 2 1 0 1 3 1 2 3 0 2 3'"
            )),
            "two triangles walk from corner",
        ),
        (
            mesh(&format!("{CORNERS} maxhullvert='3'")),
            "maxhullvert is 3; it must be 4 or more",
        ),
        (mesh("builtin='sphere'"), "params has 0 numbers"),
        (
            mesh("builtin='supertorus' params='9 2 1 1'"),
            "the radius is 2; it must be greater than 0 and at most 1",
        ),
        (
            mesh(&format!("{CORNERS} builtin='sphere' params='2'")),
            "builtin excludes file, vertex and face",
        ),
        (
            mesh("file='m.stl'"),
            "the model is a text and has no folder",
        ),
        (
            model(CORNERS, "fromto='0 0 0 1 1 1'"),
            "fromto excludes mesh",
        ),
        (
            model(CORNERS, "mesh='n'"),
            "there is no mesh `n`; known meshes: m",
        ),
    ] {
        let text = text.replace("mesh='m' mesh='n'", "mesh='n'");
        let error = envs::mjcf::compile(&text, "a.xml").unwrap_err().to_string();
        assert!(error.contains(part), "{text}\n{error}\nnot: {part}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let folder = folder("wrong");
    let rock =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/meshes/rock.stl")).unwrap();
    let long = std::fs::File::create(folder.join("long.stl")).unwrap();
    long.set_len(3 << 30).unwrap();
    std::fs::write(folder.join("short.stl"), &rock[..90]).unwrap();
    std::fs::write(folder.join("rock.dae"), &rock).unwrap();
    std::fs::create_dir(folder.join("folder.obj")).unwrap();
    for (file, part) in [
        ("none.stl", "none.stl: No such file"),
        ("long.stl", "long.stl: it is longer than"),
        ("short.stl", "short.stl: the header declares 28 triangles"),
        (
            "rock.dae",
            "rock.dae ends in `dae`; read are .stl, .obj and .msh",
        ),
        ("folder.obj", "folder.obj: Is a directory"),
    ] {
        let main = folder.join("main.xml");
        std::fs::write(&main, model(&format!("file='{file}'"), "")).unwrap();
        let error = Model::from_mjcf(&main).unwrap_err().to_string();
        assert!(error.contains(part), "{error}\nnot: {part}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Where a file is looked for, and what a mesh is called.
#[test]
fn files_are_found_where_mujoco_looks() {
    let folder = folder("places");
    let rock = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/meshes/rock.stl");
    std::fs::create_dir_all(folder.join("parts")).unwrap();
    std::fs::copy(rock, folder.join("parts/rock.STL")).unwrap();
    for (compiler, file) in [
        ("meshdir='parts'", "rock.STL"),
        ("assetdir='parts/'", "rock.STL"),
        ("assetdir='nowhere' meshdir='parts'", "rock.STL"),
        ("", "parts/rock.STL"),
        ("meshdir='parts' strippath='true'", "else/where/rock.STL"),
    ] {
        let text = format!(
            "<mujoco><compiler {compiler}/><asset><mesh file='{file}'/></asset><worldbody><geom type='mesh' mesh='rock'/></worldbody></mujoco>"
        );
        let main = folder.join("main.xml");
        std::fs::write(&main, text).unwrap();
        let model = Model::from_mjcf(&main).unwrap();
        assert_eq!(
            (model.meshes[0].name.as_str(), model.meshes[0].vert.len()),
            ("rock", 16)
        );
    }
}

/// A mesh counts once in a model, and not at all where no geom is it; its hull is there only where it collides.
#[test]
fn a_mesh_is_kept_where_a_geom_is_it() {
    let text = |geoms: &str| {
        format!(
            "<mujoco><asset><mesh name='a' {CORNERS}/><mesh name='b' {CORNERS}/><mesh name='c' file='none.stl'/></asset>
            <worldbody>{geoms}</worldbody></mujoco>"
        )
    };
    let seen = "type='mesh' contype='0' conaffinity='0'";
    let geoms = format!(
        "<geom {seen} mesh='b'/><geom size='1'/><geom {seen} mesh='b'/><geom type='box' mesh='a'/>"
    );
    let model = envs::mjcf::compile(&text(&geoms), "a").unwrap();
    assert_eq!(model.meshes.len(), 1);
    assert_eq!(model.geoms.mesh, [Some(0), None, Some(0), None]);
    assert!(model.meshes[0].hull.points.is_empty());
    let model = envs::mjcf::compile(&text(&geoms.replacen("contype='0'", "", 1)), "a").unwrap();
    assert_eq!(model.meshes[0].hull.points.len(), 4);
    assert_eq!(model.meshes[0].hull.around(0).len(), 3);
}

#[test]
fn mutated_files_neither_panic_nor_hang() {
    let folder = folder("mutated");
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/mesh");
    let seeds: Vec<Vec<u8>> = std::fs::read_dir(seeds)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let mut good = 0;
    let mut run = |bytes: &[u8]| {
        let begun = Instant::now();
        good += usize::from(input::run(bytes, &folder));
        assert!(begun.elapsed() < BOUND, "{bytes:?} takes long");
    };
    seeds.iter().for_each(|bytes| run(bytes));
    let seconds = std::env::var("FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut bytes = seeds.choose(&mut rng).unwrap().clone();
        for _ in 0..rng.random_range(1..8) {
            let at = rng.random_range(0..bytes.len());
            match rng.random_range(0..4) {
                0 => bytes[at] = rng.random(),
                1 => bytes[at] ^= 1 << rng.random_range(0..8),
                2 => bytes.truncate(at.max(1)),
                // A number out of another place: equal corners, lines and planes.
                _ => {
                    let from = rng.random_range(0..bytes.len());
                    let end = (from + 4).min(bytes.len());
                    let to = at.min(bytes.len() - (end - from));
                    bytes.copy_within(from..end, to);
                }
            }
        }
        run(&bytes);
    }
    assert!(good > seeds.len(), "{good} good files");
}
