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
    let geom = |attributes: &str| with("", "", attributes, "");
    let head = |element: &str| with(element, "", "", "");
    refused([
        (geom("type='mesh'"), "mesh is missing, and type is `mesh`"),
        (
            geom("type='hfield'"),
            "hfield is missing, and type is `hfield`",
        ),
        (geom("type='sdf'"), "type is `sdf`; allowed"),
        (geom("condim='2'"), "condim is `2`; allowed: 1, 3, 4, 6"),
        (geom("mesh='m'"), "there is no mesh `m`; known meshes: none"),
        (
            geom("hfield='m'"),
            "hfield is `m`, but type is not `hfield`",
        ),
        (
            geom("type='hfield' hfield='m'"),
            "there is no hfield `m`; known hfields: none",
        ),
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
            head("<option integrator='Implicit'/>"),
            "allowed: Euler, RK4, implicit, implicitfast",
        ),
        (
            head("<option noslip_iterations='-3'/>"),
            "it must be a whole number",
        ),
        (
            head("<option actuatorgroupdisable='3 31'/>"),
            "actuatorgroupdisable holds 31",
        ),
        (
            head("<option><flag spring='false'/></option>"),
            "allowed: enable, disable",
        ),
        (
            head("<option><flag multiccd='on'/></option>"),
            "allowed: enable, disable",
        ),
        (
            head("<compiler coordinate='global'/>"),
            "global coordinates",
        ),
        (
            head("<tendon><flexible/></tendon>"),
            "unknown element; allowed here: fixed, spatial",
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
        (head("<sensor><user/></sensor>"), "dim is missing"),
        (
            head("<sensor><user dim='-1'/></sensor>"),
            "it must be a whole number",
        ),
        (
            head("<sensor><camprojection site='s' camera='c'/></sensor>"),
            "does not do that here",
        ),
        (
            head("<sensor><plugin plugin='p'/></sensor>"),
            "does not do that here",
        ),
        (
            head("<include file='x.xml'/>"),
            "a text cannot include files",
        ),
        (head("<asset><model name='m'/></asset>"), "file is missing"),
        (
            head("<asset><model file='m.xml'/></asset>"),
            "the model is a text and has no folder",
        ),
        (
            head("<worldbody><attach model='m' prefix=''/></worldbody>"),
            "there is no model `m`; known models: ",
        ),
        (
            head("<worldbody><attach model='m'/></worldbody>"),
            "prefix is missing",
        ),
        (
            with(
                "<asset><mesh name='m' builtin='wedge'/></asset>",
                "",
                "",
                "",
            ),
            "builtin is `wedge`; allowed: none, sphere",
        ),
        (
            head("<asset><mesh name='m' vertex='0 0 0' maxhullvert='3'/></asset>"),
            "it must be 4 or more",
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
fn actuators_that_make_no_sense_are_refused() {
    let actuator = |xml: &str| with("", "", "", &format!("<actuator>{xml}</actuator>"));
    let attribute = |attribute: &str| actuator(&format!("<general joint='j' {attribute}/>"));
    let message = complaint(&actuator("<plugin joint='j'/>"));
    assert!(message.contains("this engine does not do that here; allowed here: general"));
    refused([
        (actuator("<general site='s'/>"), "there is no site `s`"),
        (actuator("<general body='q'/>"), "there is no body `q`"),
        (actuator("<motor body='b'/>"), "unknown attribute body"),
        (actuator("<adhesion/>"), "body is missing"),
        (
            actuator("<adhesion body='b' ctrlrange='-1 1'/>"),
            "an adhesion's control must be 0 or more",
        ),
        (actuator("<motor cranksite='s'/>"), "slidersite is missing"),
        (
            actuator("<motor cranksite='s' slidersite='t'/>"),
            "cranklength is 0; it must be greater than 0",
        ),
        (
            actuator("<motor joint='j' refsite='t'/>"),
            "refsite goes with site only",
        ),
        (
            actuator("<motor joint='j' cranklength='1'/>"),
            "cranklength goes with cranksite only",
        ),
        (
            attribute("dyntype='user'"),
            "allowed: none, integrator, filter",
        ),
        (attribute("dyntype='filter' actdim='2'"), "it must be 1"),
        (attribute("actdim='1'"), "it must be 0"),
        (
            attribute("actlimited='true' actrange='-1 1'"),
            "actrange needs a dyntype other than none",
        ),
        (
            attribute("gaintype='user'"),
            "allowed: fixed, affine, muscle",
        ),
        (
            attribute("biastype='user'"),
            "allowed: none, affine, muscle",
        ),
        (
            attribute("gaintype='muscle' gainprm='0.7 1.1 1 1 0.5 1.5 1 1 1'"),
            "the search for lengthrange did not settle",
        ),
        (
            actuator("<muscle joint='j' lengthrange='0 1' lmin='2'/>"),
            "lmin is 2 and lmax 1.6; 1 must lie between them",
        ),
        (
            actuator("<muscle joint='j' lengthrange='0 1' range='2 1'/>"),
            "range is 2 1; the first must be lower",
        ),
        (
            actuator("<muscle joint='j' lengthrange='0 1' vmax='0'/>"),
            "vmax is 0; it must be greater than 0",
        ),
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
            actuator("<position joint='j' timeconst='-1'/>"),
            "timeconst is -1; it must be 0 or more",
        ),
        (
            actuator("<intvelocity joint='j' actrange='0 1' inheritrange='1'/>"),
            "actrange and inheritrange exclude each other",
        ),
        (actuator("<intvelocity joint='j'/>"), "actrange is 0 0"),
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
    for element in ["composite", "flexcomp", "plugin"] {
        let message = complaint(&body(&format!("<{element}/>")));
        assert!(message.contains("this engine does not do that here; allowed here: body"));
    }
    refused([
        (
            body("<body mocap='true'/>"),
            "a mocap body has no joints and stands directly in the world",
        ),
        (
            body("").replace("name='a'><", "name='a' mocap='true'><joint/><"),
            "a mocap body has no joints",
        ),
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
    let spatial = |xml: &str| {
        let tail = format!("<tendon><spatial>{xml}</spatial></tendon>");
        let sites = "<site name='s'/><site name='t' pos='1 0 0'/></body>";
        with("", "", "", &tail).replacen("</body>", sites, 1)
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
            tendon("<joint joint='j' coef='1'/>").replace(
                "<fixed>",
                "<fixed actuatorfrclimited='true' actuatorfrcrange='1 2'>",
            ),
            "actuatorfrcrange is 1 2; 0 must lie within",
        ),
        (spatial(""), "at least two sites"),
        (spatial("<site site='s'/>"), "at least two sites"),
        (
            spatial("<site site='s'/><site site='s'/>"),
            "site `s` follows itself",
        ),
        (
            spatial("<geom geom='g'/><site site='s'/>"),
            "a geom needs a site right before",
        ),
        (
            spatial("<site site='s'/><geom geom='g'/><geom geom='g'/><site site='t'/>"),
            "a geom needs a site right before",
        ),
        (
            spatial("<site site='s'/><joint joint='j' coef='1'/>"),
            "allowed here: site, geom, pulley",
        ),
        (
            spatial("<site site='s'/><site site='t'/><pulley divisor='2'/>"),
            "at least two sites",
        ),
        (
            spatial(
                "<site site='s'/><site site='t'/><pulley divisor='0'/><site site='s'/><site site='t'/>",
            ),
            "divisor is 0; it must be greater than 0",
        ),
        (
            spatial("<site site='s'/><site site='q'/>"),
            "there is no site `q`",
        ),
        (
            spatial("<site site='s'/><geom geom='g'/><site site='t'/>")
                .replace("<geom name='g'", "<geom name='g' type='box'")
                .replace("size='0.1'", "size='0.1 0.1 0.1'"),
            "geom `g` is a Box",
        ),
        (
            spatial("<site site='s'/><geom geom='g'/><site site='t'/>")
                .replace("<spatial>", "<spatial armature='1'>"),
            "armature is 1; it must be 0 where a tendon runs around geoms",
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

#[test]
fn sensors_that_measure_nothing_are_refused() {
    let sensor = |text: &str| with("", "", "", &format!("<sensor>{text}</sensor>"));
    refused([
        (sensor("<touch/>"), "site is missing"),
        (sensor("<touch site='s'/>"), "there is no site `s`"),
        (sensor("<touch joint='j'/>"), "unknown attribute joint=`j`"),
        (sensor("<jointpos joint='k'/>"), "there is no joint `k`"),
        (sensor("<ballquat joint='j'/>"), "is of type Hinge"),
        (sensor("<jointlimitfrc joint='j'/>"), "has no limit"),
        (
            sensor("<jointpos joint='j' cutoff='-1'/>"),
            "it must be 0 or more",
        ),
        (
            sensor("<jointpos joint='j' noise='-1'/>"),
            "it must be 0 or more",
        ),
        (
            sensor("<framepos objtype='camera' objname='c'/>"),
            "objtype is `camera`; allowed: body, xbody, geom, site",
        ),
        (
            sensor("<framepos objtype='geom' objname='g' refname='g'/>"),
            "reftype is missing",
        ),
        (
            sensor("<framexaxis objtype='geom' objname='g' cutoff='1'/>"),
            "there is none for axes",
        ),
        (
            sensor("<distance geom1='g' body1='world' geom2='g'/>"),
            "exactly one of geom1 and body1",
        ),
        (
            sensor("<distance geom1='g' geom2='g'/>"),
            "they must differ",
        ),
        (
            sensor("<contact geom1='g' data='pos found'/>"),
            "in this order: found, force",
        ),
        (
            sensor("<contact num='0'/>"),
            "it must be a whole number, 1 to 1000",
        ),
        (
            sensor("<clock name='c'/><clock name='c'/>"),
            "there is another sensor named `c`",
        ),
    ]);
}

#[test]
fn height_fields_without_extent_or_heights_are_refused() {
    let field = |attributes: &str| {
        let head = format!("<asset><hfield name='h' {attributes}/></asset>");
        with(&head, "", "type='hfield' hfield='h'", "")
    };
    refused([
        (field("nrow='2' ncol='2'"), "size is missing"),
        (
            field("nrow='2' ncol='2' size='1 1 1'"),
            "size has 3 numbers, expected 4",
        ),
        (field("nrow='2' ncol='2' size='1 1 0 1'"), "size holds 0"),
        (field("size='1 1 1 1'"), "it has 0 rows and 0 columns"),
        (
            field("nrow='100000' ncol='100000' size='1 1 1 1'"),
            "together 1 to 16777216 heights",
        ),
        (
            field("nrow='2' ncol='2' size='1 1 1 1' elevation='1 2 3'"),
            "elevation has 3 numbers; nrow times ncol is 4",
        ),
        (field("file='h.png' size='1 1 1 1'"), "has no folder"),
        (
            field("file='h.png' nrow='2' size='1 1 1 1'"),
            "its file says them, leave them out",
        ),
    ]);
}
