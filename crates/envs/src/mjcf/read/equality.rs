//! Equality constraints.

use super::super::attributes;
use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::orientation::unit_quat;
use super::super::schema;
use super::super::spec::{EqualitySpec, Held, Named};
use super::{Names, required};
use crate::Result;
use glam::{DQuat, DVec3};

/// Most equality constraints of a model.
const MOST_EQUALITIES: usize = 1000;

pub(super) fn equalities(root: &Element, defaults: &Defaults) -> Result<Vec<Named<EqualitySpec>>> {
    let mut names = Names::new("equality");
    let mut found = Vec::new();
    for section in root.all("equality") {
        section.check(&schema::EQUALITY)?;
        for element in section.children() {
            element.check(&schema::equality(element.name()))?;
            if found.len() == MOST_EQUALITIES {
                return Err(element.error(format!(
                    "the model has more than {MOST_EQUALITIES} equality constraints"
                )));
            }
            let common = attributes::equality(&element, &defaults.of(&element, 0)?.equality)?;
            let held = held(&element)?;
            found.push(names.name(&element, EqualitySpec { common, held })?);
        }
    }
    Ok(found)
}

fn held(element: &Element) -> Result<Held> {
    let optional = |attribute| element.text(attribute).map(str::to_owned);
    let kind = element.name();
    if let "joint" | "tendon" = kind {
        let mut polynomial = [0.0, 1.0, 0.0, 0.0, 0.0];
        element.up_to("polycoef", &mut polynomial)?;
        return Ok(if kind == "joint" {
            let one = required(element, "joint1")?;
            Held::Joints(one, optional("joint2"), polynomial)
        } else {
            let one = required(element, "tendon1")?;
            Held::Tendons(one, optional("tendon2"), polynomial)
        });
    }
    let mut scale = 1.0;
    element.number("torquescale", &mut scale)?;
    let sites = element.present(&["site1", "site2"]);
    let bodies = element.present(&["body1", "body2", "anchor", "relpose"]);
    if let ([site, ..], [body, ..]) = (&sites[..], &bodies[..]) {
        return Err(element.error(format!("{site} and {body} exclude each other")));
    }
    if !sites.is_empty() {
        let both = [required(element, "site1")?, required(element, "site2")?];
        return Ok(if kind == "connect" {
            Held::ConnectSites(both)
        } else {
            Held::WeldSites(both, scale)
        });
    }
    if bodies.is_empty() {
        return Err(element.error("the constraint names nothing that it holds"));
    }
    let other = optional("body2").unwrap_or_default();
    let both = [required(element, "body1")?, other];
    let anchor = element.exactly("anchor")?.map(DVec3::from_array);
    if kind == "connect" {
        let anchor = anchor.ok_or_else(|| element.error("anchor is missing"))?;
        return Ok(Held::Connect(both, anchor));
    }
    let pose = element.exactly("relpose")?.map(|[a, b, c, w, x, y, z]| {
        let quat = DQuat::from_xyzw(x, y, z, w);
        (DVec3::new(a, b, c), quat)
    });
    // A quaternion of zeros stands for the pose in the reference.
    let pose = pose.filter(|(_, quat)| *quat != DQuat::from_xyzw(0.0, 0.0, 0.0, 0.0));
    let pose = pose.map(|(pos, quat)| (pos, unit_quat(quat)));
    Ok(Held::Weld(both, anchor.unwrap_or(DVec3::ZERO), pose, scale))
}
