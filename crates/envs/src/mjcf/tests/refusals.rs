//! What is refused, and what the complaint says.

use super::*;

#[test]
fn an_error_names_file_line_element_value_and_what_is_allowed() {
    let xml = "<mujoco>\n <worldbody>\n  <body>\n   <joint type='screw'/>\n  </body>\n </worldbody>\n</mujoco>";
    let error = compile(xml, "arm.xml").unwrap_err().to_string();
    assert_eq!(
        error,
        "arm.xml:4: <joint>: type is `screw`; allowed: free, ball, slide, hinge"
    );
    assert!(matches!(load("/nowhere/x.xml"), Err(Error::Read { .. })));
}

/// Checks that each XML is refused with a message that holds the words beside it.
fn refused<const N: usize>(cases: [(String, &str); N]) {
    for (xml, expected) in cases {
        let message = complaint(&xml);
        assert!(
            message.contains(expected),
            "expected `{expected}`, got `{message}` for {xml}"
        );
    }
}

#[test]
fn what_the_engine_does_not_do_is_refused() {
    let joint = |attributes: &str| with("", attributes, "", "");
    let geom = |attributes: &str| with("", "", attributes, "");
    let head = |element: &str| with(element, "", "", "");
    refused([
        (
            joint("actuatorgravcomp='true'"),
            "needs gravity compensation",
        ),
        (
            geom("type='mesh'"),
            "type is `mesh`; allowed: plane, sphere, capsule, ellipsoid, cylinder, box",
        ),
        (geom("type='hfield'"), "type is `hfield`; allowed"),
        (geom("type='sdf'"), "type is `sdf`; allowed"),
        (geom("condim='2'"), "condim is `2`; allowed: 1, 3, 4, 6"),
        (geom("mesh='m'"), "needs meshes"),
        (geom("hfield='m'"), "needs height fields"),
        (geom("shellinertia='true'"), "needs hollow geoms"),
        (geom("fluidshape='ellipsoid'"), "needs fluid forces"),
        (geom("colour='red'"), "unknown attribute colour=`red`"),
        (
            head("<option cone='round'/>"),
            "allowed: pyramidal, elliptic",
        ),
        (
            head("<option solver='newton'/>"),
            "allowed: PGS, CG, Newton",
        ),
        (
            head("<option integrator='implicit'/>"),
            "allowed: Euler, RK4, implicitfast",
        ),
        (
            head("<option noslip_iterations='3'/>"),
            "needs the noslip solver",
        ),
        (
            head("<option><flag spring='disable'/></option>"),
            "turning a stage off",
        ),
        (
            head("<option><flag override='enable'/></option>"),
            "contact override",
        ),
        (
            head("<compiler coordinate='global'/>"),
            "global coordinates",
        ),
        (
            head("<tendon><spatial/></tendon>"),
            "does not do that here; allowed here: fixed",
        ),
        (
            head("<deformable><flex/></deformable>"),
            "does not do that here",
        ),
        (
            head("<extension><plugin plugin='p'><instance name='i'/></plugin></extension>"),
            "does not do that here",
        ),
        (head("<magic/>"), "unknown element"),
        (
            head("<include file='x.xml'/>"),
            "a text cannot include files",
        ),
        (
            head("<asset><model name='m'/></asset>"),
            "does not do that here",
        ),
        (head("<compiler fusestatic='true'/>"), "needs fusing bodies"),
    ]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let joint = |attributes: &str| with("", attributes, "", "");
    let geom = |attributes: &str| with("", "", attributes, "");
    let motor = |attributes: &str| {
        with(
            "",
            "",
            "",
            &format!("<actuator><motor {attributes}/></actuator>"),
        )
    };
    let exclude = "<contact><exclude body1='b' body2='q'/></contact>";
    let no_size = |xml: String| xml.replacen("size='0.1'", "", 1);
    let two_geoms = geom("").replace("name='g'", "name='g'/><geom name='g'");
    refused([
        (with("<option timestep='0'/>", "", "", ""), "greater than 0"),
        (joint("armature='x'"), "`x`, which is not a finite number"),
        (joint("armature='1e999'"), "not a finite number"),
        (joint("armature='NaN'"), "not a finite number"),
        (joint("armature='-1'"), "the inertia matrix is singular"),
        (
            joint("armature='1,2'"),
            "`1,2`, which is not a finite number",
        ),
        (joint("armature='1;'"), "`1;`, which is not a finite number"),
        (joint("limited='True'"), "allowed: true, false, auto"),
        (geom("condim='3.0'"), "it must be a whole number"),
        (joint("pos='1 2'"), "pos has 2 numbers, expected 3"),
        (joint("class='z'"), "known classes: main"),
        (joint("axis='0 0 0'"), "no direction"),
        (geom("mass='-1'"), "mass is -1; it must be 0 or more"),
        (geom("density='-1'"), "density is -1; it must be 0 or more"),
        (geom("mass='0'"), "body `b` moves but has mass 0"),
        (no_size(geom("size='0'")), "size number 1 is 0"),
        (
            no_size(geom("type='plane' size='1 1 1'")),
            "a plane must not move",
        ),
        (
            geom("fromto='0 0 0 0 0 1'"),
            "fromto needs a capsule, cylinder",
        ),
        (geom("type='capsule' fromto='0 0 0 0 0 0'"), "too close"),
        (motor("joint='k'"), "there is no joint `k`; known joints: j"),
        (motor("joint='j' ctrllimited='true'"), "ctrlrange is 0 0"),
        (motor(""), "joint is missing"),
        (
            with("", "", "", exclude),
            "there is no body `q`; known bodies: b, world",
        ),
        (two_geoms, "another geom named `g`"),
        (with("<default class='x'/>", "", "", ""), "always `main`"),
        (
            with("<default><geom/><geom/></default>", "", "", ""),
            "the class has this element twice",
        ),
        (
            with("<default><motor joint='j'/></default>", "", "", ""),
            "a class cannot give joint",
        ),
        (
            with("<option><flag/><flag/></option>", "", "", ""),
            "at most one <flag>",
        ),
        ("<robot/>".into(), "must be <mujoco>"),
        (
            "<mujoco>".into(),
            "<mujoco> has no end </mujoco> (column 1)",
        ),
        (String::new(), "the text holds no element"),
    ]);
}

#[test]
fn kinds_of_actuators_that_are_not_done_are_refused() {
    let actuator = |xml: &str| with("", "", "", &format!("<actuator>{xml}</actuator>"));
    let attribute = |attribute: &str| actuator(&format!("<general joint='j' {attribute}/>"));
    for kind in ["intvelocity", "muscle", "cylinder", "adhesion", "plugin"] {
        let message = complaint(&actuator(&format!("<{kind} joint='j'/>")));
        assert!(message.contains("this engine does not do that here; allowed here: general"));
    }
    refused([
        (actuator("<general site='s'/>"), "needs actuators on sites"),
        (actuator("<general body='b'/>"), "needs actuators on bodies"),
        (actuator("<motor cranksite='s'/>"), "needs slider-cranks"),
        (attribute("dyntype='filter'"), "needs activations"),
        (
            attribute("actlimited='true' actrange='-1 1'"),
            "needs activations",
        ),
        (attribute("gaintype='muscle'"), "allowed: fixed, affine"),
        (attribute("biastype='muscle'"), "allowed: none, affine"),
        (
            attribute("jointinparent='j'"),
            "joint, jointinparent each name a target; give one",
        ),
        (
            attribute("gear='1 2 3 4 5 6 7'"),
            "gear has 7 numbers, expected 1 to 6",
        ),
        (attribute("kp='1'"), "unknown attribute kp=`1`"),
        (
            actuator("<motor tendon='t'/>"),
            "there is no tendon `t`; known tendons: none",
        ),
        (
            actuator("<position joint='j' timeconst='1'/>"),
            "needs activations",
        ),
        (
            actuator("<position joint='j' kv='1' dampratio='1'/>"),
            "kv and dampratio exclude each other",
        ),
        (
            actuator("<position joint='j' ctrlrange='0 1' inheritrange='1'/>"),
            "ctrlrange and inheritrange exclude each other",
        ),
        (
            actuator("<position joint='j' inheritrange='1'/>"),
            "needs a target that has a range",
        ),
        (actuator("<damper joint='j'/>"), "ctrlrange is 0 0"),
        (
            actuator("<damper joint='j' ctrlrange='-1 1'/>"),
            "must be 0 or more",
        ),
        (
            actuator("<damper joint='j' ctrllimited='false'/>"),
            "unknown attribute ctrllimited",
        ),
    ]);
}

#[test]
fn elements_that_are_not_done_are_refused_in_bodies() {
    let body = |xml: &str| {
        format!(
            "<mujoco><worldbody><body name='a'>{xml}<geom size='1'/></body></worldbody></mujoco>"
        )
    };
    for element in ["replicate", "attach", "composite", "flexcomp", "plugin"] {
        let message = complaint(&body(&format!("<{element}/>")));
        assert!(message.contains("this engine does not do that here; allowed here: body"));
    }
    refused([
        (
            body("<body mocap='true'/>"),
            "needs bodies moved from outside",
        ),
        (body("<body gravcomp='1'/>"), "needs gravity compensation"),
        (
            body("<frame><inertial pos='0 0 0' mass='1'/></frame>"),
            "this engine does not do that here",
        ),
        (
            body("<freejoint/><joint/>"),
            "must be the only joint of its body",
        ),
        (
            body("<body><freejoint/><geom size='1'/></body>"),
            "stands directly in the world",
        ),
        (
            body("<joint type='ball'/><joint/>"),
            "must be the last joint of its body that rotates",
        ),
        (
            body(
                "<joint type='slide'/><joint type='slide'/><joint type='slide'/><joint type='slide'/><joint type='ball'/>",
            ),
            "have 7 degrees of freedom; at most 6",
        ),
        (
            "<mujoco><worldbody><frame><joint/></frame></worldbody></mujoco>".into(),
            "the world does not move",
        ),
        (
            body("<site type='plane'/>"),
            "type is `plane`; allowed: sphere",
        ),
        (
            body("<joint axis='1 0 0'/><joint axis='1 0 0'/>"),
            "the inertia matrix is singular there",
        ),
        (
            body("<joint springdamper='1 0'/>"),
            "both must be greater than 0",
        ),
    ]);
}

#[test]
fn tendons_and_pairs_that_make_no_sense_are_refused() {
    let tendon = |xml: &str| {
        let tail = format!("<tendon><fixed>{xml}</fixed></tendon>");
        with("", "", "", &tail)
    };
    let pair = |attributes: &str| {
        let tail = format!("<contact><pair geom1='g' {attributes}/></contact>");
        with("", "", "", &tail)
    };
    let ball = tendon("<joint joint='j' coef='1'/>").replace("name='j'", "name='j' type='ball'");
    refused([
        (tendon(""), "needs at least one <joint>"),
        (tendon("<joint joint='j'/>"), "coef is missing"),
        (tendon("<joint coef='1'/>"), "joint is missing"),
        (
            tendon("<joint joint='k' coef='1'/>"),
            "there is no joint `k`",
        ),
        (ball, "which is no hinge and no slide"),
        (
            tendon("<site site='s'/>"),
            "this engine does not do that here; allowed here: joint",
        ),
        (
            tendon("<joint joint='j' coef='1'/>").replace("<fixed>", "<fixed springlength='2 1'>"),
            "springlength is 2 1; the first must not exceed the second",
        ),
        (
            tendon("<joint joint='j' coef='1'/>")
                .replace("<fixed>", "<fixed actuatorfrcrange='-1 1'>"),
            "needs limits on a tendon's actuator force",
        ),
        (pair(""), "geom2 is missing"),
        (pair("geom2='x'"), "there is no geom `x`; known geoms: g"),
        (pair("geom2='g'"), "a geom cannot touch itself"),
        (
            pair("geom2='h' condim='2'")
                .replace("<geom name='g'", "<geom name='h' size='1'/><geom name='g'"),
            "allowed: 1, 3, 4, 6",
        ),
    ]);
}
