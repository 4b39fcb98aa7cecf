//! A compiled model beside MuJoCo's, field by field.

use crate::recording::{Recording, Result};
use crate::{Errors, errors};
use envs::dynamics::model::{
    Cone, Equality, GeomType, Integrator, JointType, Model, Solver, Transmission,
};
use envs::glam::{DQuat, DVec3};

/// A quaternion in MuJoCo's order `w x y z`.
fn wxyz(q: &DQuat) -> [f64; 4] {
    [q.w, q.x, q.y, q.z]
}

fn vectors(list: &[DVec3]) -> Vec<f64> {
    list.iter().flat_map(|v| v.to_array()).collect()
}

/// `found`, with the sign turned that makes it equal `reference`: both signs are the same rotation.
fn quats(found: &[DQuat], reference: &[f64]) -> Vec<f64> {
    let rows = found.iter().map(wxyz).zip(reference.chunks_exact(4));
    let sign = |q: [f64; 4], r: &[f64]| {
        if q.iter().zip(r).map(|(a, b)| a * b).sum::<f64>() < 0.0 {
            -1.0
        } else {
            1.0
        }
    };
    rows.flat_map(|(q, r)| q.map(|x| x * sign(q, r))).collect()
}

fn whole<T: Copy + TryInto<i64>>(list: &[T]) -> Vec<f64> {
    list.iter()
        .map(|x| (*x).try_into().map_or(f64::NAN, |x| x as f64))
        .collect()
}

fn flags(list: &[bool]) -> Vec<f64> {
    list.iter().map(|x| f64::from(u8::from(*x))).collect()
}

fn flat<const N: usize>(list: &[[f64; N]]) -> Vec<f64> {
    list.iter().flatten().copied().collect()
}

/// MuJoCo's numbers for joint types.
fn joint_type(kind: JointType) -> f64 {
    match kind {
        JointType::Free => 0.0,
        JointType::Ball => 1.0,
        JointType::Slide => 2.0,
        JointType::Hinge => 3.0,
    }
}

/// MuJoCo's numbers for geom types.
fn geom_type(kind: GeomType) -> f64 {
    match kind {
        GeomType::Plane => 0.0,
        GeomType::HField => 1.0,
        GeomType::Sphere => 2.0,
        GeomType::Capsule => 3.0,
        GeomType::Ellipsoid => 4.0,
        GeomType::Cylinder => 5.0,
        GeomType::Box => 6.0,
        GeomType::Mesh => 7.0,
    }
}

/// MuJoCo's numbers for integrator, solver and cone.
fn codes(model: &Model) -> [f64; 3] {
    let integrator = match model.opt.integrator {
        Integrator::Euler => 0.0,
        Integrator::Rk4 => 1.0,
        Integrator::Implicit => 2.0,
        Integrator::ImplicitFast => 3.0,
    };
    let solver = match model.opt.solver {
        Solver::Pgs => 0.0,
        Solver::Cg => 1.0,
        Solver::Newton => 2.0,
    };
    let cone = match model.opt.cone {
        Cone::Pyramidal => 0.0,
        Cone::Elliptic => 1.0,
    };
    [integrator, solver, cone]
}

/// MuJoCo's numbers for equality constraints.
fn equality_type(kind: &Equality) -> f64 {
    match kind {
        Equality::Connect(_) => 0.0,
        Equality::Weld(..) => 1.0,
        Equality::Joint(..) => 2.0,
        Equality::Tendon(..) => 3.0,
    }
}

