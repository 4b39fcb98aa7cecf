//! Element by element: what the model holds after compiling. Numbers are MuJoCo 3.3.7's on the same XML.

use super::*;
use crate::dynamics::model::{Cone, Integrator, JointType, Solver, Transmission};
use std::f64::consts::PI;

/// A hinge `h`, a slide `s`, a ball `b` and a free joint `f`, each on a body of its own, with extra XML.
fn four(head: &str, tail: &str) -> String {
    format!(
        "<mujoco>{head}<worldbody>
           <body name='h' pos='0 0 1'><joint name='h' range='-90 90'/>
             <geom name='h' type='capsule' size='.1' fromto='0 0 0 .5 0 0'/>
             <body name='s' pos='.5 0 0'><joint name='s' type='slide' axis='1 0 0' ref='.3' springref='.1'/>
               <geom name='s' type='box' size='.1 .2 .3'/>
               <body name='b' pos='.4 0 0'><joint name='b' type='ball'/>
                 <geom name='b' type='cylinder' size='.1 .2' pos='.2 0 0'/></body>
             </body>
           </body>
           <body name='f' pos='1 2 3' euler='10 20 30'><freejoint name='f'/>
             <geom name='f' type='ellipsoid' size='.1 .2 .3' pos='.1 0 0'/></body>
         </worldbody>{tail}</mujoco>"
    )
}

#[test]
fn options_are_read() {
    let model = ok(&four(
        "<option timestep='0.01' integrator='implicitfast' cone='elliptic' solver='PGS' density='1.2'
           viscosity='0.1' wind='1 2 3' ccd_tolerance='1e-4' ccd_iterations='7' impratio='3' jacobian='sparse'/>",
        "",
    ));
    let opt = &model.opt;
    assert_eq!(
        (opt.integrator, opt.cone, opt.solver),
        (Integrator::ImplicitFast, Cone::Elliptic, Solver::Pgs)
    );
    assert_eq!((opt.density, opt.viscosity), (1.2, 0.1));
    assert_eq!(opt.wind, DVec3::new(1.0, 2.0, 3.0));
    assert_eq!((opt.ccd_tolerance, opt.ccd_iterations), (1e-4, 7));
    assert_eq!((opt.timestep, opt.impratio), (0.01, 3.0));
}

#[test]
fn flags_act_on_the_model() {
    let tail = "<actuator><motor joint='h' ctrlrange='-1 1'/></actuator>";
    let model = ok(&four(
        "<option><flag gravity='disable' contact='disable' limit='disable' clampctrl='disable'/></option>",
        tail,
    ));
    assert_eq!(model.opt.gravity, DVec3::ZERO);
    assert!(model.pairs.is_empty() && !model.joints.limited[0]);
    assert!(!model.actuators.ctrllimited[0]);
    let plain = ok(&four("", tail));
    assert!(!plain.pairs.is_empty() && plain.joints.limited[0] && plain.actuators.ctrllimited[0]);
    let none = ok(&four("<option><flag constraint='disable'/></option>", tail));
    assert!(none.pairs.is_empty() && !none.joints.limited[0]);
    assert!(none.opt.islands && none.opt.warmstart);
    let cold = ok(&four(
        "<option iterations='0'><flag island='disable' warmstart='disable'/></option>",
        tail,
    ));
    assert!(!cold.opt.islands && !cold.opt.warmstart && cold.opt.iterations == 0);
    let chain = |flag: &str| {
        ok(&format!(
            "<mujoco><option>{flag}</option><worldbody><body><joint/><geom size='1'/><body><joint/><geom size='1'/>
             </body></body></worldbody></mujoco>"
        ))
    };
    assert_eq!(chain("").pairs.len(), 0);
    assert_eq!(chain("<flag filterparent='disable'/>").pairs.len(), 1);
}

