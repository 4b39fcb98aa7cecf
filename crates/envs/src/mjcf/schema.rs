//! What MJCF may contain here: the one table of everything that is read, skipped or refused.
//!
//! Order of attributes and elements: as in MuJoCo's schema. MuJoCo: XML reference, "MJCF schema" (3.3.7).

use super::rule::{EMPTY, Rule, Skipped};

const OLD: &str = "memory is sized by the model";
const LOOKS: &str = "seen, not felt";
const NOTES: &str = "for the user, not for the engine";
const NO_ASSETS: &str = "assets are not read";
const SAME: &str = "changes the path of the computation, not its result";
const REFUSED_ANYWAY: &str = "what it is about is refused";
const NO_OVERRIDE: &str = "felt only with flag override, which is refused";

pub(super) const MUJOCO: Rule = Rule {
    read: "model",
    children: "compiler option size statistic default asset worldbody contact tendon actuator \
        keyframe equality extension deformable body frame replicate",
    skipped_children: &[
        ("visual", LOOKS),
        ("custom", NOTES),
        ("sensor", "measures, moves nothing"),
    ],
    ..EMPTY
};

pub(super) const COMPILER: Rule = Rule {
    read: "autolimits boundmass boundinertia settotalmass balanceinertia angle eulerseq \
        inertiafromgeom inertiagrouprange alignfree",
    skipped: &[
        ("strippath", NO_ASSETS),
        ("meshdir", NO_ASSETS),
        ("texturedir", NO_ASSETS),
        ("assetdir", NO_ASSETS),
        ("discardvisual", "geoms that are only seen change no motion"),
        ("usethread", SAME),
        ("fitaabb", REFUSED_ANYWAY),
        ("saveinertial", "models are not saved"),
    ],
    neutral: &[
        ("coordinate", &["local"], "global coordinates"),
        ("fusestatic", &["false"], "fusing bodies"),
    ],
    skipped_children: &[("lengthrange", "only muscles feel it")],
    ..EMPTY
};

pub(super) const OPTION: Rule = Rule {
    read: "timestep impratio tolerance ls_tolerance ccd_tolerance gravity wind density \
        viscosity integrator cone jacobian solver iterations ls_iterations ccd_iterations",
    skipped: &[
        ("magnetic", "only sensors feel it"),
        ("noslip_tolerance", REFUSED_ANYWAY),
        ("sdf_iterations", REFUSED_ANYWAY),
        ("sdf_initpoints", REFUSED_ANYWAY),
        ("o_margin", NO_OVERRIDE),
        ("o_solref", NO_OVERRIDE),
        ("o_solimp", NO_OVERRIDE),
        ("o_friction", NO_OVERRIDE),
    ],
    neutral: &[
        ("noslip_iterations", &["0"], "the noslip solver"),
        ("actuatorgroupdisable", &[""], "disabled actuators"),
    ],
    children: "flag",
    ..EMPTY
};

const ON: &[&str] = &["enable"];
const OFF: &[&str] = &["disable"];
const A_STAGE: &str = "turning a stage off";

pub(super) const FLAG: Rule = Rule {
    read: "constraint frictionloss limit contact gravity clampctrl filterparent midphase island warmstart equality \
        nativeccd",
    skipped: &[
        ("sensor", "sensors are not computed"),
        ("energy", NOTES),
        ("fwdinv", NOTES),
        ("invdiscrete", NOTES),
    ],
    neutral: &[
        ("spring", ON, A_STAGE),
        ("damper", ON, A_STAGE),
        ("actuation", ON, A_STAGE),
        ("refsafe", ON, A_STAGE),
        ("eulerdamp", ON, A_STAGE),
        ("autoreset", ON, A_STAGE),
        ("override", OFF, "contact override"),
        ("multiccd", OFF, "several contacts per pair of round shapes"),
    ],
    ..EMPTY
};

