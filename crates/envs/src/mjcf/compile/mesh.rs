//! Meshes that geoms use, compiled when the first one does.

use super::super::asset::MeshSpec;
use super::super::mesh::{self, Compiled, Left};
use super::super::place::Place;
use super::super::rule::some_of;
use super::super::spec::{Named, Spec};
use crate::Result;
use crate::dynamics::model::{GeomType, Mesh};
use std::collections::{HashMap, HashSet};

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
}

impl<'a> Meshes<'a> {
    pub(super) fn new(spec: &'a Spec) -> Self {
        let paired: HashSet<&str> = spec
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
        }
    }

    /// The mesh of this name, for the element at `place`.
    pub(super) fn get(&mut self, place: &Place, name: &str) -> Result<usize> {
        let index = self.by_name.get(name).copied().ok_or_else(|| {
            let known = some_of(self.by_name.keys().copied());
            place.error(format!("there is no mesh `{name}`; known meshes: {known}"))
        })?;
        if self.done[index].is_none() {
            let collides = self.colliding.contains(name);
            self.done[index] = Some(mesh::compile(&self.specs[index], collides, &mut self.left)?);
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
