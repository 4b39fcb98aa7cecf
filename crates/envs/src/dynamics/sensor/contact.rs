//! Sensors of contacts. MuJoCo: XML reference, "sensor/touch" and "sensor/contact".

use glam::DVec3;

use crate::dynamics::MINVAL;
use crate::dynamics::model::{ContactSensor, Model, Reduce, Side};
use crate::dynamics::ray::{Ray, is_inside, shape};
use crate::dynamics::rne_post_constraint::local_wrench;
use crate::dynamics::state::State;
use crate::dynamics::state::contact::Contact;

/// Sum of the normal forces of the contacts of a site's body whose lines of action meet the site.
pub(super) fn touch(model: &Model, state: &State, site: usize) -> f64 {
    let body = model.sites.body[site];
    let (kind, size) = (model.sites.kind[site], &model.sites.size[site]);
    let frame = (state.site_xpos[site], &state.site_xmat[site]);
    let mut sum = 0.0;
    for contact in &state.contacts {
        let bodies = contact.geoms.map(|geom| model.geoms.body[geom]);
        if contact.row.is_none() || !bodies.contains(&body) {
            continue;
        }
        let push = local_wrench(model, state, contact)[0];
        if push <= 0.0 {
            continue;
        }
        let along = (contact.frame[0] * push).normalize_or(DVec3::X);
        let ray = Ray {
            from: contact.pos,
            along: if bodies[1] == body { -along } else { along },
        };
        if shape(&ray, frame, kind, size).is_some() {
            sum += push;
        }
    }
    sum
}

/// What contacts are sorted by, and their place among all that match.
type Rank = (f64, usize);
/// A contact, and whether its normal turns around.
type Matched<'a> = (&'a Contact, bool);

/// Fills the slots of a contact sensor; all that is left over is 0.
pub(super) fn read(model: &Model, state: &State, sensor: &ContactSensor, into: &mut [f64]) {
    into.fill(0.0);
    let matching = || {
        let all = state.contacts.iter();
        all.filter_map(|contact| Some((contact, turned(model, state, sensor, contact)?)))
    };
    let found = matching().count();
    if sensor.reduce == Reduce::NetForce {
        net(model, state, sensor, found, matching(), into);
        return;
    }
    // The next one is the least of those after the last one, ties in the order of the contacts.
    let mut last = None;
    for slot in into.chunks_exact_mut(sensor.slot()) {
        let mut next: Option<(Rank, Matched)> = None;
        for (number, matched) in matching().enumerate() {
            let rank = (rank(model, state, sensor.reduce, matched.0), number);
            let later = last.is_none_or(|last| precedes(last, rank));
            if later && next.is_none_or(|(best, _)| precedes(rank, best)) {
                next = Some((rank, matched));
            }
        }
        let Some((rank, matched)) = next else {
            break;
        };
        last = Some(rank);
        fill(slot, sensor, &one(model, state, matched, found));
    }
}

fn precedes(a: Rank, b: Rank) -> bool {
    a.0 < b.0 || a.0 == b.0 && a.1 < b.1
}

/// What contacts are sorted by.
fn rank(model: &Model, state: &State, reduce: Reduce, contact: &Contact) -> f64 {
    match reduce {
        Reduce::MinDist => contact.dist,
        Reduce::MaxForce => {
            -DVec3::from_slice(&local_wrench(model, state, contact)).length_squared()
        }
        Reduce::None | Reduce::NetForce => 0.0,
    }
}

/// Whether the normal of a contact turns around for the sensor; `None` where the contact is none of its.
fn turned(model: &Model, state: &State, sensor: &ContactSensor, contact: &Contact) -> Option<bool> {
    let [first, second] = sensor.sides;
    if let Side::Site(site) = first {
        let frame = (state.site_xpos[site], &state.site_xmat[site]);
        let (kind, size) = (model.sites.kind[site], &model.sites.size[site]);
        if !is_inside(frame, kind, size, contact.pos) {
            return None;
        }
    }
    let [a, b] = contact.geoms;
    let is = |side, geom| matches(model, side, geom);
    let (first_a, first_b) = (is(first, a), is(first, b));
    let (second_a, second_b) = (is(second, a), is(second, b));
    if !(first_a || first_b) || !(second_a || second_b) {
        return None;
    }
    match (first, second) {
        (Side::Any, Side::Any) => Some(false),
        (_, Side::Any) => Some(!first_a),
        (Side::Any, _) => Some(!second_b),
        _ if first_a && second_b => Some(false),
        _ => (first_b && second_a).then_some(true),
    }
}

