//! Equality constraints.

use super::super::place::Place;
use super::super::spec::Held;
use super::{Builder, find, index};
use crate::Result;
use crate::dynamics::model::{Anchor, Equality, JointType, Model};
use glam::{DQuat, DVec3};

impl Builder<'_> {
    pub(super) fn equalities(&mut self) -> Result<()> {
        for named in &self.spec.referring.equalities {
            let (common, place) = (&named.spec.common, &named.place);
            let kind = self.held(place, &named.spec.held)?;
            let active = common.active && self.spec.flags.equality;
            if !active {
                let kind = "the constraint is switched off and makes no difference";
                self.notes.add(place, kind, "");
            }
            let e = &mut self.model.equalities;
            e.name.push(named.name.clone());
            e.kind.push(kind);
            e.active0.push(active);
            e.solref.push(common.solref);
            e.solimp.push(common.solimp);
        }
        Ok(())
    }

    fn held(&self, place: &Place, held: &Held) -> Result<Equality> {
        let model = &self.model;
        let (bodies, sites) = (&model.bodies.name, &model.sites.name);
        Ok(match held {
            Held::Connect(names, anchor) => {
                let both = two(bodies, "body", place, names)?;
                let pose = Reference::new(model, both);
                let own = Anchor {
                    body: both[0],
                    pos: *anchor,
                    quat: DQuat::IDENTITY,
                };
                Equality::Connect([own, pose.same_place(&own, both[1])])
            }
            Held::Weld(names, anchor, relpose, scale) => {
                let both = two(bodies, "body", place, names)?;
                let pose = Reference::new(model, both);
                let other = Anchor {
                    body: both[1],
                    pos: *anchor,
                    quat: DQuat::IDENTITY,
                };
                let mut own = pose.same_place(&other, both[0]);
                own.quat = pose.turn();
                if let Some((pos, quat)) = relpose {
                    (own.pos, own.quat) = (*pos, *quat);
                }
                Equality::Weld([own, other], *scale)
            }
            Held::ConnectSites(names) => {
                Equality::Connect(two(sites, "site", place, names)?.map(|site| at(model, site)))
            }
            Held::WeldSites(names, scale) => {
                let both = two(sites, "site", place, names)?;
                Equality::Weld(both.map(|site| at(model, site)), *scale)
            }
            Held::Joints(one, other, polynomial) => {
                let (one, other) = one_or_two(&model.joints.name, "joint", place, one, other)?;
                for joint in std::iter::once(one).chain(other) {
                    let kind = model.joints.kind[joint];
                    if !matches!(kind, JointType::Slide | JointType::Hinge) {
                        let name = &model.joints.name[joint];
                        return Err(place.error(format!(
                            "joint `{name}` is no hinge and no slide; it has no one position"
                        )));
                    }
                }
                Equality::Joint(one, other, *polynomial)
            }
            Held::Tendons(one, other, polynomial) => {
                let (one, other) = one_or_two(&model.tendons.name, "tendon", place, one, other)?;
                Equality::Tendon(one, other, *polynomial)
            }
        })
    }
}

/// The frame of a site.
fn at(model: &Model, site: usize) -> Anchor {
    let sites = &model.sites;
    Anchor {
        body: sites.body[site],
        pos: sites.pos[site],
        quat: sites.quat_given[site],
    }
}

/// Two of a kind; no name for the second body stands for the world.
fn two(names: &[String], kind: &str, place: &Place, both: &[String; 2]) -> Result<[usize; 2]> {
    let known = index(names);
    let [a, b] = both;
    let first = find(&known, kind, place, a)?;
    let second = match b.as_str() {
        "" if kind == "body" => 0,
        name => find(&known, kind, place, name)?,
    };
    let found = [first, second];
    differ(place, kind, a, found[0] != found[1])?;
    Ok(found)
}

fn one_or_two(
    names: &[String],
    kind: &str,
    place: &Place,
    one: &str,
    other: &Option<String>,
) -> Result<(usize, Option<usize>)> {
    let known = index(names);
    let first = find(&known, kind, place, one)?;
    let other = other.as_ref().filter(|name| !name.is_empty());
    let second = other
        .map(|name| find(&known, kind, place, name))
        .transpose()?;
    differ(place, kind, one, second != Some(first))?;
    Ok((first, second))
}

fn differ(place: &Place, kind: &str, name: &str, differ: bool) -> Result<()> {
    if differ {
        return Ok(());
    }
    Err(place.error(format!("the constraint holds {kind} `{name}` to itself")))
}

/// Poses of two bodies in the reference pose.
struct Reference {
    bodies: [usize; 2],
    pos: [DVec3; 2],
    quat: [DQuat; 2],
}

impl Reference {
    fn new(model: &Model, bodies: [usize; 2]) -> Self {
        let pose = |mut body: usize| {
            let (mut pos, mut quat) = (DVec3::ZERO, DQuat::IDENTITY);
            while body > 0 {
                let (own, turn) = (model.bodies.pos[body], model.bodies.quat[body]);
                (pos, quat) = (own + turn * pos, (turn * quat).normalize());
                body = model.bodies.parent[body];
            }
            (pos, quat)
        };
        let [(p0, q0), (p1, q1)] = bodies.map(pose);
        Self {
            bodies,
            pos: [p0, p1],
            quat: [q0, q1],
        }
    }

    /// The place of an anchor on one of the two bodies, as an anchor on the other.
    fn same_place(&self, anchor: &Anchor, body: usize) -> Anchor {
        let number = |body: usize| usize::from(self.bodies[0] != body);
        let (from, to) = (number(anchor.body), number(body));
        let place = self.pos[from] + self.quat[from] * anchor.pos;
        Anchor {
            body,
            pos: self.quat[to].inverse() * (place - self.pos[to]),
            quat: DQuat::IDENTITY,
        }
    }

    /// Orientation of the second body in the first one's frame.
    fn turn(&self) -> DQuat {
        self.quat[0].conjugate() * self.quat[1]
    }
}
