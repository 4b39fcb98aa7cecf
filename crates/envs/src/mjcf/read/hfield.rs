//! Height fields among the assets.

use super::super::asset::HeightFieldSpec;
use super::super::compiler::Compiler;
use super::super::element::Element;
use super::super::schema;
use super::super::spec::Named;
use super::{Names, asset_file, required};
use crate::Result;
use std::path::Path;

/// Most height fields of a model.
const MOST_FIELDS: usize = 1000;

/// All height fields; `folder` is the model's own, none where it has no file.
pub(super) fn hfields(
    root: &Element,
    compiler: &Compiler,
    folder: Option<&Path>,
) -> Result<Vec<Named<HeightFieldSpec>>> {
    let mut fields = Vec::new();
    let mut names = Names::new("height field");
    for section in root.all("asset") {
        for element in section.all("hfield") {
            element.check(&schema::HFIELD)?;
            if fields.len() == MOST_FIELDS {
                return Err(
                    element.error(format!("there are more than {MOST_FIELDS} height fields"))
                );
            }
            required(&element, "size")?;
            let mut spec = HeightFieldSpec::default();
            element.array("size", &mut spec.size)?;
            let count = [0, i64::from(i32::MAX)];
            element.integer("nrow", count, &mut spec.grid[0])?;
            element.integer("ncol", count, &mut spec.grid[1])?;
            spec.elevation = element.list("elevation")?;
            if let Some(kind) = element.text("content_type") {
                spec.content_type = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
            }
            let (file, stem) = asset_file(&element, compiler, folder);
            spec.file = file;
            let own = element.text("name").filter(|name| !name.is_empty());
            let name = own.map(str::to_owned).or(stem);
            let name = name.ok_or_else(|| {
                element.error("name is missing, and there is no file to take it from")
            })?;
            fields.push(names.claim(&element, name, spec)?);
        }
    }
    Ok(fields)
}
