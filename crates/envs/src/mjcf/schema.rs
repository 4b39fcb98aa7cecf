//! What MJCF may contain here: the one table of everything that is read, skipped or refused.
//!
//! Order of attributes and elements: as in MuJoCo's schema. MuJoCo: XML reference, "MJCF schema" (3.3.7).

use super::rule::{EMPTY, Rule, Skipped};

const OLD: &str = "memory is sized by the model";
const LOOKS: &str = "seen, not felt";
const NOTES: &str = "for the user, not for the engine";
const SAME: &str = "changes the path of the computation, not its result";
const REFUSED_ANYWAY: &str = "what it is about is refused";

pub(super) const MUJOCO: Rule = Rule {
    read: "model",
    children: "compiler option size statistic default asset worldbody contact tendon actuator \
        keyframe equality sensor extension deformable body frame replicate",
    skipped_children: &[("visual", LOOKS), ("custom", NOTES)],
    ..EMPTY
};

pub(super) const COMPILER: Rule = Rule {
    read: "autolimits boundmass boundinertia settotalmass balanceinertia angle eulerseq \
        inertiafromgeom inertiagrouprange alignfree fitaabb strippath meshdir assetdir",
    skipped: &[
        ("texturedir", LOOKS),
        ("discardvisual", "geoms that are only seen change no motion"),
        ("usethread", SAME),
        ("saveinertial", "models are not saved"),
    ],
    neutral: &[
        ("coordinate", &["local"], "global coordinates"),
        ("fusestatic", &["false"], "fusing bodies"),
    ],
    children: "lengthrange",
    ..EMPTY
};

pub(super) const LENGTHRANGE: Rule = Rule {
    read: "mode useexisting uselimit accel maxforce timeconst timestep inttotal interval tolrange",
    ..EMPTY
};

pub(super) const OPTION: Rule = Rule {
    read: "timestep impratio tolerance ls_tolerance ccd_tolerance gravity wind density \
        viscosity integrator cone jacobian solver iterations ls_iterations ccd_iterations \
        noslip_iterations noslip_tolerance magnetic o_margin o_solref o_solimp o_friction actuatorgroupdisable",
    skipped: &[
        ("sdf_iterations", REFUSED_ANYWAY),
        ("sdf_initpoints", REFUSED_ANYWAY),
    ],
    children: "flag",
    ..EMPTY
};

pub(super) const FLAG: Rule = Rule {
    read: "constraint frictionloss limit contact gravity clampctrl filterparent midphase island warmstart equality \
        nativeccd multiccd spring damper sensor actuation refsafe eulerdamp autoreset override",
    skipped: &[("energy", NOTES), ("fwdinv", NOTES), ("invdiscrete", NOTES)],
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
    children: "material mesh hfield model",
    skipped_children: &[("texture", LOOKS), ("skin", LOOKS)],
    ..EMPTY
};

pub(super) const MESH: Rule = Rule {
    read: "name class content_type file vertex face refpos refquat scale inertia maxhullvert builtin params",
    skipped: &[
        ("normal", LOOKS),
        ("texcoord", LOOKS),
        ("smoothnormal", LOOKS),
        ("material", LOOKS),
    ],
    ..EMPTY
};

pub(super) const HFIELD: Rule = Rule {
    read: "name content_type file nrow ncol size elevation",
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
    children: "default mesh joint geom site material pair equality tendon general motor position velocity \
        intvelocity damper cylinder muscle adhesion",
    skipped_children: &[("camera", LOOKS), ("light", LOOKS)],
    ..EMPTY
};

const CAMERAS_AND_LIGHTS: &[Skipped] = &[("camera", LOOKS), ("light", LOOKS)];

pub(super) const WORLDBODY: Rule = Rule {
    children: "body frame replicate attach geom site",
    skipped_children: CAMERAS_AND_LIGHTS,
    ..EMPTY
};

pub(super) const BODY: Rule = Rule {
    read: "name childclass pos quat axisangle xyaxes zaxis euler mocap gravcomp",
    skipped: &[("user", NOTES)],
    neutral: &[],
    children: "body frame replicate attach geom joint freejoint inertial site",
    skipped_children: CAMERAS_AND_LIGHTS,
};

