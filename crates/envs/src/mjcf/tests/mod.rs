//! The reader as a whole: inheritance, geometry, constants, and any bytes at all.

mod elements;
mod forgiven;
mod limits;
mod refusals;
mod xml;

use super::*;
use crate::Error;
use crate::dynamics::model::GeomType;
use approx::assert_abs_diff_eq;
use glam::{DQuat, DVec3};
use proptest::prelude::*;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2};

const ASSETS: [(&str, &str); 3] = [
    (
        "half_cheetah",
        include_str!("../../../assets/half_cheetah.xml"),
    ),
    ("hopper", include_str!("../../../assets/hopper.xml")),
    ("walker2d", include_str!("../../../assets/walker2d.xml")),
];

/// One pendulum with extra XML in each place.
fn with(head: &str, joint: &str, geom: &str, tail: &str) -> String {
    format!(
        "<mujoco model='m'>{head}<worldbody><body name='b'><joint name='j' {joint}/>\
         <geom name='g' size='0.1' {geom}/></body></worldbody>{tail}</mujoco>"
    )
}

fn ok(xml: &str) -> Model {
    compile(xml, "test.xml").unwrap_or_else(|error| panic!("{error}\n{xml}"))
}

/// The complaint about `xml`, without the place.
fn complaint(xml: &str) -> String {
    match compile(xml, "test.xml") {
        Err(Error::Mjcf { message, .. }) => message,
        other => panic!("{other:?} for {xml}"),
    }
}

#[test]
fn assets_compile() {
    let sizes = ASSETS.map(|(name, xml)| {
        let model = compile(xml, name).unwrap();
        assert_eq!(model.name, name);
        (
            model.nq,
            model.nv,
            model.nu,
            model.bodies.name.len(),
            model.pairs.len(),
        )
    });
    assert_eq!(
        sizes,
        [(9, 9, 6, 8, 8), (6, 6, 3, 5, 4 + 3), (9, 9, 6, 8, 7)]
    );
}