/// Every field of `model` with the recording's key for it.
fn fields(
    model: &Model,
    recording: &Recording,
    key_of: &dyn Fn(&str) -> String,
) -> Vec<(&'static str, Vec<f64>)> {
    let (b, j, d, g) = (&model.bodies, &model.joints, &model.dofs, &model.geoms);
    let quaternions = |key: &'static str, found: &[DQuat]| {
        let reference = recording.get(&key_of(key)).map(|held| &held.data[..]);
        (key, quats(found, reference.unwrap_or_default()))
    };
    let first = |list: &[(usize, usize)]| {
        list.iter()
            .map(|(at, n)| if *n == 0 { -1 } else { *at as i64 })
            .collect::<Vec<_>>()
    };
    let count = |list: &[(usize, usize)]| list.iter().map(|(_, n)| *n as f64).collect::<Vec<_>>();
    let parents: Vec<i64> = d
        .parent
        .iter()
        .map(|p| p.map_or(-1, |p| p as i64))
        .collect();
    let [integrator, solver, cone] = codes(model);
    let mut fields = vec![
        ("nq", vec![model.nq as f64]),
        ("nv", vec![model.nv as f64]),
        ("nu", vec![model.nu as f64]),
        ("opt/timestep", vec![model.opt.timestep]),
        ("opt/gravity", model.opt.gravity.to_array().to_vec()),
        ("opt/integrator", vec![integrator]),
        ("opt/solver", vec![solver]),
        ("opt/cone", vec![cone]),
        ("opt/density", vec![model.opt.density]),
        ("opt/viscosity", vec![model.opt.viscosity]),
        ("opt/wind", model.opt.wind.to_array().to_vec()),
        ("opt/impratio", vec![model.opt.impratio]),
        ("opt/iterations", vec![model.opt.iterations as f64]),
        ("opt/tolerance", vec![model.opt.tolerance]),
        ("opt/ls_iterations", vec![model.opt.ls_iterations as f64]),
        ("opt/ls_tolerance", vec![model.opt.ls_tolerance]),
        ("stat/meaninertia", vec![model.meaninertia]),
        ("qpos0", model.qpos0.clone()),
        ("qpos_spring", model.qpos_spring.clone()),
        ("body_parentid", whole(&b.parent)),
        ("body_rootid", whole(&b.root)),
        ("body_weldid", whole(&b.weld)),
        ("body_jntadr", whole(&first(&b.joints))),
        ("body_jntnum", count(&b.joints)),
        ("body_dofadr", whole(&first(&b.dofs))),
        ("body_dofnum", count(&b.dofs)),
        ("body_pos", vectors(&b.pos)),
        quaternions("body_quat", &b.quat),
        ("body_ipos", vectors(&b.ipos)),
        quaternions("body_iquat", &b.iquat),
        ("body_mass", b.mass.clone()),
        ("body_subtreemass", b.subtreemass.clone()),
        ("body_inertia", vectors(&b.inertia)),
        ("body_invweight0", flat(&b.invweight0)),
        ("jnt_type", j.kind.iter().map(|k| joint_type(*k)).collect()),
        ("jnt_bodyid", whole(&j.body)),
        ("jnt_qposadr", whole(&j.qposadr)),
        ("jnt_dofadr", whole(&j.dofadr)),
        ("jnt_pos", vectors(&j.pos)),
        ("jnt_axis", vectors(&j.axis)),
        ("jnt_stiffness", j.stiffness.clone()),
        ("jnt_limited", flags(&j.limited)),
        ("jnt_range", flat(&j.range)),
        ("jnt_margin", j.margin.clone()),
        ("jnt_solref", flat(&j.solref)),
        ("jnt_solimp", flat(&j.solimp)),
        ("dof_bodyid", whole(&d.body)),
        ("dof_jntid", whole(&d.joint)),
        ("dof_parentid", whole(&parents)),
        ("dof_armature", d.armature.clone()),
        ("dof_damping", d.damping.clone()),
        ("dof_frictionloss", d.frictionloss.clone()),
        ("dof_solref", flat(&d.solref)),
        ("dof_solimp", flat(&d.solimp)),
        ("dof_invweight0", d.invweight0.clone()),
        ("geom_type", g.kind.iter().map(|k| geom_type(*k)).collect()),
        ("geom_bodyid", whole(&g.body)),
        ("geom_size", flat(&g.size)),
        ("geom_pos", vectors(&g.pos)),
        quaternions("geom_quat", &g.quat),
        ("geom_rbound", g.rbound.clone()),
        ("geom_contype", whole(&g.contype)),
        ("geom_conaffinity", whole(&g.conaffinity)),
        ("geom_condim", whole(&g.condim)),
        ("geom_priority", whole(&g.priority)),
        ("geom_solmix", g.solmix.clone()),
        ("geom_friction", flat(&g.friction)),
        ("geom_margin", g.margin.clone()),
        ("geom_gap", g.gap.clone()),
        ("geom_solref", flat(&g.solref)),
        ("geom_solimp", flat(&g.solimp)),
    ];
    fields.extend(driving_fields(model));
    fields
}

