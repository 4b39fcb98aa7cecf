//! What MJCF may contain here: the one table of everything that is read, skipped or refused.
//!
//! MuJoCo: XML reference, "MJCF schema" (version 3.3.7).

use std::fmt::Write;

/// An attribute that is accepted and not read, and why that loses nothing.
type Skipped = (&'static str, &'static str);
/// An attribute, the values at which it changes nothing, and what another value would need.
type Neutral = (&'static str, &'static [&'static str], &'static str);

/// What an element may hold.
pub(super) struct Rule {
    read: &'static [&'static str],
    skipped: &'static [Skipped],
    neutral: &'static [Neutral],
    children: &'static [&'static str],
    /// Child elements that are passed over with all that they hold.
    skipped_children: &'static [Skipped],
}

const OLD: &str = "memory is sized by the model";
const LOOKS: &str = "seen, not felt";
const NOTES: &str = "for the user, not for the engine";
const NO_FILES: &str = "no files are read";
const SAME: &str = "changes the path of the computation, not its result";
const NO_CONVEX: &str = "general convex collisions";
const NO_LOSS: &str = "joint friction";
const REFUSED_ANYWAY: &str = "what it is about is refused";

const EMPTY: Rule = Rule {
    read: &[],
    skipped: &[],
    neutral: &[],
    children: &[],
    skipped_children: &[],
};

pub(super) const MUJOCO: Rule = Rule {
    read: &["model"],
    children: &[
        "compiler",
        "option",
        "size",
        "statistic",
        "default",
        "asset",
        "worldbody",
        "actuator",
        "contact",
    ],
    skipped_children: &[("visual", LOOKS), ("custom", NOTES)],
    ..EMPTY
};

pub(super) const COMPILER: Rule = Rule {
    read: &[
        "autolimits",
        "boundmass",
        "boundinertia",
        "settotalmass",
        "balanceinertia",
        "angle",
        "eulerseq",
        "inertiafromgeom",
        "inertiagrouprange",
    ],
    skipped: &[
        ("strippath", NO_FILES),
        ("meshdir", NO_FILES),
        ("texturedir", NO_FILES),
        ("assetdir", NO_FILES),
        ("usethread", SAME),
        ("fitaabb", REFUSED_ANYWAY),
        ("saveinertial", "models are not saved"),
        ("alignfree", REFUSED_ANYWAY),
    ],
    neutral: &[
        ("coordinate", &["local"], "global coordinates"),
        ("discardvisual", &["false"], "dropping geoms"),
        ("fusestatic", &["false"], "fusing bodies"),
    ],
    ..EMPTY
};

pub(super) const OPTION: Rule = Rule {
    read: &[
        "timestep",
        "gravity",
        "integrator",
        "impratio",
        "iterations",
        "tolerance",
        "ls_iterations",
        "ls_tolerance",
    ],
    skipped: &[
        ("jacobian", SAME),
        ("magnetic", "only sensors feel it"),
        ("noslip_tolerance", REFUSED_ANYWAY),
        ("ccd_tolerance", NO_CONVEX),
        ("ccd_iterations", NO_CONVEX),
        ("sdf_iterations", NO_CONVEX),
        ("sdf_initpoints", NO_CONVEX),
        ("o_margin", REFUSED_ANYWAY),
        ("o_solref", REFUSED_ANYWAY),
        ("o_solimp", REFUSED_ANYWAY),
        ("o_friction", REFUSED_ANYWAY),
    ],
    neutral: &[
        ("cone", &["pyramidal"], "elliptic friction cones"),
        ("solver", &["Newton"], "another solver than Newton's"),
        ("noslip_iterations", &["0"], "the noslip solver"),
        ("wind", &["0 0 0"], "fluid forces"),
        ("density", &["0"], "fluid forces"),
        ("viscosity", &["0"], "fluid forces"),
        ("actuatorgroupdisable", &[""], "disabled actuators"),
    ],
    children: &["flag"],
    ..EMPTY
};

const ON: &[&str] = &["enable"];
const OFF: &[&str] = &["disable"];

