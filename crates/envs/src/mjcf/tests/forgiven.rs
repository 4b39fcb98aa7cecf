//! What MuJoCo 3.3.7 reads though it looks wrong: the numbers are its own, and a note says what was passed over.

use super::*;
use crate::dynamics::{State, step};

/// The notes on `xml`, which must compile.
fn notes(xml: &str) -> String {
    ok(xml).notes.join("\n")
}

#[test]
fn an_orientation_beside_fromto_is_passed_over() {
    let shape = |class: &str, own: &str| {
        format!(
            "<mujoco><default><geom {class}/></default><worldbody>
             <geom type='capsule' size='.1' fromto='0 0 0 1 2 3' {own}/></worldbody></mujoco>"
        )
    };
    let expected = DQuat::from_xyzw(
        0.8489484615068863,
        -0.42447423075344315,
        0.0,
        0.31481444873347764,
    );
    for way in [
        "quat='1 0 -.002 0'",
        "axisangle='1 0 0 20'",
        "xyaxes='0 1 0 -1 0 0'",
        "zaxis='1 0 0'",
        "euler='10 20 30'",
        // Without direction, and never asked for one.
        "zaxis='0 0 0'",
    ] {
        for xml in [shape("", way), shape(way, ""), shape(way, "quat='0 1 0 0'")] {
            let model = ok(&xml);
            assert!(model.geoms.quat[0].abs_diff_eq(expected, 1e-15), "{xml}");
            assert!(
                model
                    .notes
                    .iter()
                    .any(|note| note.contains("beside fromto is passed over"))
            );
        }
    }
    assert_eq!(notes(&shape("", "")), "");
    let site = "<mujoco><worldbody><site type='box' size='.1' fromto='0 0 0 0 1 1' euler='10 20 30'/></worldbody></mujoco>";
    let expected = DQuat::from_xyzw(0.9238795325112867, 0.0, 0.0, 0.38268343236508984);
    assert!(ok(site).sites.quat[0].abs_diff_eq(expected, 1e-15));
    assert!(complaint(&shape("", "pos='1 0 0'")).contains("fromto excludes pos"));
    assert!(complaint(&shape("", "quat='1 0 0 0' euler='0 0 0'")).contains("give one"));
    assert!(complaint(&shape("", "quat='0 0 0 0'")).contains("must not be zero"));
}

#[test]
fn a_class_turns_its_elements_unless_they_say_how_in_the_same_way() {
    let turned = |own: &str| {
        ok(&format!(
            "<mujoco><default><geom euler='0 0 90'/></default><worldbody>
             <geom type='box' size='.1 .2 .3' {own}/></worldbody></mujoco>"
        ))
    };
    let quarter = DQuat::from_rotation_z(FRAC_PI_2);
    let model = turned("quat='.5 .5 .5 .5'");
    assert!(model.geoms.quat[0].abs_diff_eq(quarter, 1e-15));
    assert!(model.notes[0].contains("goes before its own quat"));
    let model = turned("zaxis='1 0 0'");
    assert!(model.geoms.quat[0].abs_diff_eq(DQuat::from_rotation_y(FRAC_PI_2), 1e-15));
    assert_eq!(model.notes, [""; 0]);
}

#[test]
fn sections_may_be_empty() {
    let tail = "<equality/><extension/><deformable/><contact/><tendon/><actuator/><sensor/><keyframe/><custom/>";
    assert_eq!(ok(&with("", "", "", tail)).notes, [""; 0]);
}