#[test]
fn classes_inherit_and_childclass_reaches_down() {
    let model = ok("<mujoco>
        <default>
          <joint damping='1' solimplimit='0.5'/> <geom size='0.1' friction='3'/>
          <default class='a'> <joint damping='2'/>
            <default class='b'> <joint armature='0.25'/> <geom friction='4'/> </default>
          </default>
        </default>
        <worldbody>
          <body childclass='b'> <joint/> <geom/>
            <body> <joint class='a'/> <geom/>
              <body childclass='a'> <joint damping='7'/> <geom/> </body>
            </body>
          </body>
          <body> <joint class='main'/> <geom/> </body>
        </worldbody>
      </mujoco>");
    assert_eq!(model.dofs.damping, [2.0, 2.0, 7.0, 1.0]);
    assert_eq!(model.dofs.armature, [0.25, 0.0, 0.0, 0.0]);
    let friction: Vec<_> = model.geoms.friction.iter().map(|f| f[0]).collect();
    assert_eq!(friction, [4.0, 4.0, 3.0, 3.0]);
    // A short list leaves the rest at what was inherited.
    assert_eq!(model.geoms.friction[0][1..], [0.005, 0.0001]);
    assert_eq!(model.joints.solimp[0], [0.5, 0.95, 0.001, 0.5, 2.0]);
}

#[test]
fn bodies_come_depth_first() {
    let model = ok("<mujoco><worldbody>
        <body name='a'><body name='b'><body name='c'/></body><body name='d'/></body><body name='e'/>
      </worldbody></mujoco>");
    assert_eq!(model.bodies.name, ["world", "a", "b", "c", "d", "e"]);
    assert_eq!(model.bodies.parent, [0, 0, 1, 2, 1, 0]);
    assert_eq!(model.bodies.root, [0, 1, 1, 1, 1, 5]);
    assert_eq!(model.bodies.weld, [0; 6]);
}

#[test]
fn fromto_places_a_capsule() {
    let model = ok(&with("", "", "type='capsule' fromto='1 0 0 3 0 0'", ""));
    assert_eq!(model.geoms.kind[0], GeomType::Capsule);
    assert_eq!(
        (model.geoms.size[0], model.geoms.pos[0]),
        ([0.1, 1.0, 0.0], DVec3::new(2.0, 0.0, 0.0))
    );
    // The z axis looks from the second point to the first.
    let turn = DQuat::from_xyzw(0.0, -FRAC_1_SQRT_2, 0.0, FRAC_1_SQRT_2);
    assert!(model.geoms.quat[0].abs_diff_eq(turn, 1e-15));
    assert_eq!(model.geoms.rbound[0], 1.1);
}

#[test]
fn orientations_agree() {
    let quarter = DQuat::from_rotation_z(FRAC_PI_2);
    for way in [
        "quat='2 0 0 2'",
        "axisangle='0 0 3 90'",
        "euler='0 0 90'",
        "xyaxes='0 2 0 -1 5 0'",
    ] {
        let model = ok(&with("", "", way, ""));
        assert!(model.geoms.quat[0].abs_diff_eq(quarter, 1e-15), "{way}");
    }
    let radians = with(
        "<compiler angle='radian' eulerseq='ZYX'/>",
        "",
        "euler='1.5707963267948966 0 0'",
        "",
    );
    assert!(ok(&radians).geoms.quat[0].abs_diff_eq(quarter, 1e-15));
    assert!(complaint(&with("", "", "quat='1 0 0 0' euler='0 0 0'", "")).contains("give one"));
}

#[test]
fn degrees_and_limits() {
    let model = ok(&with("", "range='-90 180' ref='90' springref='45'", "", ""));
    assert!(model.joints.limited[0]);
    assert_abs_diff_eq!(model.joints.range[0][0], -FRAC_PI_2);
    assert_abs_diff_eq!(model.qpos0[0], FRAC_PI_2);
    assert_abs_diff_eq!(model.qpos_spring[0], FRAC_PI_2 / 2.0);
    let slide = ok(&with(
        "",
        "type='slide' range='-90 180' limited='false'",
        "",
        "",
    ));
    assert!(!slide.joints.limited[0]);
    let upside_down = with("", "range='1 0' limited='true'", "", "");
    assert!(complaint(&upside_down).contains("range is 1 0"));
    assert!(
        complaint(&with(
            "<compiler autolimits='false'/>",
            "range='0 1'",
            "",
            ""
        ))
        .contains("autolimits")
    );
}

#[test]
fn mass_comes_from_density_mass_or_inertial() {
    let ball = 4.0 / 3.0 * std::f64::consts::PI * 1e-3;
    assert_abs_diff_eq!(
        ok(&with("", "", "density='500'", "")).bodies.mass[1],
        500.0 * ball,
        epsilon = 1e-12
    );
    assert_eq!(ok(&with("", "", "mass='3'", "")).bodies.mass[1], 3.0);
    assert_abs_diff_eq!(
        ok(&with("<compiler settotalmass='14'/>", "", "", ""))
            .bodies
            .subtreemass[0],
        14.0
    );
    let xml = |kind: &str| {
        format!(
            "<mujoco><compiler inertiafromgeom='{kind}'/><worldbody><body><joint/><geom size='0.1' mass='2'/>\
             <inertial pos='0 0 1' mass='5' fullinertia='1 2 3 0 0 0'/></body></worldbody></mujoco>"
        )
    };
    let explicit = ok(&xml("auto"));
    assert_eq!(
        (explicit.bodies.mass[1], explicit.bodies.ipos[1]),
        (5.0, DVec3::Z)
    );
    assert_eq!(explicit.bodies.inertia[1], DVec3::new(3.0, 2.0, 1.0));
    assert_eq!(ok(&xml("true")).bodies.mass[1], 2.0);
}

/// Numbers that MuJoCo 3.3.7 computes for the same XML.
#[test]
fn constants_of_a_point_on_slides() {
    let model = ok(
        "<mujoco><worldbody><body><joint type='slide' armature='5'/><geom size='1'/></body></worldbody></mujoco>",
    );
    assert_abs_diff_eq!(model.meaninertia, 4193.790204786391, epsilon = 1e-9);
    assert_abs_diff_eq!(
        model.dofs.invweight0[0],
        1.0 / 4188.790204786391,
        epsilon = 1e-15
    );
}

/// Numbers that MuJoCo 3.3.7 computes for the same XML: nothing here is aligned with anything.
#[test]
fn constants_of_a_skew_arm() {
    let model = ok("<mujoco><worldbody><body>
        <joint type='slide' axis='1 1 0'/> <joint axis='0 1 2' pos='0.3 0 0'/>
        <inertial pos='0 0.1 0' mass='2' fullinertia='2 3 4 .3 -.2 .5'/>
        <body pos='1 0 0' euler='10 20 30'>
          <joint axis='1 2 3' armature='.1'/> <geom type='capsule' size='.1 .4' euler='40 50 60'/>
        </body>
      </body></worldbody></mujoco>");
    let bodies = [
        [0.0, 0.0],
        [0.021617344725068394, 0.02395444560308375],
        [0.017732185538043718, 0.1665689668019914],
    ];
    let dofs = [0.04332727968051658, 0.07186333680925125, 0.5683953495136352];
    assert_abs_diff_eq!(model.meaninertia, 18.091426222468062, epsilon = 1e-12);
    for (found, expected) in model
        .bodies
        .invweight0
        .iter()
        .flatten()
        .zip(bodies.iter().flatten())
    {
        assert_abs_diff_eq!(found, expected, epsilon = 1e-14);
    }
    for (found, expected) in model.dofs.invweight0.iter().zip(&dofs) {
        assert_abs_diff_eq!(found, expected, epsilon = 1e-14);
    }
    let iquat = DQuat::from_xyzw(
        0.467012305178862,
        0.18893800189076168,
        0.5510041098030863,
        0.6652791964530083,
    );
    assert!(model.bodies.iquat[2].abs_diff_eq(iquat, 1e-15));
}

#[test]
fn contact_filter() {
    let xml = "<mujoco>
        <default><geom size='0.1'/></default>
        <worldbody>
          <geom name='floor' type='plane' size='1 1 1'/> <geom name='post' pos='5 0 0'/>
          <body name='a'> <joint/> <geom name='a'/> <geom name='a2' contype='0' conaffinity='2'/>
            <body name='welded'> <geom name='w'/>
              <body name='b'> <joint/> <geom name='b'/>
                <body name='c'> <joint/> <geom name='c'/> </body>
              </body>
            </body>
          </body>
        </worldbody>
        EXCLUDE
      </mujoco>";
    let names = |exclude: &str| {
        let model = ok(&xml.replace("EXCLUDE", exclude));
        let name = |g: usize| model.geoms.name[g].clone();
        model
            .pairs
            .iter()
            .map(|pair| pair.geoms.map(name).join("-"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    // World against all; a and what is welded to it are b's parents; only c is far enough.
    assert_eq!(
        names(""),
        "floor-a post-a floor-w post-w floor-b post-b floor-c post-c a-c w-c"
    );
    let fewer = names("<contact><exclude body1='c' body2='a'/></contact>");
    assert_eq!(
        fewer,
        "floor-a post-a floor-w post-w floor-b post-b floor-c post-c w-c"
    );
}

/// Words that stress the reader when they land where a value was.
const NASTY: [&str; 14] = [
    "",
    "-1",
    "0",
    "1e308",
    "-1e308",
    "1e-308",
    "nan",
    "inf",
    "1 2 3 4 5 6 7",
    "true",
    "plane",
    "é",
    "0x10",
    "4294967296",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Any value in any attribute, any piece of text removed or doubled: a model or an error, never a panic.
    #[test]
    fn mutated_files_never_panic(
        asset in 0..ASSETS.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..NASTY.len() + 2), 1..4),
    ) {
        let mut xml = ASSETS[asset].1.to_owned();
        for (place, edit) in edits {
            let values: Vec<_> = xml.match_indices("=\"").map(|(at, _)| at + 2).collect();
            if values.is_empty() { break; }
            let start = values[place.index(values.len())];
            let Some(length) = xml[start..].find('"') else { break };
            match edit {
                0 => xml.replace_range(start..start + length, ""),
                1 => {
                    let value = xml[start..start + length].to_owned();
                    xml.insert_str(start, &value);
                }
                nasty => xml.replace_range(start..start + length, NASTY[nasty - 2]),
            }
        }
        if let Ok(model) = compile(&xml, "fuzz") {
            prop_assert!(model.meaninertia.is_finite());
            prop_assert!(model.bodies.mass.iter().all(|m| m.is_finite() && *m >= 0.0));
        }
    }

    #[test]
    fn cut_or_spliced_files_never_panic(asset in 0..ASSETS.len(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let xml = ASSETS[asset].1;
        let (a, b) = (from.index(xml.len()), to.index(xml.len()));
        let _ = compile(&(xml[..a].to_owned() + &xml[b..]), "fuzz");
    }
}
