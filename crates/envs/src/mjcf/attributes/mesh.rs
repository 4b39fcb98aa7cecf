//! Attributes of meshes.

use super::super::asset::{Builtin, MeshInertia, MeshSpec};
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
    element.integer(
        "maxhullvert",
        [-1, i64::from(i32::MAX)],
        &mut spec.maxhullvert,
    )?;
    if spec.maxhullvert != -1 && spec.maxhullvert < 4 {
        return Err(element.error(format!(
            "maxhullvert is {}; it must be 4 or more, or -1 for all",
            spec.maxhullvert
        )));
    }
    let kinds = [
        ("none", Builtin::None),
        ("sphere", Builtin::Sphere),
        ("hemisphere", Builtin::Hemisphere),
        ("cone", Builtin::Cone),
        ("supersphere", Builtin::Supersphere),
        ("supertorus", Builtin::Supertorus),
        ("plate", Builtin::Plate),
    ];
    let unmet = &mut spec.unmet;
    unmet.choice(element, "builtin", &kinds, &["wedge"], &mut spec.builtin)?;
    spec.params = element.list("params")?.unwrap_or(spec.params);
    if spec.builtin == Builtin::Plate {
        spec.inertia = MeshInertia::Shell;
    }
    spec.vertex = element.list("vertex")?.or(spec.vertex);
    spec.face = element.list("face")?.or(spec.face);
    if let Some(kind) = element.text("content_type") {
        spec.content_type = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
    }
    Ok(spec)
}