pub(super) const FLAG: Rule = Rule {
    skipped: &[
        ("equality", REFUSED_ANYWAY),
        ("frictionloss", REFUSED_ANYWAY),
        ("sensor", REFUSED_ANYWAY),
        ("midphase", SAME),
        ("nativeccd", REFUSED_ANYWAY),
        ("island", SAME),
        ("energy", NOTES),
        ("fwdinv", NOTES),
        ("invdiscrete", NOTES),
    ],
    neutral: &[
        ("constraint", ON, "turning a stage off"),
        ("limit", ON, "turning a stage off"),
        ("contact", ON, "turning a stage off"),
        ("spring", ON, "turning a stage off"),
        ("damper", ON, "turning a stage off"),
        (
            "gravity",
            ON,
            "turning a stage off (set option gravity instead)",
        ),
        (
            "clampctrl",
            ON,
            "turning a stage off (use ctrllimited instead)",
        ),
        ("warmstart", ON, "turning a stage off"),
        ("filterparent", ON, "contacts between parent and child"),
        ("actuation", ON, "turning a stage off"),
        ("refsafe", ON, "turning a stage off"),
        ("eulerdamp", ON, "turning a stage off"),
        ("autoreset", ON, "turning a stage off"),
        ("override", OFF, "contact override"),
        ("multiccd", OFF, NO_CONVEX),
    ],
    ..EMPTY
};

pub(super) const SIZE: Rule = Rule {
    skipped: &[
        ("memory", OLD),
        ("njmax", OLD),
        ("nconmax", OLD),
        ("nstack", OLD),
        ("nuserdata", NOTES),
        ("nkey", REFUSED_ANYWAY),
        ("nuser_body", NOTES),
        ("nuser_jnt", NOTES),
        ("nuser_geom", NOTES),
        ("nuser_site", NOTES),
        ("nuser_cam", NOTES),
        ("nuser_tendon", NOTES),
        ("nuser_actuator", NOTES),
        ("nuser_sensor", NOTES),
    ],
    ..EMPTY
};

pub(super) const STATISTIC: Rule = Rule {
    read: &["meaninertia"],
    skipped: &[
        ("meanmass", NOTES),
        ("meansize", LOOKS),
        ("extent", LOOKS),
        ("center", LOOKS),
    ],
    ..EMPTY
};

pub(super) const ASSET: Rule = Rule {
    skipped_children: &[("texture", LOOKS), ("material", LOOKS)],
    ..EMPTY
};

pub(super) const DEFAULT: Rule = Rule {
    read: &["class"],
    children: &["default", "joint", "geom", "motor"],
    skipped_children: &[
        ("material", LOOKS),
        ("site", LOOKS),
        ("camera", LOOKS),
        ("light", LOOKS),
        ("mesh", REFUSED_ANYWAY),
        ("pair", REFUSED_ANYWAY),
        ("equality", REFUSED_ANYWAY),
        ("tendon", REFUSED_ANYWAY),
    ],
    ..EMPTY
};

pub(super) const WORLDBODY: Rule = Rule {
    children: &["body", "geom"],
    skipped_children: &[("site", LOOKS), ("camera", LOOKS), ("light", LOOKS)],
    ..EMPTY
};

pub(super) const BODY: Rule = Rule {
    read: &[
        "name",
        "childclass",
        "pos",
        "quat",
        "axisangle",
        "xyaxes",
        "zaxis",
        "euler",
    ],
    skipped: &[("user", NOTES)],
    neutral: &[
        ("mocap", &["false"], "bodies moved from outside"),
        ("gravcomp", &["0"], "gravity compensation"),
    ],
    children: &["body", "geom", "joint", "inertial"],
    skipped_children: &[("site", LOOKS), ("camera", LOOKS), ("light", LOOKS)],
};

pub(super) const INERTIAL: Rule = Rule {
    read: &[
        "pos",
        "quat",
        "axisangle",
        "xyaxes",
        "zaxis",
        "euler",
        "mass",
        "diaginertia",
        "fullinertia",
    ],
    ..EMPTY
};

pub(super) const JOINT: Rule = Rule {
    read: &[
        "name",
        "class",
        "type",
        "pos",
        "axis",
        "limited",
        "range",
        "margin",
        "solreflimit",
        "solimplimit",
        "stiffness",
        "ref",
        "springref",
        "armature",
        "damping",
    ],
    skipped: &[
        ("group", LOOKS),
        ("user", NOTES),
        ("solreffriction", NO_LOSS),
        ("solimpfriction", NO_LOSS),
    ],
    neutral: &[
        ("frictionloss", &["0"], "joint friction"),
        ("springdamper", &["0 0"], "springs given by time constant"),
        (
            "actuatorfrclimited",
            &["false", "auto"],
            "limits on a joint's actuator force",
        ),
        (
            "actuatorfrcrange",
            &["0 0"],
            "limits on a joint's actuator force",
        ),
        ("actuatorgravcomp", &["false"], "gravity compensation"),
    ],
    ..EMPTY
};

