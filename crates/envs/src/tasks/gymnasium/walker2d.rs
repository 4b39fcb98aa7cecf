//! Walker2d: walk forward on two legs without falling.

use super::Version;
use super::planar_walker::{PlanarWalker, Robot};
use crate::dynamics::Model;
use crate::{Result, mjcf};

/// Walk forward on two legs without falling; see [`PlanarWalker`] for the settings.
pub type Walker2d = PlanarWalker<TwoLegged>;

/// The robot of [`Walker2d`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TwoLegged;

impl Robot for TwoLegged {
    const IDS: [&'static str; 3] = ["Walker2d-v3", "Walker2d-v4", "Walker2d-v5"];
    const ABOUT: &'static str = "A two-legged robot in the plane walks forward without falling.";
    const SOURCE: &'static str = "Gymnasium 1.x, walker2d_v5.py; Erez, Tassa and Todorov (2011), Infinite Horizon Model Predictive Control";
    const HEALTHY: [[f64; 2]; 3] = [[f64::NEG_INFINITY, f64::INFINITY], [0.8, 2.0], [-1.0, 1.0]];

    fn model(version: Version) -> Result<Model> {
        let mut model = mjcf::compile(include_str!("../../../assets/walker2d.xml"), "Walker2d-v5")?;
        if version != Version::V5 {
            smooth_right_foot(&mut model);
        }
        Ok(model)
    }
}

/// Gives the right foot the friction that it had before the fifth version.
fn smooth_right_foot(model: &mut Model) {
    let foot = model.geoms.name.iter().position(|name| name == "foot_geom");
    if let Some(geom) = foot {
        model.geoms.friction[geom][0] = 0.9;
        for pair in model
            .pairs
            .iter_mut()
            .filter(|pair| pair.geoms.contains(&geom))
        {
            let sliding = pair.geoms.map(|geom| model.geoms.friction[geom][0]);
            pair.friction[..2].fill(sliding[0].max(sliding[1]));
        }
    }
}
