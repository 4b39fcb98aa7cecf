//! Reader of MJCF, MuJoCo's XML format: from text to a compiled [`Model`].
//!
//! What the engine does not do is an error that names file, line, element and value; whatever changes the motion is
//! computed or refused. What MuJoCo accepts though it looks wrong is accepted, with a note in [`Model::notes`].
//! `schema.rs` lists every element and attribute: those that are read, those that are skipped and why, and those that
//! are allowed only at the value which changes nothing.
//!
//! In reading order: `files` (texts and includes), `xml` (text → elements), `rule` and `schema` (what is allowed),
//! `element` (typed attributes), `place` and `notes` (what is complained about and passed over), `spec`, `asset` and `sensor` (what a
//! file says), `attributes`, `defaults`, `unmet` and `read` (XML → spec), `references` (who names whom), `compile` (spec → model) with `mesh`, `hfield`, `inertia`,
//! `orientation`, `frames`, `pairs`, `constants` and `lengthrange`. MuJoCo:
//! XML reference; Modeling chapter.

mod asset;
mod attributes;
mod compile;
mod compiler;
mod constants;
mod defaults;
mod element;
mod files;
mod frames;
mod hfield;
mod inertia;
mod kind;
mod lengthrange;
mod mesh;
mod notes;
mod orientation;
mod pairs;
mod place;
mod read;
mod references;
mod rule;
mod schema;
mod sensor;
mod spec;
#[cfg(test)]
mod tests;
mod unmet;
mod xml;

use self::files::Files;
pub(crate) use self::files::open_file;
use crate::Result;
use crate::dynamics::model::Model;
use std::path::{Path, PathBuf};

/// Reads and compiles the model in the file at `path` and the files that it includes.
///
/// # Errors
/// [`crate::Error::Read`] when the file cannot be read as text, otherwise as [`compile`].
pub fn load(path: impl AsRef<Path>) -> Result<Model> {
    compile::compile(&read::read(&Files::open(path.as_ref())?)?)
}

/// The files that the model at `path` is made from: its own, those that it includes, and those of its meshes and
/// height fields.
///
/// # Errors
/// As [`load`].
pub fn files(path: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let files = Files::open(path.as_ref())?;
    let spec = read::read(&files)?;
    let meshes = spec.meshes.iter().map(|mesh| &mesh.spec.file);
    let fields = spec.hfields.iter().map(|field| &field.spec.file);
    let shown = meshes
        .chain(fields)
        .filter_map(|file| file.as_ref()?.clone().ok());
    let attached = spec.attached.iter().cloned();
    Ok(files.paths().chain(attached).chain(shown).collect())
}

/// Compiles the model in the text `xml`; `name` stands for the file in error messages. A text cannot include
/// files; [`load`] can.
///
/// # Errors
/// [`crate::Error::Mjcf`] for anything that is not well-formed MJCF or that the engine does not do.
///
/// ```
/// let xml = r#"<mujoco>
///   <worldbody>
///     <body>
///       <joint type="hinge" axis="0 1 0"/>
///       <geom type="capsule" size="0.05" fromto="0 0 0 0 0 -1"/>
///     </body>
///   </worldbody>
/// </mujoco>"#;
/// let pendulum = envs::mjcf::compile(xml, "pendulum")?;
/// assert_eq!((pendulum.nq, pendulum.nv, pendulum.nu), (1, 1, 0));
///
/// let error = envs::mjcf::compile(&xml.replace("capsule", "sdf"), "pendulum").unwrap_err();
/// assert!(error.to_string().starts_with("pendulum:5: <geom>: type is `sdf`"));
/// # Ok::<(), envs::Error>(())
/// ```
pub fn compile(xml: &str, name: &str) -> Result<Model> {
    compile::compile(&read::read(&Files::one(xml, name)?)?)
}

impl Model {
    /// Reads and compiles the model in the MJCF file at `path`; the same as [`load`].
    ///
    /// # Errors
    /// As [`load`].
    pub fn from_mjcf(path: impl AsRef<Path>) -> Result<Self> {
        load(path)
    }
}