pub(super) const GEOM: Rule = Rule {
    read: &[
        "name",
        "class",
        "type",
        "size",
        "pos",
        "quat",
        "axisangle",
        "xyaxes",
        "zaxis",
        "euler",
        "fromto",
        "mass",
        "density",
        "group",
        "contype",
        "conaffinity",
        "condim",
        "priority",
        "friction",
        "solmix",
        "solref",
        "solimp",
        "margin",
        "gap",
    ],
    skipped: &[
        ("material", LOOKS),
        ("rgba", LOOKS),
        ("user", NOTES),
        ("fitscale", NO_FILES),
        ("fluidcoef", "see fluidshape"),
    ],
    neutral: &[
        ("shellinertia", &["false"], "hollow geoms"),
        ("fluidshape", &["none"], "fluid forces"),
        ("mesh", &[], "meshes"),
        ("hfield", &[], "height fields"),
    ],
    ..EMPTY
};

pub(super) const ACTUATOR: Rule = Rule {
    children: &["motor"],
    ..EMPTY
};

pub(super) const MOTOR: Rule = Rule {
    read: &["name", "class", "joint", "gear", "ctrllimited", "ctrlrange"],
    skipped: &[
        ("group", "see option actuatorgroupdisable"),
        ("user", NOTES),
        ("lengthrange", "only muscles feel it"),
    ],
    neutral: &[
        (
            "forcelimited",
            &["false", "auto"],
            "limits on an actuator's force",
        ),
        ("forcerange", &["0 0"], "limits on an actuator's force"),
        ("cranklength", &["0"], "slider-cranks"),
        ("cranksite", &[], "slider-cranks"),
        ("slidersite", &[], "slider-cranks"),
        ("jointinparent", &[], "motors on anything but a joint"),
        ("tendon", &[], "motors on anything but a joint"),
        ("site", &[], "motors on anything but a joint"),
        ("refsite", &[], "motors on anything but a joint"),
    ],
    ..EMPTY
};

pub(super) const CONTACT: Rule = Rule {
    children: &["exclude"],
    ..EMPTY
};

pub(super) const EXCLUDE: Rule = Rule {
    read: &["name", "body1", "body2"],
    ..EMPTY
};

/// Elements that MuJoCo knows and this engine does not do.
const REFUSED: &[&str] = &[
    "include",
    "frame",
    "replicate",
    "attach",
    "freejoint",
    "composite",
    "flexcomp",
    "plugin",
    "pair",
    "tendon",
    "equality",
    "sensor",
    "keyframe",
    "extension",
    "deformable",
    "mesh",
    "hfield",
    "skin",
    "model",
    "general",
    "position",
    "velocity",
    "intvelocity",
    "damper",
    "cylinder",
    "muscle",
    "adhesion",
    "lengthrange",
    "inertial",
    "joint",
];

/// Whether two attribute values say the same: equal words, numbers compared as numbers.
fn same(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split_ascii_whitespace(), b.split_ascii_whitespace());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x == y => {}
            (Some(x), Some(y)) => match (x.parse::<f64>(), y.parse::<f64>()) {
                (Ok(x), Ok(y)) if x == y => {}
                _ => return false,
            },
            _ => return false,
        }
    }
}

impl Rule {
    /// Whether the attribute may stand here with this value; otherwise what is wrong.
    pub(super) fn attribute(&self, name: &str, value: &str) -> Result<(), String> {
        if self.read.contains(&name) || self.skipped.iter().any(|s| s.0 == name) {
            return Ok(());
        }
        if let Some((_, allowed, needs)) = self.neutral.iter().find(|n| n.0 == name) {
            if allowed.iter().any(|a| same(a, value)) {
                return Ok(());
            }
            let mut message =
                format!("{name} is `{value}`, which needs {needs}; this engine does not do that");
            if !allowed.is_empty() {
                let _ = write!(message, " (allowed: {})", allowed.join(", "));
            }
            return Err(message);
        }
        let known: Vec<_> = self
            .read
            .iter()
            .copied()
            .chain(self.skipped.iter().map(|s| s.0))
            .collect();
        Err(format!(
            "unknown attribute {name}=`{value}`; known here: {}",
            list(&known)
        ))
    }

    /// Whether an element of this name may stand inside; otherwise what is wrong.
    pub(super) fn child(&self, name: &str) -> Result<(), String> {
        if self.children.contains(&name) || self.skipped_children.iter().any(|s| s.0 == name) {
            return Ok(());
        }
        let known: Vec<_> = self
            .children
            .iter()
            .copied()
            .chain(self.skipped_children.iter().map(|s| s.0))
            .collect();
        let problem = if REFUSED.contains(&name) {
            "this engine does not do that here"
        } else {
            "unknown element"
        };
        Err(format!("{problem}; allowed here: {}", list(&known)))
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "nothing".into()
    } else {
        names.join(", ")
    }
}
