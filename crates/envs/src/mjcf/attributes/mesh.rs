//! Attributes of meshes.

use super::super::asset::{MeshInertia, MeshSpec};
use super::super::element::Element;
use super::super::orientation::unit_quat;
use super::super::schema;
use crate::Result;
use glam::DQuat;

/// A mesh, starting from `default`; its file is for the reader of the section.
pub(in super::super) fn mesh(element: &Element, default: &MeshSpec) -> Result<MeshSpec> {
    let mut spec = default.clone();
    spec.unmet.check(element, &schema::MESH)?;
    element.array("scale", &mut spec.scale)?;
    element.vector("refpos", &mut spec.refpos)?;
    if let Some([w, x, y, z]) = element.exactly("refquat")? {
        let quat = DQuat::from_xyzw(x, y, z, w);
        if quat.length_squared() < 1e-14 || !quat.length_squared().is_finite() {
            return Err(element.error(format!(
                "refquat is {w} {x} {y} {z}; its length must be positive and finite"
            )));
        }
        spec.refquat = unit_quat(quat);
    }
    let kinds = [
        ("convex", MeshInertia::Convex),
        ("exact", MeshInertia::Exact),
        ("legacy", MeshInertia::Legacy),
        ("shell", MeshInertia::Shell),
    ];
    element.choice("inertia", &kinds, &mut spec.inertia)?;
    spec.vertex = element.list("vertex")?.or(spec.vertex);
    spec.face = element.list("face")?.or(spec.face);
    if let Some(kind) = element.text("content_type") {
        spec.content_type = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
    }
    Ok(spec)
}
