//! Meshes and height fields that geoms use, compiled when the first one does.

use super::super::asset::MeshSpec;
use super::super::hfield;
use super::super::mesh::{self, Compiled, Hulls, Left};
use super::super::place::Place;
use super::super::rule::some_of;
use super::super::spec::{GeomSpec, Named, Spec};
use super::Builder;
use crate::Result;
use crate::dynamics::model::{GeomType, Mesh};
use std::collections::{HashMap, HashSet};

impl Builder<'_> {
    /// The height field that a geom is, which the model takes in when the first geom is it.
    pub(super) fn hfield(&mut self, geom: &Named<GeomSpec>) -> Result<Option<usize>> {
        let (place, kind) = (&geom.place, geom.spec.placement.kind);
        let Some(name) = &geom.spec.hfield else {
            return match kind {
                GeomType::HField => Err(place.error("hfield is missing, and type is `hfield`")),
                _ => Ok(None),
            };
        };
        if kind != GeomType::HField {
            return Err(place.error(format!("hfield is `{name}`, but type is not `hfield`")));
        }
        let fields = &mut self.model.hfields;
        if let Some(known) = fields.iter().position(|field| field.name == *name) {
            return Ok(Some(known));
        }
        let all = &self.spec.hfields;
        let spec = all
            .iter()
            .find(|field| field.name == *name)
            .ok_or_else(|| {
                let known = some_of(all.iter().map(|field| field.name.as_str()));
                place.error(format!(
                    "there is no hfield `{name}`; known hfields: {known}"
                ))
            })?;
        let known = fields.iter().map(|field| field.data.len()).sum();
        fields.push(hfield::compile(spec, known)?);
        Ok(Some(fields.len() - 1))
    }
}

/// The meshes of a file.
pub(super) struct Meshes<'a> {
    specs: &'a [Named<MeshSpec>],
    by_name: HashMap<&'a str, usize>,
    /// Names of those that collide.
    colliding: HashSet<&'a str>,
    done: Vec<Option<Compiled>>,
    /// Where each stands in the model, if a geom is it.
    place: Vec<Option<usize>>,
    left: Left,
    /// Whether hulls need their flat sides.
    sides: bool,
}

impl<'a> Meshes<'a> {
    pub(super) fn new(spec: &'a Spec) -> Self {
        let paired: HashSet<&str> = spec
            .referring
            .pairs
            .iter()
            .flat_map(|pair| pair.spec.geoms.iter().map(String::as_str))
            .collect();
        let geoms = spec.bodies.iter().flat_map(|body| &body.spec.geoms);
        let colliding = geoms.filter(|geom| {
            let touches = geom.spec.contype != 0 || geom.spec.conaffinity != 0;
            geom.spec.placement.kind == GeomType::Mesh
                && (touches || paired.contains(geom.name.as_str()))
        });
        let names = spec.meshes.iter().map(|mesh| mesh.name.as_str());
        Self {
            specs: &spec.meshes,
            by_name: names.enumerate().map(|(i, name)| (name, i)).collect(),
            colliding: colliding
                .filter_map(|geom| geom.spec.mesh.as_deref())
                .collect(),
            done: vec![None; spec.meshes.len()],
            place: vec![None; spec.meshes.len()],
            left: Left::default(),
            sides: spec.options.multiccd,
        }
    }

    /// The mesh of this name, for the element at `place`.
    pub(super) fn get(&mut self, place: &Place, name: &str) -> Result<usize> {
        let index = self.by_name.get(name).copied().ok_or_else(|| {
            let known = some_of(self.by_name.keys().copied());
            place.error(format!("there is no mesh `{name}`; known meshes: {known}"))
        })?;
        if self.done[index].is_none() {
            let hull = match self.colliding.contains(name) {
                true if self.sides => Hulls::WithSides,
                true => Hulls::Plain,
                false => Hulls::No,
            };
            self.done[index] = Some(mesh::compile(&self.specs[index], hull, &mut self.left)?);
        }
        Ok(index)
    }

    pub(super) fn compiled(&self, index: usize) -> Option<&Compiled> {
        self.done[index].as_ref()
    }

    /// Where the mesh stands in the model's `meshes`, which take it in when the first geom is it.
    pub(super) fn enter(&mut self, index: usize, meshes: &mut Vec<Mesh>) -> usize {
        if let (None, Some(compiled)) = (self.place[index], &mut self.done[index]) {
            self.place[index] = Some(meshes.len());
            meshes.push(std::mem::take(&mut compiled.mesh));
        }
        self.place[index].unwrap_or_default()
    }
}