#[test]
fn joints_of_all_kinds() {
    let model = ok(&four("", ""));
    assert_eq!((model.nq, model.nv), (13, 11));
    use JointType::{Ball, Free, Hinge, Slide};
    assert_eq!(model.joints.kind, [Hinge, Slide, Ball, Free]);
    assert_eq!(model.joints.qposadr, [0, 1, 2, 6]);
    assert_eq!(model.joints.dofadr, [0, 1, 2, 5]);
    assert_eq!(model.bodies.dofs[3..], [(2, 3), (5, 6)]);
    assert_eq!(model.dofs.joint, [0, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3]);
    let parents: Vec<_> = model.dofs.parent[..6].to_vec();
    assert_eq!(parents, [None, Some(0), Some(1), Some(2), Some(3), None]);
    assert_eq!(model.trees, [0..5, 5..11]);
    assert_eq!(model.dofs.tree, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    assert_eq!(
        model.qpos0[..9],
        [0.0, 0.3, 1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0]
    );
    let free = DQuat::from_xyzw(
        model.qpos0[10],
        model.qpos0[11],
        model.qpos0[12],
        model.qpos0[9],
    );
    assert_eq!(free, model.bodies.quat[4]);
    assert_eq!(model.qpos_spring[1], 0.1);
    assert_eq!(model.qpos_spring[2..], model.qpos0[2..]);
}

#[test]
fn a_ball_has_a_cone_of_angles() {
    let model = ok(&with("", "type='ball' range='0 90'", "", ""));
    assert!(model.joints.limited[0]);
    assert_eq!(model.joints.range[0], [0.0, PI / 2.0]);
    assert!(complaint(&with("", "type='ball' range='10 90'", "", "")).contains("must be 0"));
}

#[test]
fn joint_forces_are_read() {
    let model = ok(&with(
        "",
        "frictionloss='0.5' solreffriction='0.1' solimpfriction='0.8' actuatorfrcrange='-2 3'",
        "",
        "",
    ));
    assert_eq!(model.dofs.frictionloss, [0.5]);
    assert_eq!(model.dofs.solref[0], [0.1, 1.0]);
    assert_eq!(model.dofs.solimp[0], [0.8, 0.95, 0.001, 0.5, 2.0]);
    assert!(model.joints.actfrclimited[0]);
    assert_eq!(model.joints.actfrcrange[0], [-2.0, 3.0]);
}

#[test]
fn a_spring_damper_is_sized_by_the_inertia() {
    let model = ok(&with("", "springdamper='0.5 2'", "", ""));
    let inertia = 1.0 / model.dofs.invweight0[0];
    assert_abs_diff_eq!(model.joints.stiffness[0], inertia, epsilon = 1e-15);
    assert_abs_diff_eq!(model.dofs.damping[0], 4.0 * inertia, epsilon = 1e-15);
}

#[test]
fn shapes_have_sizes_masses_and_bounds() {
    let model = ok(&four("", ""));
    let ball = 4.0 / 3.0 * PI;
    assert_abs_diff_eq!(model.bodies.mass[2], 48.0, epsilon = 1e-12);
    assert_abs_diff_eq!(model.bodies.mass[3], 4.0 * PI, epsilon = 1e-12);
    assert_abs_diff_eq!(model.bodies.mass[4], 6.0 * ball, epsilon = 1e-12);
    assert_eq!(model.geoms.rbound[1], 0.14_f64.sqrt());
    assert_eq!(model.geoms.rbound[2], 0.1_f64.hypot(0.2));
    assert_eq!(model.geoms.rbound[3], 0.3);
}

#[test]
fn masks_may_be_all_bits() {
    let model = ok(&with("", "", "contype='-1' conaffinity=' -1 '", ""));
    assert_eq!(
        (model.geoms.contype[0], model.geoms.conaffinity[0]),
        (u32::MAX, u32::MAX)
    );
}

#[test]
fn fromto_of_a_box_keeps_its_width() {
    let model = ok(&with("", "", "type='box' fromto='0 0 0 0 0 2'", ""));
    assert_eq!(model.geoms.size[0], [0.1, 0.1, 1.0]);
    assert_eq!(model.geoms.pos[0], DVec3::Z);
    let cylinder = ok(&with("", "", "type='cylinder' fromto='0 0 0 0 0 2'", ""));
    assert_eq!(cylinder.geoms.size[0], [0.1, 1.0, 0.0]);
}

#[test]
fn colours_come_from_materials() {
    let head = "<default><material rgba='0 0 0 1'/></default>
        <asset><material name='red' rgba='1 0 0 1'/><material name='black'/><mesh name='m' file='m.stl'/></asset>";
    let colour = |geom: &str| ok(&with(head, "", geom, "")).geoms.rgba[0];
    assert_eq!(colour(""), [0.5, 0.5, 0.5, 1.0]);
    assert_eq!(colour("material='red'"), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(colour("material='black'"), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(
        colour("material='red' rgba='0 1 0 .5'"),
        [0.0, 1.0, 0.0, 0.5]
    );
    assert!(complaint(&with("", "", "material='x'", "")).contains("there is no material `x`"));
}

#[test]
fn sites_are_placed() {
    let model = ok(
        "<mujoco><default><site pos='1 0 0'/></default><worldbody><site name='a'/>
           <body><site name='b' pos='0 0 2' euler='0 0 90'/>
             <site name='c' type='capsule' pos='0 0 0' fromto='0 0 0 0 0 4'/></body>
         </worldbody></mujoco>",
    );
    assert_eq!(model.sites.name, ["a", "b", "c"]);
    assert_eq!(model.sites.body, [0, 1, 1]);
    assert_eq!(model.sites.pos, [DVec3::X, DVec3::Z * 2.0, DVec3::Z * 2.0]);
    let quarter = DQuat::from_rotation_z(FRAC_PI_2);
    assert!(model.sites.quat[1].abs_diff_eq(quarter, 1e-15));
}

#[test]
fn frames_move_what_they_hold() {
    let model = ok(
        "<mujoco><default><geom size='.1'/><default class='big'><geom size='.2'/></default></default><worldbody>
           <frame pos='1 0 0' euler='0 0 90' childclass='big'>
             <body pos='1 0 0'><frame pos='0 0 1'><joint axis='1 0 0' pos='0 1 0'/><geom pos='0 0 1'/></frame></body>
             <frame pos='1 0 0'><geom/></frame>
             <body pos='2 0 0'><freejoint/><geom/></body>
           </frame>
         </worldbody></mujoco>",
    );
    let near = |a: DVec3, b: DVec3| assert!(a.abs_diff_eq(b, 1e-15), "{a} {b}");
    near(model.bodies.pos[1], DVec3::new(1.0, 1.0, 0.0));
    near(model.bodies.pos[2], DVec3::new(1.0, 2.0, 0.0));
    near(model.geoms.pos[0], DVec3::new(1.0, 1.0, 0.0));
    near(model.geoms.pos[1], DVec3::Z * 2.0);
    near(model.joints.pos[0], DVec3::new(0.0, 1.0, 1.0));
    assert_eq!(model.geoms.size[0][0], 0.2);
    near(
        DVec3::from_slice(&model.qpos0[1..]),
        DVec3::new(1.0, 2.0, 0.0),
    );
}

#[test]
fn a_free_body_can_take_its_axes_as_frame() {
    let xml = "<mujoco><compiler alignfree='true'/><worldbody><body pos='1 0 0'><freejoint/>
        <geom type='box' size='.1 .2 .3' pos='0 0 1' euler='0 0 90'/><site pos='0 0 1'/></body></worldbody></mujoco>";
    let model = ok(xml);
    assert!(model.bodies.pos[1].abs_diff_eq(DVec3::new(1.0, 0.0, 1.0), 1e-15));
    assert_eq!(model.bodies.ipos[1], DVec3::ZERO);
    assert!(model.geoms.pos[0].abs_diff_eq(DVec3::ZERO, 1e-15));
    assert!(model.geoms.quat[0].abs_diff_eq(DQuat::IDENTITY, 1e-15));
    assert!(model.sites.pos[0].abs_diff_eq(DVec3::ZERO, 1e-15));
    let not = ok(&xml.replace("<freejoint/>", "<freejoint align='false'/>"));
    assert_eq!(not.bodies.ipos[1], DVec3::Z);
}

#[test]
fn fixed_tendons_sum_joints() {
    let tail = "<tendon><fixed name='t' range='-1 2' stiffness='3' damping='4' armature='5' frictionloss='6'
        margin='.1'><joint joint='h' coef='2'/><joint joint='s' coef='-3'/></fixed>
        <fixed springlength='1'><joint joint='s' coef='1'/></fixed></tendon>";
    let model = ok(&four("<default><tendon damping='9'/></default>", tail));
    let t = &model.tendons;
    assert_eq!(t.joints, [vec![(0, 2.0), (1, -3.0)], vec![(1, 1.0)]]);
    assert_eq!((t.limited[0], t.range[0]), (true, [-1.0, 2.0]));
    assert_eq!(
        (t.stiffness[0], t.armature[0], t.frictionloss[0]),
        (3.0, 5.0, 6.0)
    );
    assert_eq!(t.damping, [4.0, 9.0]);
    assert_abs_diff_eq!(t.length0[0], -0.9, epsilon = 1e-15);
    assert_abs_diff_eq!(t.lengthspring[0][0], -0.3, epsilon = 1e-15);
    assert_eq!(t.lengthspring[1], [1.0, 1.0]);
    assert!(t.invweight0[0] > 0.0);
}

#[test]
fn actuators_are_gains_and_biases() {
    let tail = "<tendon><fixed name='t'><joint joint='h' coef='2'/></fixed></tendon>
        <actuator>
          <motor name='m' joint='h' gear='3'/>
          <position name='p' joint='h' kp='10' kv='2' forcerange='-5 5'/>
          <velocity name='v' tendon='t' kv='4'/>
          <damper name='d' joint='s' kv='6' ctrlrange='0 1'/>
          <general name='g' jointinparent='b' gaintype='affine' gainprm='1 2 3 4' biastype='affine' biasprm='5 6 7'
            gear='1 2 3'/>
          <general joint='f' gainprm='8 9' biasprm='1 1 1' gear='1 2 3 4 5 6'/>
        </actuator>";
    let model = ok(&four("", tail));
    let a = &model.actuators;
    assert_eq!(model.nu, 6);
    let first = |list: &[[f64; 9]]| -> Vec<[f64; 3]> {
        assert!(list.iter().all(|prm| prm[3..] == [0.0; 6]));
        list.iter().map(|prm| [prm[0], prm[1], prm[2]]).collect()
    };
    assert_eq!(
        first(&a.gainprm),
        [
            [1.0, 0.0, 0.0],
            [10.0, 0.0, 0.0],
            [4.0, 0.0, 0.0],
            [0.0, 0.0, -6.0],
            [1.0, 2.0, 3.0],
            [8.0, 0.0, 0.0]
        ]
    );
    assert_eq!(
        first(&a.biasprm),
        [
            [0.0; 3],
            [0.0, -10.0, -2.0],
            [0.0, 0.0, -4.0],
            [0.0; 3],
            [5.0, 6.0, 7.0],
            [0.0; 3]
        ]
    );
    assert_eq!(a.transmission[2], Transmission::Tendon(0));
    assert_eq!(a.transmission[4], Transmission::JointInParent(2));
    assert_eq!(a.gear[5], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!((a.forcelimited[1], a.forcerange[1]), (true, [-5.0, 5.0]));
    assert!(a.ctrllimited[3] && !a.ctrllimited[0]);
}

#[test]
fn servos_take_damping_ratio_and_range() {
    let model = ok(&with(
        "<default><general ctrlrange='-1 1'/></default>",
        "range='-90 90' armature='2'",
        "",
        "<actuator><position joint='j' kp='9' dampratio='0.5'/><motor joint='j'/></actuator>",
    ));
    let a = &model.actuators;
    // 2 times the ratio times the root of kp times inertia.
    let inertia = 1.0 / model.dofs.invweight0[0];
    assert_abs_diff_eq!(a.biasprm[0][2], -(9.0 * inertia).sqrt(), epsilon = 1e-12);
    assert_eq!(a.ctrlrange, [[-1.0, 1.0]; 2]);
    let inherited = ok(&with(
        "",
        "range='-90 90'",
        "",
        "<actuator><position joint='j' inheritrange='0.5'/></actuator>",
    ));
    assert_abs_diff_eq!(
        inherited.actuators.ctrlrange[0][1],
        PI / 4.0,
        epsilon = 1e-15
    );
    assert!(inherited.actuators.ctrllimited[0]);
}

#[test]
fn explicit_pairs_lead_their_bodies() {
    let tail = "<contact>
        <pair geom1='f' geom2='h' condim='6' friction='2 3' margin='.2' gap='.1' solref='.5' solreffriction='.1 .2'/>
        <pair geom1='b' geom2='h'/> <pair geom1='s' geom2='b' class='c'/> <exclude body1='f' body2='s'/></contact>";
    let model = ok(&four(
        "<default><default class='c'><pair condim='1'/></default></default>",
        tail,
    ));
    let pairs: Vec<_> = model.pairs.iter().map(|pair| pair.geoms).collect();
    // h-b by name; h-f by name; s-b by name although s is b's parent; b-f by filter, the ellipsoid first.
    assert_eq!(pairs, [[0, 2], [0, 3], [2, 1], [3, 2]]);
    let pair = &model.pairs[1];
    assert_eq!((pair.dim, pair.margin), (6, 0.2));
    assert_eq!(pair.includemargin, 0.1);
    assert_eq!(pair.friction, [2.0, 3.0, 0.005, 0.0001, 0.0001]);
    assert_eq!((pair.solref, pair.solreffriction), ([0.5, 1.0], [0.1, 0.2]));
    assert_eq!(model.pairs[2].dim, 1);
}

#[test]
fn keyframes_are_filled_up() {
    let tail = "<actuator><motor joint='h'/></actuator>
        <keyframe><key name='a' time='2' qpos='1 2 3 4 0 0 1 2 3 1 0 0 0' ctrl='7'/><key qvel='5'/></keyframe>";
    let model = ok(&four("<size nkey='3'/>", tail));
    assert_eq!(model.keyframes.len(), 3);
    let key = &model.keyframes[0];
    assert_eq!((key.name.as_str(), key.time), ("a", 2.0));
    assert_eq!(key.qpos[..6], [1.0, 2.0, 0.6, 0.8, 0.0, 0.0]);
    assert_eq!((key.qvel.len(), key.ctrl[0]), (11, 7.0));
    assert_eq!(model.keyframes[1].qvel[..2], [5.0, 0.0]);
    assert_eq!(model.keyframes[2].qpos, model.qpos0);
    for wrong in [
        "qpos='1 2 3 4 5 6 7 8 9 10 11 12 13 14'",
        "ctrl='1 2'",
        "qvel='1 2 3 4 5 6 7 8 9 10 11 12'",
        "act='1'",
    ] {
        let message = complaint(&four("", &tail.replace("qvel='5'", wrong)));
        assert!(message.contains("expected") || message.contains("needs activations"));
    }
}

/// A geom that a tendon winds around is copied with its side site, or neither is: `i`, `ball` and `tin` are copied.
#[test]
fn copied_tendons_find_geoms_with_their_side_sites() {
    let lengths = |geom: &str, ends: [&str; 2]| {
        let [first, last] = ends;
        let way = format!("<site site='{first}'/><geom {geom}/><site site='{last}'/>");
        let model = ok(&format!(
            "<mujoco><worldbody>
               <body pos='0 0 1'><joint/><geom name='other' size='.05'/><site name='o' pos='.4 .3 .2'/>
                 <site name='p' pos='.2 .4 .25'/></body>
               <replicate count='2' offset='1 0 0'><body pos='0 1 1'><joint/><geom name='ball' size='.05'/>
                 <geom name='tin' type='cylinder' size='.05 .1' pos='0 .3 0'/><site name='i' pos='.1 .2 .3'/>
                 <site name='j' pos='.3 .1 -.3'/></body></replicate>
             </worldbody><tendon><spatial name='t'>{way}</spatial></tendon></mujoco>"
        ));
        model.tendons.length0
    };
    for (geom, ends, expected) in [
        (
            "geom='ball' sidesite='i'",
            ["i", "j"],
            &[0.640312, 0.640312][..],
        ),
        (
            "geom='ball' sidesite='i'",
            ["o", "p"],
            &[1.659646, 2.123032],
        ),
        ("geom='tin' sidesite='i'", ["i", "o"], &[0.953939, 1.144552]),
        (
            "geom='other' sidesite='o'",
            ["i", "j"],
            &[0.640312, 0.640312],
        ),
        ("geom='other'", ["o", "i"], &[0.953939, 1.144552]),
        ("geom='other'", ["o", "p"], &[0.229129]),
        // Where MuJoCo finds no such pair, there is no tendon.
        ("geom='ball'", ["i", "j"], &[]),
        ("geom='tin'", ["o", "p"], &[]),
        ("geom='ball' sidesite='o'", ["i", "j"], &[]),
        ("geom='other' sidesite='i'", ["o", "i"], &[]),
    ] {
        let found = lengths(geom, ends);
        assert_eq!(found.len(), expected.len(), "{geom} between {ends:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{geom} between {ends:?}");
        }
    }
}
