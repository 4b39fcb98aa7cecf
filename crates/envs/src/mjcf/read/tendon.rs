//! Tendons.

use super::super::attributes;
use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::place::Place;
use super::super::schema;
use super::super::spec::{Named, NamedTendon, Part};
use super::{Names, required};
use crate::Result;

/// Most tendons of a model.
const MOST_TENDONS: usize = 1000;
/// Smallest divisor of a pulley.
const LEAST_DIVISOR: f64 = 1e-15;

pub(super) fn tendons(
    root: &Element,
    defaults: &Defaults,
    autolimits: bool,
) -> Result<Vec<Named<NamedTendon>>> {
    let mut names = Names::new("tendon");
    let mut tendons = Vec::new();
    for section in root.all("tendon") {
        section.check(&schema::TENDON)?;
        for element in section.children() {
            if tendons.len() == MOST_TENDONS {
                return Err(
                    element.error(format!("the model has more than {MOST_TENDONS} tendons"))
                );
            }
            let spatial = element.name() == "spatial";
            let rule = if spatial {
                &schema::SPATIAL
            } else {
                &schema::FIXED
            };
            let default = &defaults.of(&element, 0)?.tendon;
            let tendon = attributes::tendon(&element, default, rule)?;
            tendon.unmet.settle(&element)?;
            let way: Vec<_> = element
                .children()
                .map(|part| read(&part))
                .collect::<Result<_>>()?;
            if spatial {
                check_way(&element, &way)?;
            } else if way.is_empty() {
                return Err(element.error("a tendon needs at least one <joint>"));
            }
            let named = NamedTendon {
                tendon,
                autolimits,
                way,
            };
            tendons.push(names.name(&element, named)?);
        }
    }
    Ok(tendons)
}

/// A part of a tendon's way.
fn read(element: &Element) -> Result<(Place, Part)> {
    let part = match element.name() {
        "joint" => {
            element.check(&schema::FIXED_JOINT)?;
            let mut coefficient = 0.0;
            element.number("coef", &mut coefficient)?;
            if !element.has("coef") {
                return Err(element.error("coef is missing"));
            }
            Part::Joint(required(element, "joint")?, coefficient)
        }
        "site" => {
            element.check(&schema::SPATIAL_SITE)?;
            Part::Site(required(element, "site")?)
        }
        "geom" => {
            element.check(&schema::SPATIAL_GEOM)?;
            let side = element.text("sidesite").filter(|name| !name.is_empty());
            Part::Geom(required(element, "geom")?, side.map(str::to_owned))
        }
        _ => {
            element.check(&schema::SPATIAL_PULLEY)?;
            let mut divisor = 0.0;
            element.number("divisor", &mut divisor)?;
            if divisor < LEAST_DIVISOR {
                return Err(
                    element.error(format!("divisor is {divisor}; it must be greater than 0"))
                );
            }
            Part::Pulley(divisor)
        }
    };
    Ok((element.place(), part))
}

/// Refuses a way that does not lead from site to site, with at most one geom between, on each side of pulleys.
fn check_way(element: &Element, way: &[(Place, Part)]) -> Result<()> {
    let branches = way.split(|(_, part)| matches!(part, Part::Pulley(_)));
    for (number, branch) in branches.enumerate() {
        // A pulley may come first.
        if number == 0 && branch.is_empty() && !way.is_empty() {
            continue;
        }
        let is_geom = |index: usize| matches!(branch[index].1, Part::Geom(..));
        let last = branch.len().saturating_sub(1);
        for (index, (place, _)) in branch.iter().enumerate() {
            if is_geom(index) && (index == 0 || index == last || is_geom(index - 1)) {
                return Err(place.error("a geom needs a site right before and right after it"));
            }
            if let [(_, Part::Site(a)), (_, Part::Site(b)), ..] = &branch[index..]
                && a == b
            {
                return Err(place.error(format!("site `{a}` follows itself")));
            }
        }
        if branch.len() < 2 {
            let place = branch
                .first()
                .or(way.first())
                .map_or(element.place(), |part| part.0.clone());
            return Err(place.error("each branch of a tendon needs at least two sites"));
        }
    }
    Ok(())
}
