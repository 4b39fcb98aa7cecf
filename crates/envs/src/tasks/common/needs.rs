//! What a task looks at in its model, and whether a model has it.

use crate::dynamics::model::Model;
use crate::{Error, Result};

/// Parts that a task looks at by number or by name. Every task needs an actuator too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::tasks) struct Needs {
    /// Least number of positions.
    pub(in crate::tasks) positions: usize,
    /// Least number of velocities.
    pub(in crate::tasks) velocities: usize,
    /// Least number of tendons.
    pub(in crate::tasks) tendons: usize,
    /// Least number of sites.
    pub(in crate::tasks) sites: usize,
    /// Names of bodies.
    pub(in crate::tasks) bodies: &'static [&'static str],
}

impl Needs {
    /// Checks that a model for `task` has all of it.
    pub(in crate::tasks) fn check(&self, task: &'static str, model: &Model) -> Result<()> {
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
        let bodies = &model.bodies.name;
        match self
            .bodies
            .iter()
            .find(|name| !bodies.iter().any(|body| body == **name))
        {
            None => Ok(()),
            Some(name) => {
                let named = bodies.iter().filter(|body| !body.is_empty());
                let named = named.map(String::as_str).collect::<Vec<_>>().join(", ");
                missing(format!("a body named `{name}`"), named)
            }
        }
    }
}
