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
        (head("<equality/>"), "does not do that here"),
        (
            head("<tendon><spatial/></tendon>"),
            "does not do that here; allowed here: fixed",
        ),
        (head("<deformable/>"), "does not do that here"),
        (head("<extension/>"), "does not do that here"),
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
        (
            joint("armature='-1'"),
            "armature is -1; it must be 0 or more",
        ),
        (joint("pos='1 2'"), "pos has 2 numbers, expected 3"),
        (joint("class='z'"), "known classes: main"),
        (joint("axis='0 0 0'"), "no direction"),
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
        (
            motor("joint='j' gear='1 2'"),
            "gear holds 2 after its first 1",
        ),
        (motor("joint='j' ctrllimited='true'"), "ctrlrange is 0 0"),
        (motor(""), "joint is missing"),
        (
            with("", "", "", exclude),
            "there is no body `q`; known bodies: b, world",
        ),
        (two_geoms, "another geom named `g`"),
        (with("<default class='x'/>", "", "", ""), "always `main`"),
        ("<robot/>".into(), "must be <mujoco>"),
        ("<mujoco>".into(), "root node was opened but never closed"),
        (String::new(), "document does not have a root node"),
    ]);
}