pub(super) const SIZE: Rule = Rule {
    read: "nkey",
    skipped: &[
        ("memory", OLD),
        ("njmax", OLD),
        ("nconmax", OLD),
        ("nstack", OLD),
        ("nuserdata", NOTES),
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
    read: "meaninertia",
    skipped: &[
        ("meanmass", NOTES),
        ("meansize", LOOKS),
        ("extent", LOOKS),
        ("center", LOOKS),
    ],
    ..EMPTY
};

pub(super) const ASSET: Rule = Rule {
    children: "material",
    skipped_children: &[
        ("texture", LOOKS),
        ("mesh", "a geom that uses it is refused"),
        ("hfield", "a geom that uses it is refused"),
        ("skin", LOOKS),
    ],
    ..EMPTY
};

pub(super) const MATERIAL: Rule = Rule {
    read: "name class rgba",
    skipped: &[
        ("texture", LOOKS),
        ("texrepeat", LOOKS),
        ("texuniform", LOOKS),
        ("emission", LOOKS),
        ("specular", LOOKS),
        ("shininess", LOOKS),
        ("reflectance", LOOKS),
        ("metallic", LOOKS),
        ("roughness", LOOKS),
    ],
    skipped_children: &[("layer", LOOKS)],
    ..EMPTY
};

pub(super) const DEFAULT: Rule = Rule {
    read: "class",
    children: "default joint geom site material pair equality tendon general motor position velocity \
        intvelocity damper cylinder muscle adhesion",
    skipped_children: &[
        ("mesh", REFUSED_ANYWAY),
        ("camera", LOOKS),
        ("light", LOOKS),
    ],
    ..EMPTY
};

const CAMERAS_AND_LIGHTS: &[Skipped] = &[("camera", LOOKS), ("light", LOOKS)];

pub(super) const WORLDBODY: Rule = Rule {
    children: "body frame geom site",
    skipped_children: CAMERAS_AND_LIGHTS,
    ..EMPTY
};

pub(super) const BODY: Rule = Rule {
    read: "name childclass pos quat axisangle xyaxes zaxis euler",
    skipped: &[("user", NOTES)],
    neutral: &[
        ("mocap", &["false"], "bodies moved from outside"),
        ("gravcomp", &["0"], "gravity compensation"),
    ],
    children: "body frame geom joint freejoint inertial site",
    skipped_children: CAMERAS_AND_LIGHTS,
};

pub(super) const FRAME: Rule = Rule {
    read: "name childclass pos quat axisangle xyaxes zaxis euler",
    children: "body frame geom joint freejoint site",
    skipped_children: CAMERAS_AND_LIGHTS,
    ..EMPTY
};

pub(super) const INERTIAL: Rule = Rule {
    read: "pos quat mass diaginertia axisangle xyaxes zaxis euler fullinertia",
    ..EMPTY
};

pub(super) const JOINT: Rule = Rule {
    read: "name class type pos axis springdamper limited actuatorfrclimited solreflimit \
        solimplimit solreffriction solimpfriction stiffness range actuatorfrcrange \
        margin ref springref armature damping frictionloss",
    skipped: &[("group", LOOKS), ("user", NOTES)],
    neutral: &[("actuatorgravcomp", &["false"], "gravity compensation")],
    ..EMPTY
};

pub(super) const FREEJOINT: Rule = Rule {
    read: "name align",
    skipped: &[("group", LOOKS)],
    ..EMPTY
};

pub(super) const GEOM: Rule = Rule {
    read: "name class type contype conaffinity condim group priority size material friction \
        mass density solmix solref solimp margin gap fromto pos quat axisangle xyaxes \
        zaxis euler rgba",
    skipped: &[
        ("user", NOTES),
        ("fitscale", NO_ASSETS),
        ("fluidcoef", "see fluidshape"),
    ],
    neutral: &[
        ("shellinertia", &["false"], "hollow geoms"),
        (
            "fluidshape",
            &["none"],
            "fluid forces on the geoms' own shapes",
        ),
        ("mesh", &[""], "meshes"),
        ("hfield", &[""], "height fields"),
    ],
    ..EMPTY
};

pub(super) const SITE: Rule = Rule {
    read: "name class type pos quat fromto axisangle xyaxes zaxis euler",
    skipped: &[
        ("group", LOOKS),
        ("material", LOOKS),
        ("size", LOOKS),
        ("rgba", LOOKS),
        ("user", NOTES),
    ],
    ..EMPTY
};

pub(super) const CONTACT: Rule = Rule {
    children: "pair exclude",
    ..EMPTY
};

pub(super) const PAIR: Rule = Rule {
    read: "name class geom1 geom2 condim friction solref solreffriction solimp gap margin",
    ..EMPTY
};

pub(super) const EXCLUDE: Rule = Rule {
    read: "name body1 body2",
    ..EMPTY
};

pub(super) const TENDON: Rule = Rule {
    children: "fixed",
    ..EMPTY
};

const TENDON_FORCE: &str = "limits on a tendon's actuator force";

pub(super) const FIXED: Rule = Rule {
    read: "name class limited range solreflimit solimplimit solreffriction solimpfriction \
        frictionloss springlength margin stiffness damping armature",
    skipped: &[("group", LOOKS), ("user", NOTES)],
    neutral: &[
        ("actuatorfrclimited", &["false", "auto"], TENDON_FORCE),
        ("actuatorfrcrange", &["0 0"], TENDON_FORCE),
    ],
    children: "joint",
    ..EMPTY
};

/// What a class says of tendons of both kinds.
pub(super) const TENDON_DEFAULT: Rule = Rule {
    read: "limited range solreflimit solimplimit solreffriction solimpfriction frictionloss \
        springlength margin stiffness damping",
    skipped: &[
        ("group", LOOKS),
        ("width", LOOKS),
        ("material", LOOKS),
        ("rgba", LOOKS),
        ("user", NOTES),
    ],
    ..EMPTY
};

pub(super) const FIXED_JOINT: Rule = Rule {
    read: "joint coef",
    ..EMPTY
};

pub(super) const ACTUATOR: Rule = Rule {
    children: "general motor position velocity damper",
    ..EMPTY
};

/// An actuator; the kinds `intvelocity`, `cylinder`, `muscle` and `adhesion` only in a class.
pub(super) fn actuator(kind: &str) -> Rule {
    Rule {
        read: match kind {
            "general" => GENERAL,
            "position" => POSITION,
            "velocity" => VELOCITY,
            "damper" => DAMPER,
            "intvelocity" => INTVELOCITY,
            "cylinder" => CYLINDER,
            "muscle" => MUSCLE,
            "adhesion" => ADHESION,
            _ => MOTOR,
        },
        skipped: &[
            ("group", "see option actuatorgroupdisable"),
            ("user", NOTES),
            ("lengthrange", "only muscles feel it"),
        ],
        neutral: match kind {
            "general" => &[
                ("actdim", &["-1", "0"], ACTIVATIONS),
                ("dyntype", &["none"], ACTIVATIONS),
                ("actearly", &["false"], ACTIVATIONS),
                ("cranklength", &["0"], CRANKS),
                ("cranksite", &[], CRANKS),
                ("slidersite", &[], CRANKS),
                ("site", &[], SITES),
                ("refsite", &[], SITES),
                ("body", &[], "actuators on bodies"),
            ],
            "position" => &[
                ("timeconst", &["0"], ACTIVATIONS),
                ("cranklength", &["0"], CRANKS),
                ("cranksite", &[], CRANKS),
                ("slidersite", &[], CRANKS),
                ("site", &[], SITES),
                ("refsite", &[], SITES),
            ],
            "adhesion" => &[],
            _ => &[
                ("cranklength", &["0"], CRANKS),
                ("cranksite", &[], CRANKS),
                ("slidersite", &[], CRANKS),
                ("site", &[], SITES),
                ("refsite", &[], SITES),
            ],
        },
        ..EMPTY
    }
}

const ACTIVATIONS: &str = "activations";
const CRANKS: &str = "slider-cranks";
const SITES: &str = "actuators on sites";

const MOTOR: &str = "name class ctrllimited forcelimited ctrlrange forcerange gear joint \
        jointinparent tendon";

const GENERAL: &str = "name class ctrllimited forcelimited actlimited ctrlrange forcerange actrange gear joint \
        jointinparent tendon gaintype biastype dynprm gainprm biasprm";

const POSITION: &str = "name class ctrllimited forcelimited ctrlrange forcerange inheritrange gear joint \
        jointinparent tendon kp kv dampratio";

const VELOCITY: &str = "name class ctrllimited forcelimited ctrlrange forcerange gear joint \
        jointinparent tendon kv";

const DAMPER: &str =
    "name class forcelimited ctrlrange forcerange gear joint jointinparent tendon kv";

const INTVELOCITY: &str =
    "ctrllimited forcelimited ctrlrange forcerange actrange inheritrange gear kp kv dampratio";

const CYLINDER: &str =
    "ctrllimited forcelimited ctrlrange forcerange gear timeconst area diameter bias";

const MUSCLE: &str = "ctrllimited forcelimited ctrlrange forcerange gear timeconst range force scale \
        lmin lmax vmax fpmax fvmax";

const ADHESION: &str = "forcelimited ctrlrange forcerange gain";

pub(super) const EQUALITY: Rule = Rule {
    children: "connect weld joint tendon",
    ..EMPTY
};

const SWITCHED_OFF: &[Skipped] = &[
    ("anchor", REFUSED_ANYWAY),
    ("relpose", REFUSED_ANYWAY),
    ("torquescale", REFUSED_ANYWAY),
    ("polycoef", REFUSED_ANYWAY),
    ("solref", REFUSED_ANYWAY),
    ("solimp", REFUSED_ANYWAY),
];

/// An equality constraint of this kind.
pub(super) fn equality(kind: &str) -> Rule {
    Rule {
        read: match kind {
            "joint" => "name class active joint1 joint2",
            "tendon" => "name class active tendon1 tendon2",
            _ => "name class active body1 body2 site1 site2",
        },
        skipped: SWITCHED_OFF,
        ..EMPTY
    }
}

pub(super) const EQUALITY_DEFAULT: Rule = Rule {
    read: "active",
    skipped: &[("solref", REFUSED_ANYWAY), ("solimp", REFUSED_ANYWAY)],
    ..EMPTY
};

pub(super) const EXTENSION: Rule = Rule {
    children: "plugin",
    ..EMPTY
};

/// A plug-in that nothing uses; what would use it is refused.
pub(super) const PLUGIN: Rule = Rule {
    read: "plugin",
    ..EMPTY
};

pub(super) const DEFORMABLE: Rule = Rule {
    skipped_children: &[("skin", LOOKS)],
    ..EMPTY
};

pub(super) const KEYFRAME: Rule = Rule {
    children: "key",
    ..EMPTY
};

pub(super) const KEY: Rule = Rule {
    read: "name time qpos qvel ctrl",
    neutral: &[
        ("act", &[""], "activations"),
        ("mpos", &[""], "bodies moved from outside"),
        ("mquat", &[""], "bodies moved from outside"),
    ],
    ..EMPTY
};
