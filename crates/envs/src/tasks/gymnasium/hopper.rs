//! Hopper: hop forward on one leg without falling.

use super::Version;
use super::planar_walker::{PlanarWalker, Robot};
use crate::dynamics::Model;
use crate::{Result, mjcf};

/// Hop forward on one leg without falling; see [`PlanarWalker`] for the settings.
pub type Hopper = PlanarWalker<OneLegged>;

/// The robot of [`Hopper`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OneLegged;

impl Robot for OneLegged {
    const IDS: [&'static str; 3] = ["Hopper-v3", "Hopper-v4", "Hopper-v5"];
    const ABOUT: &'static str = "A one-legged robot in the plane hops forward without falling.";
    const SOURCE: &'static str = "Gymnasium 1.x, hopper_v5.py; Erez, Tassa and Todorov (2011), Infinite Horizon Model Predictive Control";
    const HEALTHY: [[f64; 2]; 3] = [[-100.0, 100.0], [0.7, f64::INFINITY], [-0.2, 0.2]];

    fn model(_: Version) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/hopper.xml"), "Hopper-v5")
    }
}
