//! Swimmer: a chain of links swims to a target. dm_control, `suite/swimmer.py`; Coulom (2002).

use std::fmt::Write;

use super::parts::{body, dims, geom, geom_place, norm, places, randomise_joints};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::positions;
use crate::tasks::{Observation, Sigmoid, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Where the links behind the head, their motors and sensors stand in the model's text.
const LINKS: &str = "<!-- links -->";
const MOTORS: &str = "<!-- motors -->";
const SENSORS: &str = "<!-- sensors -->";

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Swimmer {
    id: &'static str,
    about: &'static str,
    links: usize,
}

impl Swimmer {
    /// Six links.
    #[must_use]
    pub fn swimmer6() -> Self {
        Self {
            id: "dmc/swimmer-swimmer6",
            about: "A chain of six links swims to a target.",
            links: 6,
        }
    }

    /// Fifteen links.
    #[must_use]
    pub fn swimmer15() -> Self {
        Self {
            id: "dmc/swimmer-swimmer15",
            about: "A chain of fifteen links swims to a target.",
            links: 15,
        }
    }

    /// Sites whose velocities are observed: the head's, and one of each link.
    fn sites(&self) -> impl Iterator<Item = String> {
        let links = (0..self.links - 1).map(|link| format!("link_{link}"));
        std::iter::once("head".to_owned()).chain(links)
    }
}

/// From the nose to the target, in the head's axes (m).
fn to_target(model: &Model, state: &State) -> [f64; 2] {
    let [target, nose] = ["target", "nose"].map(|name| geom_place(model, state, name));
    let [x, y, _] = (state.xmat[body(model, "head")].transpose() * (target - nose)).to_array();
    [x, y]
}

impl SuiteTask for Swimmer {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/swimmer.py; Coulom (2002), Reinforcement Learning Using Neural Networks, with Applications to Motor Control",
            frame_skip: 15,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        let range = 360.0 / self.links as f64;
        let [mut links, mut motors, mut sensors] = [(); 3].map(|()| String::new());
        for link in 0..self.links - 1 {
            let _ = write!(
                links,
                "<body name=\"link_{link}\" pos=\"0 0.1 0\"><geom class=\"skin\"/><geom class=\"flesh\"/>\
                 <site name=\"link_{link}\"/><joint name=\"joint_{link}\" range=\"-{range} {range}\"/>"
            );
            let _ = write!(motors, "<motor joint=\"joint_{link}\"/>");
            let _ = write!(
                sensors,
                "<velocimeter site=\"link_{link}\"/><gyro site=\"link_{link}\"/>"
            );
        }
        links.push_str(&"</body>".repeat(self.links - 1));
        let xml = include_str!("../../../assets/dmc/swimmer.xml");
        let xml = xml.replacen(LINKS, &links, 1).replacen(MOTORS, &motors, 1);
        mjcf::compile(&xml.replacen(SENSORS, &sensors, 1), self.id)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut all = positions(model, 3);
        all.extend(places(
            &["x", "y"],
            "from nose to target, seen from the head",
        ));
        for site in self.sites() {
            let names = ["x", "y"].map(|axis| format!("velocity of {site} along its {axis}"));
            all.extend(dims(names.iter().map(String::as_str), "m/s"));
            all.push(SpaceDim::unbounded(
                format!("angular velocity of {site}"),
                "rad/s",
            ));
        }
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        randomise_joints(start);
        let half = if start.rng.unit() < 0.2 { 0.3 } else { 2.0 };
        let place = [(); 2].map(|()| start.rng.uniform(-half, half));
        start.arrange(self, &place);
    }

    fn drawn(&self) -> usize {
        2
    }

    fn arrange(&self, model: &mut Model, drawn: &[f64]) {
        let target = geom(model, "target");
        model.geoms.pos[target].x = drawn[0];
        model.geoms.pos[target].y = drawn[1];
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos[3..]);
        observation.push(&to_target(model, state));
        // The model's only sensors: of each site velocity and angular velocity.
        for velocity in state.sensordata.chunks_exact(6) {
            observation.push(&[velocity[0], velocity[1], velocity[5]]);
        }
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let radius = model.geoms.size[geom(model, "target")][0];
        let near = Tolerance::within(0.0, radius)
            .margin(5.0 * radius)
            .falls(Sigmoid::LongTail, 0.1);
        near.reward(norm(&to_target(model, state)))
    }
}