pub(super) const FRAME: Rule = Rule {
    read: "name childclass pos quat axisangle xyaxes zaxis euler",
    children: "body frame replicate attach geom joint freejoint site",
    skipped_children: CAMERAS_AND_LIGHTS,
    ..EMPTY
};

pub(super) const REPLICATE: Rule = Rule {
    read: "childclass count offset euler sep",
    children: "body frame replicate attach geom joint freejoint site",
    skipped_children: CAMERAS_AND_LIGHTS,
    ..EMPTY
};

pub(super) const ATTACH: Rule = Rule {
    read: "model body prefix",
    ..EMPTY
};

pub(super) const MODEL: Rule = Rule {
    read: "name file content_type",
    ..EMPTY
};

pub(super) const INERTIAL: Rule = Rule {
    read: "pos quat mass diaginertia axisangle xyaxes zaxis euler fullinertia",
    ..EMPTY
};

pub(super) const JOINT: Rule = Rule {
    read: "name class type pos axis springdamper limited actuatorfrclimited solreflimit \
        solimplimit solreffriction solimpfriction stiffness range actuatorfrcrange \
        margin ref springref armature damping frictionloss actuatorgravcomp",
    skipped: &[("group", LOOKS), ("user", NOTES)],
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
        zaxis euler rgba mesh hfield fitscale",
    skipped: &[("user", NOTES), ("fluidcoef", "see fluidshape")],
    neutral: &[
        ("shellinertia", &["false"], "hollow geoms"),
        (
            "fluidshape",
            &["none"],
            "fluid forces on the geoms' own shapes",
        ),
    ],
    ..EMPTY
};

pub(super) const SITE: Rule = Rule {
    read: "name class type size pos quat fromto axisangle xyaxes zaxis euler",
    skipped: &[
        ("group", LOOKS),
        ("material", LOOKS),
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
    children: "fixed spatial",
    ..EMPTY
};

pub(super) const FIXED: Rule = Rule {
    read: "name class limited range solreflimit solimplimit solreffriction solimpfriction \
        frictionloss springlength margin stiffness damping armature actuatorfrclimited actuatorfrcrange",
    skipped: &[("group", LOOKS), ("user", NOTES)],
    children: "joint",
    ..EMPTY
};

pub(super) const SPATIAL: Rule = Rule {
    read: "name class limited range solreflimit solimplimit solreffriction solimpfriction \
        frictionloss springlength margin stiffness damping armature actuatorfrclimited actuatorfrcrange",
    skipped: &[
        ("group", LOOKS),
        ("material", LOOKS),
        ("width", LOOKS),
        ("rgba", LOOKS),
        ("user", NOTES),
    ],
    children: "site geom pulley",
    ..EMPTY
};

pub(super) const SPATIAL_SITE: Rule = Rule {
    read: "site",
    ..EMPTY
};

pub(super) const SPATIAL_GEOM: Rule = Rule {
    read: "geom sidesite",
    ..EMPTY
};

pub(super) const SPATIAL_PULLEY: Rule = Rule {
    read: "divisor",
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
    children: "general motor position velocity intvelocity damper cylinder muscle adhesion",
    ..EMPTY
};

/// An actuator.
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
        skipped: &[("user", NOTES)],
        ..EMPTY
    }
}

const MOTOR: &str = "name class group ctrllimited forcelimited ctrlrange forcerange lengthrange gear cranklength joint \
        jointinparent tendon slidersite cranksite site refsite";

const GENERAL: &str = "name class group ctrllimited forcelimited actlimited ctrlrange forcerange actrange lengthrange \
        gear cranklength joint jointinparent tendon slidersite cranksite site refsite body actdim dyntype gaintype biastype \
        dynprm gainprm biasprm actearly";

const POSITION: &str = "name class group ctrllimited forcelimited ctrlrange inheritrange forcerange lengthrange gear \
        cranklength joint jointinparent tendon slidersite cranksite site refsite kp kv dampratio timeconst";

const VELOCITY: &str = "name class group ctrllimited forcelimited ctrlrange forcerange lengthrange gear cranklength joint \
        jointinparent tendon slidersite cranksite site refsite kv";