#[test]
fn switched_off_equalities_make_no_difference() {
    let equality =
        |head: &str, xml: &str| with(head, "", "", &format!("<equality>{xml}</equality>"));
    let plain = ok(&with("", "", "", ""));
    for (head, xml) in [
        ("", "<joint joint1='j' active='false'/>"),
        (
            "",
            "<weld body1='b' active='false' relpose='0 0 0 1 0 0 0'/>",
        ),
        ("", "<connect body1='b' anchor='0 0 0' active='false'/>"),
        (
            "<default><equality active='false'/></default>",
            "<joint joint1='j'/>",
        ),
        (
            "<option><flag equality='disable'/></option>",
            "<joint joint1='j'/>",
        ),
        (
            "<option><flag constraint='disable'/></option>",
            "<weld body1='b'/>",
        ),
    ] {
        let model = ok(&equality(head, xml));
        assert!(model.notes[0].contains("switched off"), "{:?}", model.notes);
        assert_eq!(model.equalities.active0, [false]);
        assert_eq!(
            (model.bodies, model.joints.kind),
            (plain.bodies.clone(), plain.joints.kind.clone())
        );
    }
    for (xml, expected) in [
        (
            "<joint joint1='k' active='false'/>",
            "there is no joint `k`",
        ),
        (
            "<weld body1='b' body2='b' active='false'/>",
            "holds body `b` to itself",
        ),
        ("<connect body1='b' active='false'/>", "anchor is missing"),
        ("<joint active='false'/>", "joint1 is missing"),
        ("<weld active='false'/>", "names nothing"),
        ("<weld site1='s'/>", "site2 is missing"),
        ("<weld site1='s' site2='t'/>", "there is no site `s`"),
        (
            "<weld site1='s' body1='b'/>",
            "site1 and body1 exclude each other",
        ),
        ("<connect body2='b' anchor='0 0 0'/>", "body1 is missing"),
        (
            "<connect body1='b' relpose='0 0 0 1 0 0 0'/>",
            "unknown attribute relpose",
        ),
        ("<tendon tendon1='t'/>", "there is no tendon `t`"),
        (
            "<joint joint1='j' body1='b' active='false'/>",
            "unknown attribute body1",
        ),
        ("<flex flex='f' active='false'/>", "does not do that here"),
    ] {
        let found = complaint(&equality("", xml));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn a_range_that_is_empty_is_no_limit_unless_it_is_asked_for() {
    let joint = |kind: &str, range: &str, limited: &str| {
        with(
            "",
            &format!("type='{kind}' range='{range}' {limited}"),
            "",
            "",
        )
    };
    for kind in ["hinge", "slide", "ball"] {
        for range in ["10 -10", "5 5", "-3 -4"] {
            let model = ok(&joint(kind, range, ""));
            assert!(!model.joints.limited[0]);
            assert!(
                model.notes[0].contains("so there is no limit"),
                "{:?}",
                model.notes
            );
            assert_eq!(notes(&joint(kind, range, "limited='false'")), "");
        }
        assert_eq!(notes(&joint(kind, "0 0", "")), "");
        let model = ok(&joint(kind, "0 10", ""));
        assert!(model.joints.limited[0] && model.notes.is_empty());
    }
    assert!(complaint(&joint("slide", "10 -10", "limited='true'")).contains("range is 10 -10"));
    // Not asked of a ball, but that it starts at 0.
    assert!(ok(&joint("ball", "0 -5", "limited='true'")).joints.limited[0]);
    assert!(complaint(&joint("ball", "1 5", "")).contains("must be 0"));
    assert!(ok(&joint("slide", "-inf inf", "")).joints.limited[0]);
    let auto = "<compiler autolimits='false'/>";
    assert!(complaint(&with(auto, "range='10 -10'", "", "")).contains("autolimits"));

    let tail = "<tendon><fixed range='1 -1'><joint joint='j' coef='1'/></fixed></tendon>
        <actuator><general joint='j' ctrlrange='2 1' forcerange='3 3' actrange='5 4'/>
          <motor joint='j' ctrlrange='-inf inf'/></actuator>";
    let model = ok(&with("", "actuatorfrcrange='7 6'", "", tail));
    assert_eq!(model.tendons.limited, [false]);
    assert_eq!(model.actuators.ctrllimited, [false, true]);
    assert_eq!(model.actuators.forcelimited, [false, false]);
    assert_eq!(model.joints.actfrclimited, [false]);
    assert_eq!(model.actuators.ctrlrange[0], [2.0, 1.0]);
    assert_eq!(
        model.notes,
        [
            "test.xml:1: <joint>: actuatorfrcrange is 7 6: the first is not lower than the second, so there is no limit \
          (and 4 more like this)"
        ]
    );
}

#[test]
fn gears_beyond_those_that_are_felt_are_kept_and_not_felt() {
    let xml = |gear: &str| {
        let tail = format!("<actuator><motor joint='j' gear='{gear}'/></actuator>");
        with("", "", "pos='.3 0 0'", &tail)
    };
    let moved = |xml: &str| {
        let model = ok(xml);
        let mut state = State::new(&model);
        state.ctrl[0] = 0.5;
        step(&model, &mut state);
        (model, state.qvel[0])
    };
    let (model, all) = moved(&xml("2 3 0 0 0 7"));
    assert_eq!(model.actuators.gear[0], [2.0, 3.0, 0.0, 0.0, 0.0, 7.0]);
    assert!(model.notes[0].contains("gear holds 3 after its first 1"));
    let (model, first) = moved(&xml("2"));
    assert_eq!((all, model.notes), (first, Vec::new()));
}

/// `None` for MuJoCo's own choice, which is a dense Jacobian in a model as small as this.
#[test]
fn a_joint_may_be_in_a_tendon_twice() {
    for (jacobian, weight, qvel) in [
        (
            "auto",
            1.0215336961003472,
            [7.674865349732612, -1.1911822353752746],
        ),
        (
            "dense",
            1.0215336961003472,
            [7.674865349732612, -1.1911822353752746],
        ),
        (
            "sparse",
            1.9317412677282293,
            [-2.5366819277097954, -0.7456802450057902],
        ),
    ] {
        let model = ok(&format!(
            "<mujoco><option jacobian='{jacobian}'/><worldbody>
               <body><joint name='j' ref='30' damping='.1'/><geom size='.1' pos='.2 0 0'/></body>
               <body pos='0 1 0'><joint name='k' type='slide'/><geom size='.1'/></body>
             </worldbody>
             <tendon><fixed name='t' stiffness='3' damping='2' range='0 .2' armature='.5'>
               <joint joint='j' coef='2'/><joint joint='k' coef='1'/><joint joint='j' coef='-.5'/>
             </fixed></tendon>
             <actuator><motor tendon='t' gear='3'/></actuator></mujoco>"
        ));
        assert_abs_diff_eq!(model.tendons.length0[0], FRAC_PI_2 / 2.0, epsilon = 1e-15);
        assert_abs_diff_eq!(model.tendons.invweight0[0], weight, epsilon = 1e-14);
        assert!(model.notes[0].contains("joint is `j`: the joint is in the tendon twice"));
        let mut state = State::new(&model);
        state.qpos.copy_from_slice(&[0.7, 0.1]);
        state.qvel.copy_from_slice(&[0.3, -0.2]);
        state.ctrl[0] = 0.5;
        step(&model, &mut state);
        for (found, expected) in state.qvel.iter().zip(qvel) {
            assert_abs_diff_eq!(*found, expected, epsilon = 1e-12);
        }
    }
}

/// A class that nothing uses may ask for anything; so may one whose elements say otherwise.
#[test]
fn what_a_class_asks_for_is_wrong_only_where_it_is_used() {
    let class = |inside: &str, head: &str, tail: &str| {
        let head = format!("<default><default class='x'>{inside}</default></default>{head}");
        with(&head, "", "", tail)
    };
    for inside in [
        "<geom type='mesh'/>",
        "<geom type='hfield'/>",
        "<geom type='sdf'/>",
        "<geom mesh='m'/>",
        "<geom shellinertia='true' fluidshape='ellipsoid'/>",
        "<geom condim='2'/>",
        "<geom mass='-1' density='-1' friction='-1'/>",
        "<geom zaxis='0 0 0'/>",
        "<site type='plane'/>",
        "<joint axis='0 0 0' springdamper='1 0' actuatorgravcomp='true'/>",
        "<joint limited='true'/>",
        "<pair condim='2'/>",
        "<tendon springlength='2 1'/>",
        "<muscle force='3'/>",
        "<cylinder area='3'/>",
        "<intvelocity kp='3'/>",
        "<adhesion gain='3'/>",
        "<general dyntype='filter' gaintype='muscle' biastype='user' actdim='3'/>",
        "<position timeconst='1'/>",
        "<equality active='true'/>",
    ] {
        assert_eq!(notes(&class(inside, "", "")), "", "{inside}");
    }
    let geom = |attributes: &str| {
        format!("<worldbody><geom class='x' size='.1 .1 .1' {attributes}/></worldbody>")
    };
    let motor = |xml: &str| format!("<actuator>{xml}</actuator>");
    let mesh = "<geom type='mesh' mesh='m'/>";
    ok(&class(mesh, "", &geom("type='box' mesh=''")));
    ok(&class(
        "<muscle/>",
        "",
        &motor("<motor class='x' joint='j'/>"),
    ));
    for (inside, tail, expected) in [
        (mesh, geom(""), "there is no mesh `m`"),
        (mesh, geom("mesh=''"), "mesh is missing, and type is `mesh`"),
        ("<geom condim='2'/>", geom(""), "condim is `2`"),
        ("<geom zaxis='0 0 0'/>", geom(""), "zaxis has no direction"),
        (
            "<muscle/>",
            motor("<general class='x' joint='j'/>"),
            "the search for lengthrange did not settle",
        ),
        (
            "<general dyntype='user'/>",
            motor("<position class='x' joint='j'/>"),
            "dyntype is `user`; allowed: none, integrator",
        ),
        (
            "<intvelocity/>",
            motor("<motor class='x' joint='j'/>"),
            "actrange is 0 0",
        ),
        ("<geom size='a'/>", String::new(), "not a finite number"),
        (
            "<geom colour='a'/>",
            String::new(),
            "unknown attribute colour",
        ),
        ("<geom type='ball'/>", String::new(), "type is `ball`"),
    ] {
        let found = complaint(&class(inside, "", &tail));
        assert!(found.contains(expected), "{found}");
    }
    let text = "<mujoco>\n<default>\n<geom type='sdf'/></default>\n<worldbody>\n<geom/></worldbody></mujoco>";
    let found = compile(text, "a.xml").unwrap_err().to_string();
    assert!(
        found.starts_with("a.xml:5: <geom>: type is `sdf`")
            && found.ends_with("its class in a.xml:3")
    );
}

/// Numbers that a class of one kind leaves to those of another that start from it.
#[test]
fn classes_of_other_actuators_leave_their_numbers() {
    let gain = |class: &str, own: &str| {
        let model = ok(&with(
            &format!("<default>{class}</default>"),
            "",
            "",
            &format!("<actuator>{own}</actuator>"),
        ));
        let first = |prm: [f64; 9]| [prm[0], prm[1], prm[2]];
        let a = &model.actuators;
        (first(a.gainprm[0]), first(a.biasprm[0]))
    };
    let velocity = "<velocity joint='j'/>";
    assert_eq!(gain("<cylinder area='2'/>", velocity).0[0], 2.0);
    assert_eq!(
        gain("<adhesion gain='3' ctrlrange='0 1'/>", velocity).0[0],
        3.0
    );
    assert_eq!(
        gain("<muscle/>", velocity),
        ([0.75, 0.0, 0.0], [0.0, 0.0, -0.75])
    );
    let general = "<general joint='j' dyntype='none' gaintype='fixed' biastype='affine'/>";
    assert_eq!(gain("<muscle force='4'/>", general).1, [0.75, 1.05, 4.0]);
}

#[test]
fn numbers_are_cs() {
    let number = |text: &str| {
        ok(&with("", &format!("damping='{text}'"), "", ""))
            .dofs
            .damping[0]
    };
    for (text, value) in [
        ("1.", 1.0),
        (".5", 0.5),
        ("+1", 1.0),
        ("1e-3", 1e-3),
        ("1E2", 100.0),
        (" \t\n\u{b}\u{c}\r2 ", 2.0),
        ("0x10", 16.0),
        ("0X1.8p1", 3.0),
        ("0x.8P-1", 0.25),
        ("-2", -2.0),
        ("", 0.0),
        ("  ", 0.0),
    ] {
        assert_eq!(number(text), value, "{text}");
    }
    for text in [
        "1,",
        "1;",
        "1_0",
        "1d3",
        "0x",
        "0x1p",
        "0xg",
        "1e400",
        "0x1p9999",
        "inf",
        "nan",
        "--1",
        "1 2",
        "e3",
        "0x1p-99999999999",
    ] {
        assert!(
            complaint(&with("", &format!("damping='{text}'"), "", "")).contains("damping"),
            "{text}"
        );
    }
    // Nothing said is nothing given.
    let model = ok(&with(
        "",
        "range='' axis=' ' type='hinge'",
        "rgba='' mass='' pos=''",
        "",
    ));
    assert_eq!(
        (model.joints.limited[0], model.joints.axis[0]),
        (false, DVec3::Z)
    );
}

/// MuJoCo asks none of these for its sign; what it makes of them was recorded.
#[test]
fn numbers_may_be_negative() {
    let model = ok(&with(
        "<compiler boundmass='-1'/><option tolerance='-1'/>",
        "damping='-1' stiffness='-2' frictionloss='-3' margin='-1'",
        "friction='-1 -2 -3' solmix='-1' margin='-.1' gap='-3'",
        "<worldbody><geom size='1' pos='0 0 -1.05'/></worldbody>",
    ));
    assert_eq!(model.pairs[0].friction, [1.0, 1.0, 0.005, 0.0001, 0.0001]);
    assert_eq!(model.notes, [""; 0]);
    let mut state = State::new(&model);
    state.qvel[0] = 0.1;
    step(&model, &mut state);
    assert_abs_diff_eq!(state.qvel[0], 0.11193662073189214, epsilon = 1e-12);
}

#[test]
fn bodies_outside_the_world_are_passed_over() {
    let model = ok(&with(
        "",
        "",
        "",
        "<body name='q'><geom size='1'/></body><frame/>",
    ));
    assert_eq!(model.bodies.name, ["world", "b"]);
    assert_eq!(model.notes.len(), 1);
    assert!(
        model.notes[0]
            .contains("<body>: it stands outside <worldbody> and is passed over (and 1 more")
    );
}

#[test]
fn the_other_search_for_nearest_points_may_be_asked_for_where_nothing_is_searched() {
    let head = "<option>\n<flag nativeccd='disable'/></option>";
    ok(&with(
        head,
        "",
        "",
        "<worldbody><geom type='box' size='1 1 1'/></worldbody>",
    ));
    let found = complaint(&with(
        head,
        "",
        "",
        "<worldbody><geom type='ellipsoid' size='1 1 1'/></worldbody>",
    ));
    assert!(
        found.contains("another search for nearest points of [Sphere, Ellipsoid]"),
        "{found}"
    );
}

/// MuJoCo fills up with numbers that are no pose: neither places of bodies nor angles in radians.
#[test]
fn short_keyframes_are_filled_up() {
    let model = ok("<mujoco><worldbody>
        <frame pos='0 0 3'>
          <body pos='1 2 3' euler='90 0 0'><freejoint/><geom size='.1'/></body>
          <body pos='4 5 6' quat='1 2 3 4'><freejoint/><geom size='.1'/></body>
        </frame>
        <body><joint ref='30' armature='1'/><joint type='ball' armature='1'/><geom size='.1'/></body></worldbody>
        <keyframe><key qpos='7'/><key qpos='1 2 3 4 5 6 7 8'/><key/><key qvel='1 2'/></keyframe></mujoco>");
    let rest = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 30.0, 1.0, 0.0, 0.0, 0.0];
    let quat = [
        0.3563483225498992,
        0.44543540318737396,
        0.5345224838248488,
        0.6236095644623235,
    ];
    let keys = &model.keyframes;
    let first = [&[7.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0], &rest[..]].concat();
    assert_eq!(keys[0].qpos, first);
    let second = [&[1.0, 2.0, 3.0], &quat[..], &[8.0], &rest[..]].concat();
    for (found, expected) in keys[1].qpos.iter().zip(second) {
        assert_abs_diff_eq!(*found, expected, epsilon = 1e-15);
    }
    assert_eq!((&keys[2].qpos, &keys[3].qpos), (&model.qpos0, &model.qpos0));
    assert_eq!(keys[3].qvel[..3], [1.0, 2.0, 0.0]);
    assert!(model.notes[0].contains("qpos has 1 numbers, expected 19: MuJoCo fills it up"));
    assert!(model.notes[0].ends_with("(and 2 more like this)"));
}
