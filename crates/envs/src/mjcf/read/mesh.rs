//! Meshes among the assets.

use super::super::asset::MeshSpec;
use super::super::attributes;
use super::super::compiler::Compiler;
use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::schema;
use super::super::spec::Named;
use super::{Names, asset_file};
use crate::Result;
use std::path::Path;

/// Most meshes of a model.
const MOST_MESHES: usize = 10_000;

/// All meshes; `folder` is the model's own, none where it has no file.
pub(super) fn meshes(
    root: &Element,
    defaults: &Defaults,
    compiler: &Compiler,
    folder: Option<&Path>,
) -> Result<Vec<Named<MeshSpec>>> {
    let mut meshes = Vec::new();
    let mut names = Names::new("mesh");
    for section in root.all("asset") {
        section.check(&schema::ASSET)?;
        for element in section.all("mesh") {
            let mut spec = attributes::mesh(&element, &defaults.of(&element, 0)?.mesh)?;
            spec.unmet.settle(&element)?;
            let mut name = element.text("name").unwrap_or_default().to_owned();
            let (file, stem) = asset_file(&element, compiler, folder);
            spec.file = file.or(spec.file);
            if let (true, Some(stem)) = (name.is_empty(), stem) {
                name = stem;
            }
            if name.is_empty() {
                return Err(element.error("name is missing, and there is no file to take it from"));
            }
            if meshes.len() == MOST_MESHES {
                return Err(element.error(format!("there are more than {MOST_MESHES} meshes")));
            }
            meshes.push(names.claim(&element, name, spec)?);
        }
    }
    Ok(meshes)
}