const INTVELOCITY: &str = "name class group ctrllimited forcelimited ctrlrange forcerange actrange inheritrange \
        lengthrange gear cranklength joint jointinparent tendon slidersite cranksite site refsite kp kv dampratio";

const DAMPER: &str = "name class group forcelimited ctrlrange forcerange lengthrange gear cranklength joint \
        jointinparent tendon slidersite cranksite site refsite kv";

const CYLINDER: &str = "name class group ctrllimited forcelimited ctrlrange forcerange lengthrange gear cranklength joint \
        jointinparent tendon slidersite cranksite site refsite timeconst area diameter bias";

const MUSCLE: &str = "name class group ctrllimited forcelimited ctrlrange forcerange lengthrange gear cranklength joint \
        jointinparent tendon slidersite cranksite timeconst tausmooth range force scale lmin lmax vmax fpmax fvmax";

const ADHESION: &str = "name class group forcelimited ctrlrange forcerange body gain";

pub(super) const EQUALITY: Rule = Rule {
    children: "connect weld joint tendon",
    ..EMPTY
};

/// An equality constraint of this kind.
pub(super) fn equality(kind: &str) -> Rule {
    Rule {
        read: match kind {
            "joint" => "name class active solref solimp joint1 joint2 polycoef",
            "tendon" => "name class active solref solimp tendon1 tendon2 polycoef",
            "connect" => "name class active solref solimp body1 body2 anchor site1 site2",
            _ => {
                "name class active solref solimp body1 body2 anchor relpose torquescale site1 site2"
            }
        },
        ..EMPTY
    }
}

pub(super) const EQUALITY_DEFAULT: Rule = Rule {
    read: "active solref solimp",
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

pub(super) const SENSOR: Rule = Rule {
    children: "touch accelerometer velocimeter gyro force torque magnetometer rangefinder jointpos jointvel tendonpos \
        tendonvel actuatorpos actuatorvel actuatorfrc jointactuatorfrc tendonactuatorfrc ballquat ballangvel jointlimitpos \
        jointlimitvel jointlimitfrc tendonlimitpos tendonlimitvel tendonlimitfrc framepos framequat framexaxis frameyaxis \
        framezaxis framelinvel frameangvel framelinacc frameangacc subtreecom subtreelinvel subtreeangmom insidesite \
        distance normal fromto contact e_potential e_kinetic clock user",
    ..EMPTY
};

/// A sensor of this kind.
pub(super) fn sensor(kind: &str) -> Rule {
    Rule {
        read: match kind {
            "framelinacc" | "frameangacc" => "name objtype objname cutoff noise",
            "insidesite" => "name site objtype objname cutoff noise",
            "distance" | "normal" | "fromto" => "name geom1 geom2 body1 body2 cutoff noise",
            "contact" => {
                "name geom1 geom2 body1 body2 subtree1 subtree2 site num data reduce cutoff noise"
            }
            "e_potential" | "e_kinetic" | "clock" => "name cutoff noise",
            "user" => "name objtype objname datatype needstage dim cutoff noise",
            _ if kind.starts_with("frame") => "name objtype objname reftype refname cutoff noise",
            _ => match sensed(kind) {
                "joint" => "name joint cutoff noise",
                "tendon" => "name tendon cutoff noise",
                "actuator" => "name actuator cutoff noise",
                "body" => "name body cutoff noise",
                _ => "name site cutoff noise",
            },
        },
        skipped: &[("user", NOTES)],
        ..EMPTY
    }
}

/// The attribute that names what a sensor of one thing measures.
pub(super) fn sensed(kind: &str) -> &'static str {
    let starts = [
        ("joint", "joint"),
        ("ball", "joint"),
        ("tendon", "tendon"),
        ("actuator", "actuator"),
        ("subtree", "body"),
    ];
    let found = starts.iter().find(|(start, _)| kind.starts_with(start));
    found.map_or("site", |(_, attribute)| attribute)
}

pub(super) const KEYFRAME: Rule = Rule {
    children: "key",
    ..EMPTY
};

pub(super) const KEY: Rule = Rule {
    read: "name time qpos qvel act ctrl mpos mquat",
    ..EMPTY
};
