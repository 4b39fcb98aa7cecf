//! Default classes: what elements start from before their own attributes.
//!
//! A class starts from its parent class; MuJoCo: Modeling, "Default settings".

use super::asset::MeshSpec;
use super::attributes;
use super::element::Element;
use super::rule::some_of;
use super::schema;
use super::spec::{
    ActuatorSpec, EqualityDefault, GeomSpec, JointSpec, PairSpec, Placement, TendonSpec,
};
use crate::Result;
use std::collections::{HashMap, HashSet};

/// The name of the class that everything starts from.
const MAIN: &str = "main";

/// Size of a site that has none (m).
const SITE_SIZE: f64 = 0.005;

/// Most classes of a file: each holds a copy of all defaults.
const MOST_CLASSES: usize = 10_000;

/// Attributes that no class gives to its elements.
const OWN: [&str; 12] = [
    "name",
    "class",
    "geom1",
    "geom2",
    "joint",
    "jointinparent",
    "tendon",
    "site",
    "refsite",
    "cranksite",
    "slidersite",
    "body",
];

/// One class.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) joint: JointSpec,
    pub(super) geom: GeomSpec,
    pub(super) mesh: MeshSpec,
    pub(super) site: Placement,
    pub(super) pair: PairSpec,
    pub(super) tendon: TendonSpec,
    pub(super) actuator: ActuatorSpec,
    pub(super) equality: EqualityDefault,
    /// Colour of materials.
    pub(super) material: [f64; 4],
}

impl Default for Class {
    fn default() -> Self {
        Self {
            joint: JointSpec::default(),
            geom: GeomSpec::default(),
            mesh: MeshSpec::default(),
            site: Placement {
                size: [SITE_SIZE; 3],
                ..Placement::default()
            },
            pair: PairSpec::default(),
            tendon: TendonSpec::default(),
            actuator: ActuatorSpec::default(),
            equality: EqualityDefault::default(),
            material: [1.0; 4],
        }
    }
}

/// All classes of a file; the first is the main one.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    classes: Vec<Class>,
    by_name: HashMap<String, usize>,
}

impl Defaults {
    /// Reads the `default` sections of the root element.
    pub(super) fn read(root: &Element) -> Result<Self> {
        let mut defaults = Self {
            classes: vec![Class::default()],
            by_name: HashMap::from([(MAIN.into(), 0)]),
        };
        for section in root.all("default") {
            if let Some(name) = section
                .text("class")
                .filter(|name| !["", MAIN].contains(name))
            {
                return Err(section.error(format!(
                    "class is `{name}`; the outermost class is always `{MAIN}`"
                )));
            }
            defaults.read_class(&section, 0)?;
            // Depth first without recursion: a file must not choose the depth of our stack.
            let mut waiting: Vec<_> = section.all("default").map(|child| (child, 0)).collect();
            waiting.reverse();
            while let Some((element, parent)) = waiting.pop() {
                let index = defaults.add(&element, parent)?;
                defaults.read_class(&element, index)?;
                let first = waiting.len();
                waiting.extend(element.all("default").map(|child| (child, index)));
                waiting[first..].reverse();
            }
        }
        Ok(defaults)
    }

    /// A new class that starts as a copy of `parent`.
    fn add(&mut self, element: &Element, parent: usize) -> Result<usize> {
        let name = element.text("class").unwrap_or("");
        if name.is_empty() {
            return Err(element.error("a nested default needs a class name"));
        }
        let index = self.classes.len();
        if index == MOST_CLASSES {
            return Err(element.error(format!("there are more than {MOST_CLASSES} classes")));
        }
        if self.by_name.insert(name.into(), index).is_some() {
            return Err(element.error(format!("class `{name}` is defined twice")));
        }
        self.classes.push(self.classes[parent].clone());
        Ok(index)
    }

    fn read_class(&mut self, element: &Element, index: usize) -> Result<()> {
        element.check(&schema::DEFAULT)?;
        let class = &mut self.classes[index];
        let mut seen = HashSet::new();
        for child in element.children() {
            if child.name() != "default" && !seen.insert(child.name()) {
                let message = "the class has this element twice; write all attributes into one";
                return Err(child.error(message));
            }
            if child.name() == "default" {
                continue;
            }
            if let [own, ..] = child.present(&OWN)[..] {
                return Err(child.error(format!(
                    "a class cannot give {own}; each element has its own"
                )));
            }
            match child.name() {
                "joint" => class.joint = attributes::joint(&child, &class.joint)?,
                "geom" => class.geom = attributes::geom(&child, &class.geom)?,
                "site" => class.site = attributes::site(&child, &class.site)?,
                "material" => class.material = attributes::material(&child, class.material)?,
                "pair" => class.pair = attributes::pair(&child, &class.pair)?,
                "tendon" => {
                    class.tendon =
                        attributes::tendon(&child, &class.tendon, &schema::TENDON_DEFAULT)?;
                }
                "equality" => {
                    child.check(&schema::EQUALITY_DEFAULT)?;
                    class.equality = attributes::equality(&child, &class.equality)?;
                }
                "mesh" => class.mesh = attributes::mesh(&child, &class.mesh)?,
                "default" | "camera" | "light" => {}
                _ => class.actuator = attributes::actuator(&child, &class.actuator)?,
            }
        }
        Ok(())
    }

    /// Index of the class named by `attribute` of the element, or `otherwise`.
    pub(super) fn named_by(
        &self,
        element: &Element,
        attribute: &str,
        otherwise: usize,
    ) -> Result<usize> {
        let Some(name) = element.text(attribute) else {
            return Ok(otherwise);
        };
        self.by_name.get(name).copied().ok_or_else(|| {
            let known = some_of(self.by_name.keys().map(String::as_str));
            element.error(format!("{attribute} is `{name}`; known classes: {known}"))
        })
    }

    /// The class that an element starts from: its own `class`, or `otherwise`.
    pub(super) fn of(&self, element: &Element, otherwise: usize) -> Result<&Class> {
        Ok(&self.classes[self.named_by(element, "class", otherwise)?])
    }
}