/// Whether a geom is on a side.
fn matches(model: &Model, side: Side, geom: usize) -> bool {
    match side {
        Side::Any | Side::Site(_) => true,
        Side::Geom(own) => own == geom,
        Side::Body(own) => own == model.geoms.body[geom],
        Side::Subtree(top) => {
            let mut body = model.geoms.body[geom];
            while body > top {
                body = model.bodies.parent[body];
            }
            body == top
        }
    }
}

/// All that there may be of a contact.
struct Report {
    found: f64,
    force: DVec3,
    torque: DVec3,
    dist: f64,
    pos: DVec3,
    normal: DVec3,
    tangent: DVec3,
}

/// Writes what a sensor asks for.
fn fill(slot: &mut [f64], sensor: &ContactSensor, report: &Report) {
    let parts: [&[f64]; 7] = [
        &[report.found],
        &report.force.to_array(),
        &report.torque.to_array(),
        &[report.dist],
        &report.pos.to_array(),
        &report.normal.to_array(),
        &report.tangent.to_array(),
    ];
    let mut rest = slot;
    for (part, _) in parts.iter().zip(sensor.data).filter(|(_, there)| *there) {
        let (here, after) = rest.split_at_mut(part.len());
        here.copy_from_slice(part);
        rest = after;
    }
}

/// A contact, its force in its own axes. Turned around it is turned about its second tangent, along which forces then have
/// the other sign: they act on the other geom.
fn one(model: &Model, state: &State, (contact, turn): Matched, found: usize) -> Report {
    let wrench = local_wrench(model, state, contact);
    let sign = if turn { -1.0 } else { 1.0 };
    let signs = DVec3::new(1.0, 1.0, sign);
    Report {
        found: found as f64,
        force: DVec3::from_slice(&wrench) * signs,
        torque: DVec3::from_slice(&wrench[3..]) * signs,
        dist: contact.dist,
        pos: contact.pos,
        normal: contact.frame[0] * sign,
        tangent: contact.frame[1] * sign,
    }
}

/// The sum of the forces of contacts, at the middle of their places weighted by force.
fn net<'a>(
    model: &Model,
    state: &State,
    sensor: &ContactSensor,
    found: usize,
    matching: impl Iterator<Item = Matched<'a>> + Clone,
    into: &mut [f64],
) {
    let wrench = |(contact, turn): Matched| {
        let sign = if turn { -1.0 } else { 1.0 };
        let local = local_wrench(model, state, contact).map(|x| x * sign);
        let along = |part: &[f64]| {
            let axes = contact.frame.iter().zip(part);
            axes.fold(DVec3::ZERO, |sum, (axis, x)| sum + *axis * *x)
        };
        let size = DVec3::from_slice(&local).length();
        (size, along(&local[..3]), along(&local[3..]))
    };
    let (mut place, mut weight) = (DVec3::ZERO, 0.0);
    for matched in matching.clone() {
        let (size, ..) = wrench(matched);
        place += matched.0.pos * size;
        weight += size;
    }
    place *= 1.0 / f64::max(weight, MINVAL);
    let (mut force, mut torque) = (DVec3::ZERO, DVec3::ZERO);
    for matched in matching {
        let (_, push, twist) = wrench(matched);
        force += push;
        torque += twist + (matched.0.pos - place).cross(push);
    }
    let report = Report {
        found: found as f64,
        force,
        torque,
        dist: 0.0,
        pos: place,
        normal: DVec3::X,
        tangent: DVec3::Y,
    };
    fill(&mut into[..sensor.slot()], sensor, &report);
}
