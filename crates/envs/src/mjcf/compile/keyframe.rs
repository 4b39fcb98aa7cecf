//! Keyframes. MuJoCo: XML reference, "keyframe".

use super::super::spec::{KeySpec, Named, Within};
use super::{Builder, LEAST_INERTIA};
use crate::Result;
use crate::dynamics::model::{Dyn, Keyframe, Model};
use glam::{DQuat, DVec3};

impl Builder<'_> {
    /// Positions that fill up a keyframe's. As in MuJoCo they are not those of the reference pose: `ref` in the file's
    /// unit, and zeros for the rest of a free or ball joint.
    fn filling(&self) -> Vec<f64> {
        let joints = self.spec.bodies.iter().flat_map(|body| &body.spec.joints);
        let positions = joints.flat_map(|joint| {
            let rest = std::iter::repeat_n(0.0, joint.spec.kind.nq() - 1);
            std::iter::once(joint.spec.reference).chain(rest)
        });
        positions.collect()
    }

    pub(super) fn keyframes(&mut self) -> Result<Vec<Keyframe>> {
        let filling = self.filling();
        let model = &self.model;
        let poses = &model.bodies;
        let moved = (0..poses.mocap.len()).filter(|body| poses.mocap[*body].is_some());
        let places: Vec<f64> = moved
            .clone()
            .flat_map(|body| poses.pos[body].to_array())
            .collect();
        let turns: Vec<f64> = moved.flat_map(|body| wxyz(poses.quat[body])).collect();
        let mut keyframes = Vec::new();
        for key in &self.spec.keyframes {
            let whole;
            let key = match &key.spec.within {
                None => key,
                Some(within) => {
                    let [places, turns] = [&places, &turns];
                    whole = Spread::new(model, within).key(model, key, places, turns)?;
                    &whole
                }
            };
            let mut fit = |what: &str, given: &Option<Vec<f64>>, default: &[f64]| {
                let mut values = given.clone().unwrap_or_default();
                let found = format!(
                    "{what} has {} numbers, expected {}",
                    values.len(),
                    default.len()
                );
                if values.len() > default.len() {
                    return Err(key.place.error(found));
                }
                if given.is_some() && values.len() < default.len() {
                    let kind = "MuJoCo fills it up with zeros and, as written, each ref";
                    self.notes.add(&key.place, kind, &found);
                }
                values.extend_from_slice(&default[values.len()..]);
                Ok(values)
            };
            let default = match key.spec.qpos {
                Some(_) => &filling,
                None => &model.qpos0,
            };
            let mut qpos = fit("qpos", &key.spec.qpos, default)?;
            for joint in 0..model.joints.kind.len() {
                let kind = model.joints.kind[joint];
                if kind.nq() >= 4 {
                    let end = model.joints.qposadr[joint] + kind.nq();
                    normalize(&mut qpos[end - 4..end]);
                }
            }
            let mpos = fit("mpos", &key.spec.mpos, &places)?;
            let mut mquat = fit("mquat", &key.spec.mquat, &turns)?;
            mquat.chunks_exact_mut(4).for_each(normalize);
            keyframes.push(Keyframe {
                mocap_pos: mpos.chunks_exact(3).map(DVec3::from_slice).collect(),
                mocap_quat: mquat
                    .chunks_exact(4)
                    .map(|q| DQuat::from_xyzw(q[1], q[2], q[3], q[0]))
                    .collect(),
                act: fit("act", &key.spec.act, &vec![0.0; model.na])?,
                name: key.name.clone(),
                time: key.spec.time,
                qpos,
                qvel: fit("qvel", &key.spec.qvel, &vec![0.0; model.nv])?,
                ctrl: fit("ctrl", &key.spec.ctrl, &vec![0.0; model.nu])?,
            });
        }
        while keyframes.len() < self.spec.nkey {
            let (poses, mocap) = (&model.bodies, &model.bodies.mocap);
            let moved = (0..mocap.len()).filter(|body| mocap[*body].is_some());
            keyframes.push(Keyframe {
                qpos: model.qpos0.clone(),
                qvel: vec![0.0; model.nv],
                act: vec![0.0; model.na],
                ctrl: vec![0.0; model.nu],
                mocap_pos: moved.clone().map(|body| poses.pos[body]).collect(),
                mocap_quat: moved.map(|body| poses.quat[body]).collect(),
                ..Keyframe::default()
            });
        }
        Ok(keyframes)
    }
}

