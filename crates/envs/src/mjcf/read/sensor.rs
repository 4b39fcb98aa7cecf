//! Sensors.

use super::super::element::Element;
use super::super::kind::Kind;
use super::super::schema;
use super::super::sensor::{FrameOf, Framed, Measured, SensorSpec, SideOf};
use super::super::spec::Named;
use super::{Names, required};
use crate::Result;
use crate::dynamics::model::Reduce;

/// Most sensors of a model.
const MOST_SENSORS: usize = 10_000;
/// Most numbers of a user's sensor.
const MOST_NUMBERS: i64 = 100_000;
/// Most contacts that one sensor reports.
const MOST_CONTACTS: i64 = 1000;

/// What a contact sensor can tell of a contact, in the order in which it does.
const CONTACT_DATA: [&str; 7] = [
    "found", "force", "torque", "dist", "pos", "normal", "tangent",
];

pub(super) fn sensors(root: &Element) -> Result<Vec<Named<SensorSpec>>> {
    let mut names = Names::new("sensor");
    let mut sensors = Vec::new();
    for section in root.all("sensor") {
        section.check(&schema::SENSOR)?;
        for element in section.children() {
            element.check(&schema::sensor(element.name()))?;
            if sensors.len() == MOST_SENSORS {
                return Err(
                    element.error(format!("the model has more than {MOST_SENSORS} sensors"))
                );
            }
            let (mut cutoff, mut noise) = (0.0, 0.0);
            element.non_negative("cutoff", &mut cutoff)?;
            // Checked, and passed over as in MuJoCo, which adds none.
            element.non_negative("noise", &mut noise)?;
            let spec = SensorSpec {
                kind: element.name().to_owned(),
                measured: measured(&element)?,
                cutoff,
            };
            sensors.push(names.name(&element, spec)?);
        }
    }
    Ok(sensors)
}

fn measured(element: &Element) -> Result<Measured> {
    let kind = element.name();
    match kind {
        "e_potential" | "e_kinetic" | "clock" => Ok(Measured::Whole),
        "user" => {
            let mut dim = 0;
            required(element, "dim")?;
            element.integer("dim", [0, MOST_NUMBERS], &mut dim)?;
            element.note("nothing computes a user's sensor: its numbers are 0", "");
            Ok(Measured::User(dim, owner(element)?))
        }
        "insidesite" => {
            let site = required(element, "site")?;
            Ok(Measured::Inside(
                framed(element, ["objtype", "objname"])?,
                site,
            ))
        }
        "distance" | "normal" | "fromto" => Ok(Measured::Between([
            surface(element, ["geom1", "body1"])?,
            surface(element, ["geom2", "body2"])?,
        ])),
        "contact" => contacts(element),
        _ if kind.starts_with("frame") => {
            let object = framed(element, ["objtype", "objname"])?;
            let reference = match element.present(&["reftype", "refname"])[..] {
                [] => None,
                _ => Some(framed(element, ["reftype", "refname"])?),
            };
            Ok(Measured::Frame(object, reference))
        }
        _ => Ok(Measured::One(required(element, schema::sensed(kind))?)),
    }
}

/// The object that a user's sensor belongs to, with which it is copied, if it is of a kind that is computed.
fn owner(element: &Element) -> Result<Option<(Kind, String)>> {
    let kinds = [
        ("body", Kind::Body),
        ("xbody", Kind::Body),
        ("joint", Kind::Joint),
        ("geom", Kind::Geom),
        ("site", Kind::Site),
        ("tendon", Kind::Tendon),
        ("actuator", Kind::Actuator),
    ];
    let Some(text) = element.text("objtype") else {
        return Ok(None);
    };
    match kinds.iter().find(|(word, _)| *word == text) {
        Some((_, kind)) => Ok(Some((*kind, required(element, "objname")?))),
        None => Ok(None),
    }
}

/// The object whose kind and name two attributes tell.
fn framed(element: &Element, [kind, name]: [&str; 2]) -> Result<Framed> {
    let kinds = [
        ("body", FrameOf::Inertia),
        ("xbody", FrameOf::Body),
        ("geom", FrameOf::Geom),
        ("site", FrameOf::Site),
    ];
    required(element, kind)?;
    let mut found = FrameOf::Body;
    element.choice(kind, &kinds, &mut found)?;
    Ok((found, required(element, name)?))
}

/// The one of a geom and a body that is named, and whether it is a body.
fn surface(element: &Element, attributes: [&'static str; 2]) -> Result<(bool, String)> {
    let [geom, body] = attributes;
    match element.present(&attributes)[..] {
        [one] => Ok((one == body, required(element, one)?)),
        _ => Err(element.error(format!("exactly one of {geom} and {body} must be there"))),
    }
}

fn contacts(element: &Element) -> Result<Measured> {
    let side = |attributes: &[(&'static str, SideOf)]| {
        let names: Vec<_> = attributes.iter().map(|(name, _)| *name).collect();
        match element.present(&names)[..] {
            [] => Ok(None),
            [one] => {
                let found = attributes.iter().find(|(name, _)| *name == one);
                let name = required(element, one)?;
                Ok(found.map(|(_, kind)| (*kind, name)))
            }
            _ => Err(element.error(format!("at most one of {} may be there", names.join(", ")))),
        }
    };
    let sides = [
        side(&[
            ("geom1", SideOf::Geom),
            ("body1", SideOf::Body),
            ("subtree1", SideOf::Subtree),
            ("site", SideOf::Site),
        ])?,
        side(&[
            ("geom2", SideOf::Geom),
            ("body2", SideOf::Body),
            ("subtree2", SideOf::Subtree),
        ])?,
    ];
    let mut reduce = Reduce::None;
    let kinds = [
        ("none", Reduce::None),
        ("mindist", Reduce::MinDist),
        ("maxforce", Reduce::MaxForce),
        ("netforce", Reduce::NetForce),
    ];
    element.choice("reduce", &kinds, &mut reduce)?;
    let mut num = 1;
    element.integer("num", [1, MOST_CONTACTS], &mut num)?;
    Ok(Measured::Contacts {
        sides,
        data: contact_data(element)?,
        reduce,
        num,
    })
}

fn contact_data(element: &Element) -> Result<[bool; 7]> {
    let text = element.text("data").unwrap_or_default();
    let mut words = text.split_ascii_whitespace().peekable();
    let mut data = [false; 7];
    if words.peek().is_none() {
        data[0] = true;
    }
    let mut next = 0;
    for word in words {
        let place = CONTACT_DATA.iter().position(|name| *name == word);
        match place.filter(|place| *place >= next) {
            Some(place) => (data[place], next) = (true, place + 1),
            None => {
                return Err(element.error(format!(
                    "data is `{text}`; it must hold some of these words, in this order: {}",
                    CONTACT_DATA.join(", ")
                )));
            }
        }
    }
    Ok(data)
}
