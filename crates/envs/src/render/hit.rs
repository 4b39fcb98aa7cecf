//! Where a ray meets a surface.

use glam::DVec3;

/// Where a ray meets a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hit {
    /// Distance along the ray, in lengths of its direction.
    pub(super) at: f64,
    /// Outward unit normal.
    pub(super) normal: DVec3,
}
