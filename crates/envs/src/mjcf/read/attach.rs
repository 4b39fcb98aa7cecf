//! Models of other files, attached as they are or one of their bodies. MuJoCo: XML reference, "attach"; Model editing,
//! "Attachment".

use super::super::element::Element;
use super::super::files::Files;
use super::super::place::Place;
use super::super::references::Affixes;
use super::super::rule::some_of;
use super::super::schema;
use super::super::spec::{Named, Spec, Within};
use super::{MOST_KEYFRAMES, read_within, required};
use crate::Result;
use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;

/// Most models that a file names, and that lead to one by naming each other.
const MOST_MODELS: usize = 100;
const MOST_DEEP: usize = 8;

/// The models that a file names, under the names by which they are attached.
#[derive(Default)]
pub(super) struct Models(Vec<(String, Rc<Spec>)>);

/// Something that was attached.
pub(super) struct Graft {
    pub(super) place: Place,
    pub(super) model: Rc<Spec>,
    pub(super) prefix: String,
    /// For each of its bodies the index of what it became; none for what was left out.
    pub(super) became: Vec<Option<usize>>,
}

impl Models {
    /// Reads the models among the assets.
    pub(super) fn read(root: &Element, folder: Option<&Path>, depth: usize) -> Result<Self> {
        let mut models = Vec::new();
        for element in root.all("asset").flat_map(|section| section.all("model")) {
            element.check(&schema::MODEL)?;
            let kind = element.text("content_type").unwrap_or("text/xml");
            if kind != "text/xml" {
                return Err(element.error(format!("content_type is `{kind}`; allowed: text/xml")));
            }
            if models.len() == MOST_MODELS || depth == MOST_DEEP {
                return Err(element.error(format!(
                    "there are more than {MOST_MODELS} models, or more than {MOST_DEEP} that name each other"
                )));
            }
            let file = required(&element, "file")?;
            let Some(folder) = folder else {
                return Err(element.error(format!(
                    "file is `{file}`, but the model is a text and has no folder: load it from a file"
                )));
            };
            let path = folder.join(&file);
            let files = Files::open(&path).map_err(|error| element.error(error.to_string()))?;
            let mut spec = read_within(&files, depth + 1)?;
            spec.attached.extend(files.paths());
            let own = element.text("name").map(str::to_owned);
            models.push((own.unwrap_or_else(|| spec.name.clone()), Rc::new(spec)));
        }
        Ok(Self(models))
    }

    /// The model that an `attach` names, and the body; 0 for all of it.
    pub(super) fn of(&self, element: &Element) -> Result<(Rc<Spec>, usize)> {
        let name = required(element, "model")?;
        if element.text("prefix").is_none() {
            return Err(element.error("prefix is missing"));
        }
        let found = self.0.iter().find(|(other, _)| *other == name);
        let (_, model) = found.ok_or_else(|| {
            let known = some_of(self.0.iter().map(|(name, _)| name.as_str()));
            element.error(format!("there is no model `{name}`; known models: {known}"))
        })?;
        let body = element.text("body").unwrap_or_default();
        if body.is_empty() {
            return Ok((model.clone(), 0));
        }
        let mut bodies = model.bodies.iter();
        let from = bodies.position(|other| other.name == body).ok_or_else(|| {
            let known = some_of(model.bodies.iter().map(|body| body.name.as_str()));
            let message = format!("model `{name}` has no body `{body}`; known bodies: {known}");
            element.error(message)
        })?;
        Ok((model.clone(), from))
    }
}

/// Brings the assets and the keyframes of what was attached into the whole.
pub(super) fn bring(spec: &mut Spec, grafts: &[Graft]) -> Result<()> {
    let (mut taken, mut brought) = (HashSet::new(), HashSet::new());
    for graft in grafts {
        let Graft {
            place,
            model,
            prefix,
            ..
        } = graft;
        // The copies of a `replicate` share assets, and as in MuJoCo have the keyframes of the first.
        let again = !brought.insert((prefix, Rc::as_ptr(model)));
        if again {
            continue;
        }
        let name = |name: &str| format!("{prefix}{name}");
        for mesh in &model.meshes {
            enter(&mut spec.meshes, "mesh", place, name(&mesh.name), mesh)?;
        }
        for field in &model.hfields {
            enter(
                &mut spec.hfields,
                "height field",
                place,
                name(&field.name),
                field,
            )?;
        }
        for (material, rgba) in &model.materials {
            if spec.materials.insert(name(material), *rgba).is_some() {
                let name = name(material);
                return Err(place.error(format!("there is another material named `{name}`")));
            }
        }
        spec.notes.append(&model.notes);
        spec.attached.extend(model.attached.iter().cloned());
        let actuators: Vec<_> = model
            .referring
            .actuators
            .iter()
            .map(|actuator| {
                let own = name_or_none(prefix, &actuator.name);
                let mut all = spec.referring.actuators.iter().enumerate();
                let found = all.find(|(index, other)| {
                    other.place.is_at(&actuator.place)
                        && other.name == own
                        && !taken.contains(index)
                });
                found.map(|(index, _)| index).inspect(|index| {
                    taken.insert(*index);
                })
            })
            .collect();
        for key in &model.keyframes {
            if spec.keyframes.len() == MOST_KEYFRAMES {
                return Err(place.error(format!("there are more than {MOST_KEYFRAMES} keyframes")));
            }
            let mut copy = key.clone();
            copy.name = name_or_none(prefix, &key.name);
            let through = |inner: &[Option<usize>], outer: &[Option<usize>]| {
                inner.iter().map(|index| outer[(*index)?]).collect()
            };
            copy.spec.within = Some(match &key.spec.within {
                None => Within {
                    model: model.clone(),
                    bodies: graft.became.clone(),
                    actuators: actuators.clone(),
                },
                Some(inner) => Within {
                    model: inner.model.clone(),
                    bodies: through(&inner.bodies, &graft.became),
                    actuators: through(&inner.actuators, &actuators),
                },
            });
            spec.keyframes.push(copy);
        }
    }
    Ok(())
}

fn name_or_none(prefix: &str, name: &str) -> String {
    let affixes = Affixes { prefix, suffix: "" };
    affixes.around(name)
}

fn enter<T: Clone>(
    list: &mut Vec<Named<T>>,
    kind: &str,
    place: &Place,
    name: String,
    asset: &Named<T>,
) -> Result<()> {
    if list.iter().any(|other| other.name == name) {
        return Err(place.error(format!("there is another {kind} named `{name}`")));
    }
    list.push(Named {
        name,
        ..asset.clone()
    });
    Ok(())
}