/// The fields of tendons, actuators and keyframes.
fn driving_fields(model: &Model) -> Vec<(&'static str, Vec<f64>)> {
    let (t, a, e) = (&model.tendons, &model.actuators, &model.equalities);
    // The first of what each actuator acts on.
    let targets: Vec<f64> = a
        .transmission
        .iter()
        .map(|target| match target {
            Transmission::Joint(i)
            | Transmission::JointInParent(i)
            | Transmission::Tendon(i)
            | Transmission::Site(i, _)
            | Transmission::SliderCrank(i, ..)
            | Transmission::Body(i) => *i as f64,
        })
        .collect();
    let keys = model.keyframes.iter();
    let key_qpos: Vec<f64> = keys.flat_map(|key| key.qpos.iter().copied()).collect();
    vec![
        ("tendon_limited", flags(&t.limited)),
        ("tendon_range", flat(&t.range)),
        ("tendon_margin", t.margin.clone()),
        ("tendon_stiffness", t.stiffness.clone()),
        ("tendon_damping", t.damping.clone()),
        ("tendon_armature", t.armature.clone()),
        ("tendon_frictionloss", t.frictionloss.clone()),
        ("tendon_lengthspring", flat(&t.lengthspring)),
        ("tendon_length0", t.length0.clone()),
        ("tendon_invweight0", t.invweight0.clone()),
        ("tendon_actfrclimited", flags(&t.actfrclimited)),
        ("tendon_actfrcrange", flat(&t.actfrcrange)),
        ("eq_type", e.kind.iter().map(equality_type).collect()),
        ("eq_active0", flags(&e.active0)),
        ("eq_solref", flat(&e.solref)),
        ("eq_solimp", flat(&e.solimp)),
        ("body_gravcomp", model.bodies.gravcomp.clone()),
        ("actuator_acc0", a.acc0.clone()),
        ("actuator_actlimited", flags(&a.actlimited)),
        ("actuator_actrange", flat(&a.actrange)),
        ("actuator_lengthrange", flat(&a.lengthrange)),
        ("actuator_gear", flat(&a.gear)),
        ("actuator_trnid", targets),
        ("actuator_ctrllimited", flags(&a.ctrllimited)),
        ("actuator_ctrlrange", flat(&a.ctrlrange)),
        ("actuator_gainprm", flat(&a.gainprm)),
        ("actuator_biasprm", flat(&a.biasprm)),
        ("actuator_dynprm", flat(&a.dynprm)),
        ("actuator_forcelimited", flags(&a.forcelimited)),
        ("actuator_forcerange", flat(&a.forcerange)),
        ("key_qpos", key_qpos),
    ]
}

/// Fields of which a model keeps the first numbers of each row, and how many.
const PARTS: [(&str, usize); 4] = [
    ("actuator_trnid", 1),
    ("actuator_gainprm", 9),
    ("actuator_biasprm", 9),
    ("actuator_dynprm", 3),
];

/// Fields that every recording of a model holds at least.
const LEAST_FIELDS: usize = 30;

/// Errors of every field of `model` that the recording holds under `key_of` its name.
///
/// # Errors
/// When names differ, or the recording holds too little to be a model.
pub fn compare(
    model: &Model,
    recording: &Recording,
    key_of: &dyn Fn(&str) -> String,
) -> Result<Errors> {
    let mut found = Errors::default();
    let held = |key: &str| recording.get(&key_of(key)).ok();
    for (key, values) in fields(model, recording, key_of) {
        let Some(expected) = held(key) else {
            continue;
        };
        if let Some((_, width)) = PARTS.iter().find(|(part, _)| *part == key) {
            // Recordings of before hold fewer numbers of a row.
            let rows = values
                .chunks(*width)
                .zip((0..expected.len()).map(|i| expected.row(i)));
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for (own, other) in rows {
                let both = own.len().min(other.len());
                ours.extend_from_slice(&own[..both]);
                theirs.extend_from_slice(&other[..both]);
            }
            assert_eq!(values.len(), width * expected.len(), "rows of {key}");
            found.add(key, &ours, &theirs);
        } else {
            found.add(key, &values, &expected.data);
        }
    }
    if found.len() < LEAST_FIELDS {
        return Err(format!(
            "the recording holds only {} fields of the model",
            found.len()
        ));
    }
    let names = [
        ("body", &model.bodies.name),
        ("joint", &model.joints.name),
        ("geom", &model.geoms.name),
        ("tendon", &model.tendons.name),
    ];
    for (kind, ours) in names {
        let Ok(theirs) = recording.texts(&format!("model/names/{kind}")) else {
            continue;
        };
        if ours != theirs {
            return Err(format!(
                "names of {kind}s are {ours:?}, recorded {theirs:?}"
            ));
        }
    }
    Ok(found)
}

/// The error of quaternions against a recording's `w x y z` rows, whatever their signs.
pub fn quat_error(found: &[DQuat], expected: &[f64]) -> f64 {
    errors::error(&quats(found, expected), expected)
}
