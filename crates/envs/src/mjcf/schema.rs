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
const NO_CONVEX: &str = "more than one contact of convex shapes";
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
        "tendon",
        "actuator",
        "contact",
        "keyframe",
    ],
    skipped_children: &[
        ("visual", LOOKS),
        ("custom", NOTES),
        (
            "sensor",
            "sensors read the state, which is public; they move nothing",
        ),
    ],
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
        "solver",
        "cone",
        "density",
        "viscosity",
        "wind",
        "ccd_tolerance",
        "ccd_iterations",
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
        ("sdf_iterations", REFUSED_ANYWAY),
        ("sdf_initpoints", REFUSED_ANYWAY),
        ("o_margin", REFUSED_ANYWAY),
        ("o_solref", REFUSED_ANYWAY),
        ("o_solimp", REFUSED_ANYWAY),
        ("o_friction", REFUSED_ANYWAY),
    ],
    neutral: &[
        ("noslip_iterations", &["0"], "the noslip solver"),
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
        ("sensor", NOTES),
        ("midphase", SAME),
        ("island", SAME),
        ("energy", NOTES),
        ("fwdinv", NOTES),
        ("invdiscrete", NOTES),
    ],
    neutral: &[
        ("constraint", ON, "turning a stage off"),
        ("limit", ON, "turning a stage off"),
        ("frictionloss", ON, "turning a stage off"),
        ("nativeccd", ON, "the older search for the nearest points"),
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
        ("nkey", OLD),
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
    children: &[
        "default", "joint", "geom", "site", "pair", "tendon", "general", "motor", "position",
        "velocity", "damper",
    ],
    skipped_children: &[
        ("material", LOOKS),
        ("camera", LOOKS),
        ("light", LOOKS),
        ("mesh", REFUSED_ANYWAY),
        ("equality", REFUSED_ANYWAY),
        ("cylinder", REFUSED_ANYWAY),
        ("muscle", REFUSED_ANYWAY),
        ("adhesion", REFUSED_ANYWAY),
    ],
    ..EMPTY
};

pub(super) const WORLDBODY: Rule = Rule {
    children: &["body", "geom", "site"],
    skipped_children: &[("camera", LOOKS), ("light", LOOKS)],
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
    children: &["body", "geom", "joint", "freejoint", "site", "inertial"],
    skipped_children: &[("camera", LOOKS), ("light", LOOKS)],
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
        "frictionloss",
        "solreffriction",
        "solimpfriction",
        "actuatorfrclimited",
        "actuatorfrcrange",
    ],
    skipped: &[("group", LOOKS), ("user", NOTES)],
    neutral: &[
        ("springdamper", &["0 0"], "springs given by time constant"),
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
        "rgba",
    ],
    skipped: &[
        ("material", LOOKS),
        ("user", NOTES),
        ("fitscale", NO_FILES),
        ("fluidcoef", "see fluidshape"),
    ],
    neutral: &[
        ("shellinertia", &["false"], "hollow geoms"),
        ("fluidshape", &["none"], "fluid forces on ellipsoids"),
        ("mesh", &[], "meshes"),
        ("hfield", &[], "height fields"),
    ],
    ..EMPTY
};

pub(super) const FREEJOINT: Rule = Rule {
    read: &["name"],
    skipped: &[("group", LOOKS)],
    neutral: &[("align", &["false", "auto"], "moving a body's frame")],
    ..EMPTY
};

pub(super) const SITE: Rule = Rule {
    read: &[
        "name",
        "class",
        "pos",
        "quat",
        "axisangle",
        "xyaxes",
        "zaxis",
        "euler",
    ],
    skipped: &[
        ("type", LOOKS),
        ("size", LOOKS),
        ("group", LOOKS),
        ("material", LOOKS),
        ("rgba", LOOKS),
        ("user", NOTES),
    ],
    neutral: &[("fromto", &[], "sites between two points")],
    ..EMPTY
};

pub(super) const TENDONS: Rule = Rule {
    children: &["fixed"],
    ..EMPTY
};

pub(super) const TENDON: Rule = Rule {
    read: &[
        "name",
        "class",
        "limited",
        "range",
        "margin",
        "solreflimit",
        "solimplimit",
        "frictionloss",
        "solreffriction",
        "solimpfriction",
        "stiffness",
        "damping",
        "armature",
        "springlength",
    ],
    skipped: &[
        ("group", LOOKS),
        ("user", NOTES),
        ("rgba", LOOKS),
        ("width", LOOKS),
        ("material", LOOKS),
    ],
    neutral: &[
        (
            "actuatorfrclimited",
            &["false", "auto"],
            "limits on a tendon's actuator force",
        ),
        (
            "actuatorfrcrange",
            &["0 0"],
            "limits on a tendon's actuator force",
        ),
    ],
    children: &["joint"],
    ..EMPTY
};

pub(super) const TENDON_JOINT: Rule = Rule {
    read: &["joint", "coef"],
    ..EMPTY
};

pub(super) const ACTUATORS: Rule = Rule {
    children: &["general", "motor", "position", "velocity", "damper"],
    ..EMPTY
};

pub(super) const ACTUATOR: Rule = Rule {
    read: &[
        "name",
        "class",
        "joint",
        "jointinparent",
        "tendon",
        "gear",
        "ctrllimited",
        "ctrlrange",
        "forcelimited",
        "forcerange",
        // Which of these an element has is checked where it is read.
        "gaintype",
        "gainprm",
        "biastype",
        "biasprm",
        "kp",
        "kv",
        "dampratio",
        "inheritrange",
    ],
    skipped: &[
        ("group", "see option actuatorgroupdisable"),
        ("user", NOTES),
        ("lengthrange", "only muscles feel it"),
        ("dynprm", "see dyntype"),
        ("actearly", "see dyntype"),
    ],
    neutral: &[
        ("dyntype", &["none"], "activations"),
        ("timeconst", &["0"], "activations"),
        ("actdim", &["-1", "0"], "activations"),
        ("actlimited", &["false", "auto"], "activations"),
        ("actrange", &["0 0"], "activations"),
        ("cranklength", &["0"], "slider-cranks"),
        ("cranksite", &[], "slider-cranks"),
        ("slidersite", &[], "slider-cranks"),
        ("site", &[], "actuators on sites"),
        ("refsite", &[], "actuators on sites"),
        ("body", &[], "actuators on bodies"),
    ],
    ..EMPTY
};

pub(super) const CONTACT: Rule = Rule {
    children: &["exclude", "pair"],
    ..EMPTY
};

pub(super) const PAIR: Rule = Rule {
    read: &[
        "name",
        "class",
        "geom1",
        "geom2",
        "condim",
        "friction",
        "solref",
        "solreffriction",
        "solimp",
        "margin",
        "gap",
    ],
    ..EMPTY
};

pub(super) const KEYFRAMES: Rule = Rule {
    children: &["key"],
    ..EMPTY
};

pub(super) const KEY: Rule = Rule {
    read: &["name", "time", "qpos", "qvel", "ctrl"],
    neutral: &[
        ("act", &[""], "activations"),
        ("mpos", &[""], "bodies moved from outside"),
        ("mquat", &[""], "bodies moved from outside"),
    ],
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
    "composite",
    "flexcomp",
    "plugin",
    "equality",
    "extension",
    "deformable",
    "mesh",
    "hfield",
    "skin",
    "model",
    "intvelocity",
    "spatial",
    "freejoint",
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
