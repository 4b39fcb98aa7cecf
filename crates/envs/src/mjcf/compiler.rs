//! Settings of the compiler. MuJoCo: XML reference, "compiler".

use super::lengthrange::Search;

/// Whether bodies take their inertia from their geoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InertiaFromGeom {
    Always,
    Never,
    WithoutInertial,
}

/// Settings of the compiler.
#[derive(Clone, Debug)]
pub(super) struct Compiler {
    pub(super) autolimits: bool,
    pub(super) boundmass: f64,
    pub(super) boundinertia: f64,
    /// Mass to scale the model to (kg); none when not positive.
    pub(super) settotalmass: f64,
    pub(super) balanceinertia: bool,
    pub(super) degrees: bool,
    /// Axes 0 to 2 of Euler angles, and whether they stay fixed.
    pub(super) eulerseq: [(usize, bool); 3],
    pub(super) inertiafromgeom: InertiaFromGeom,
    pub(super) inertiagrouprange: [f64; 2],
    /// How lengths of muscles are found.
    pub(super) lengthrange: Search,
    /// Whether bodies on free joints take their centre of mass and principal axes as their frame.
    pub(super) alignfree: bool,
    /// Whether geoms are fitted to the box of a mesh instead of to its inertia.
    pub(super) fitaabb: bool,
    /// Folder of mesh files, from the model's own.
    pub(super) meshdir: String,
    /// Whether folders in names of files are passed over.
    pub(super) strippath: bool,
}

impl Default for Compiler {
    fn default() -> Self {
        Self {
            autolimits: true,
            boundmass: 0.0,
            boundinertia: 0.0,
            settotalmass: -1.0,
            balanceinertia: false,
            degrees: true,
            eulerseq: [(0, false), (1, false), (2, false)],
            inertiafromgeom: InertiaFromGeom::WithoutInertial,
            inertiagrouprange: [0.0, 5.0],
            lengthrange: Search::default(),
            alignfree: false,
            fitaabb: false,
            meshdir: String::new(),
            strippath: false,
        }
    }
}
