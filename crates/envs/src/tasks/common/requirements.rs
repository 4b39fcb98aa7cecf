//! Parts of a model that a task uses by number or by name.

use crate::dynamics::Model;
use crate::{Error, Result};

/// Parts that a model must have for a task. Every task needs an actuator too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Requirements {
    /// Least number of positions.
    pub positions: usize,
    /// Least number of velocities.
    pub velocities: usize,
    /// Least number of tendons.
    pub tendons: usize,
    /// Least number of sites.
    pub sites: usize,
    /// Names of bodies.
    pub bodies: &'static [&'static str],
    /// Names of sensors.
    pub sensors: &'static [&'static str],
}

impl Requirements {
    /// Checks that a model for `task` has all of it.
    ///
    /// # Errors
    /// [`Error::Model`] names the first part that is missing.
    pub fn check(&self, task: &'static str, model: &Model) -> Result<()> {
        let missing = |needed: String, has: String| Err(Error::Model { task, needed, has });
        for (what, needed, has) in [
            ("positions (nq)", self.positions, model.nq),
            ("velocities (nv)", self.velocities, model.nv),
            ("actuators", 1, model.nu),
            ("tendons", self.tendons, model.tendons.name.len()),
            ("sites", self.sites, model.sites.name.len()),
        ] {
            if has < needed {
                return missing(format!("{needed} {what} or more"), has.to_string());
            }
        }
        for (what, needed, names) in [
            ("body", self.bodies, &model.bodies.name),
            ("sensor", self.sensors, &model.sensors.name),
        ] {
            let has = |name: &str| names.iter().any(|other| other == name);
            if let Some(name) = needed.iter().find(|name| !has(name)) {
                let named = names.iter().filter(|name| !name.is_empty());
                let named = named.map(String::as_str).collect::<Vec<_>>().join(", ");
                return missing(format!("a {what} named `{name}`"), named);
            }
        }
        Ok(())
    }
}