/// For each kind of number in an attached model's keyframe how many belong together, and where in those of the whole they
/// start; none for what was left out.
#[derive(Default)]
struct Spread {
    qpos: Vec<(usize, Option<usize>)>,
    qvel: Vec<(usize, Option<usize>)>,
    act: Vec<(usize, Option<usize>)>,
    ctrl: Vec<(usize, Option<usize>)>,
    mpos: Vec<(usize, Option<usize>)>,
    mquat: Vec<(usize, Option<usize>)>,
}

impl Spread {
    fn new(model: &Model, within: &Within) -> Self {
        let mut spread = Self::default();
        for (body, became) in within.model.bodies.iter().zip(&within.bodies) {
            for (number, joint) in body.spec.joints.iter().enumerate() {
                let joint_became = became.map(|body| model.bodies.joints[body].0 + number);
                let place = |adr: &[usize]| joint_became.map(|joint| adr[joint]);
                let kind = joint.spec.kind;
                spread.qpos.push((kind.nq(), place(&model.joints.qposadr)));
                spread.qvel.push((kind.nv(), place(&model.joints.dofadr)));
            }
            if body.spec.mocap {
                let mocap = became.and_then(|body| model.bodies.mocap[body]);
                spread.mpos.push((3, mocap.map(|index| 3 * index)));
                spread.mquat.push((4, mocap.map(|index| 4 * index)));
            }
        }
        let actuators = &within.model.referring.actuators;
        for (actuator, became) in actuators.iter().zip(&within.actuators) {
            spread.ctrl.push((1, *became));
            if actuator.spec.actuator.dyntype != Dyn::None {
                let before = |index: &usize| {
                    let kinds = &model.actuators.dyntype[..*index];
                    kinds.iter().filter(|kind| **kind != Dyn::None).count()
                };
                spread.act.push((1, became.as_ref().map(before)));
            }
        }
        spread
    }

    /// The keyframe of the whole, in which all else is as in the reference pose.
    fn key(
        &self,
        model: &Model,
        key: &Named<KeySpec>,
        places: &[f64],
        turns: &[f64],
    ) -> Result<Named<KeySpec>> {
        let part = |what: &str,
                    given: &Option<Vec<f64>>,
                    segments: &[(usize, Option<usize>)],
                    base: &[f64]| {
            let Some(given) = given else {
                return Ok(None);
            };
            let needed: usize = segments.iter().map(|segment| segment.0).sum();
            if given.len() != needed {
                return Err(key.place.error(format!(
                    "{what} has {} numbers, and the model to be attached {needed}",
                    given.len()
                )));
            }
            let mut whole = base.to_vec();
            let mut rest = &given[..];
            for (count, place) in segments {
                let (numbers, after) = rest.split_at(*count);
                if let Some(place) = place {
                    whole[*place..][..*count].copy_from_slice(numbers);
                }
                rest = after;
            }
            Ok(Some(whole))
        };
        let spec = &key.spec;
        let zeros = |count| vec![0.0; count];
        Ok(Named {
            place: key.place.clone(),
            name: key.name.clone(),
            spec: KeySpec {
                time: spec.time,
                qpos: part("qpos", &spec.qpos, &self.qpos, &model.qpos0)?,
                qvel: part("qvel", &spec.qvel, &self.qvel, &zeros(model.nv))?,
                act: part("act", &spec.act, &self.act, &zeros(model.na))?,
                ctrl: part("ctrl", &spec.ctrl, &self.ctrl, &zeros(model.nu))?,
                mpos: part("mpos", &spec.mpos, &self.mpos, places)?,
                mquat: part("mquat", &spec.mquat, &self.mquat, turns)?,
                within: None,
            },
        })
    }
}

fn wxyz(quat: DQuat) -> [f64; 4] {
    [quat.w, quat.x, quat.y, quat.z]
}

/// Scales a quaternion `w x y z` to length one where it has another; one without length becomes no rotation.
fn normalize(quat: &mut [f64]) {
    let length = DQuat::from_slice(quat).length();
    if length < LEAST_INERTIA {
        quat.copy_from_slice(&[1.0, 0.0, 0.0, 0.0]);
    } else if (length - 1.0).abs() > LEAST_INERTIA {
        quat.iter_mut().for_each(|x| *x /= length);
    }
}
