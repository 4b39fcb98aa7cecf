//! Default classes: what elements start from before their own attributes.
//!
//! A class starts from its parent class; MuJoCo: Modeling, "Default settings".

use super::element::Element;
use super::read;
use super::read_acting;
use super::schema;
use super::spec::{ActuatorSpec, Compiler, GeomSpec, JointSpec, PairSpec, SiteSpec, TendonSpec};
use crate::Result;

/// The name of the class that everything starts from.
const MAIN: &str = "main";

/// One class.
#[derive(Clone, Debug, Default)]
pub(super) struct Class {
    name: String,
    pub(super) joint: JointSpec,
    pub(super) geom: GeomSpec,
    pub(super) site: SiteSpec,
    pub(super) pair: PairSpec,
    pub(super) tendon: TendonSpec,
    pub(super) actuator: ActuatorSpec,
}

/// All classes of a file; the first is the main one.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    classes: Vec<Class>,
}

impl Defaults {
    /// Reads the `default` sections of the root element.
    pub(super) fn read(root: &Element, compiler: &Compiler) -> Result<Self> {
        let mut defaults = Self {
            classes: vec![Class {
                name: MAIN.into(),
                ..Class::default()
            }],
        };
        for section in root.all("default") {
            if let Some(name) = section.text("class").filter(|name| *name != MAIN) {
                return Err(section.error(format!(
                    "class is `{name}`; the outermost class is always `{MAIN}`"
                )));
            }
            defaults.read_class(&section, 0, compiler)?;
            // Depth first without recursion: a file must not choose the depth of our stack.
            let mut waiting: Vec<_> = section.all("default").map(|child| (child, 0)).collect();
            waiting.reverse();
            while let Some((element, parent)) = waiting.pop() {
                let index = defaults.add(&element, parent)?;
                defaults.read_class(&element, index, compiler)?;
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
        if self.classes.iter().any(|class| class.name == name) {
            return Err(element.error(format!("class `{name}` is defined twice")));
        }
        self.classes.push(Class {
            name: name.into(),
            ..self.classes[parent].clone()
        });
        Ok(self.classes.len() - 1)
    }

    fn read_class(&mut self, element: &Element, index: usize, compiler: &Compiler) -> Result<()> {
        element.check(&schema::DEFAULT)?;
        let class = &mut self.classes[index];
        for child in element.children() {
            match child.name() {
                "joint" => class.joint = read::joint(&child, &class.joint)?,
                "geom" => class.geom = read::geom(&child, &class.geom, compiler)?,
                "site" => class.site = read::site(&child, &class.site, compiler)?,
                "pair" => class.pair = read_acting::pair(&child, &class.pair)?,
                "tendon" => class.tendon = read_acting::tendon(&child, &class.tendon)?,
                "general" | "motor" | "position" | "velocity" | "damper" => {
                    class.actuator = read_acting::actuator(&child, &class.actuator)?;
                }
                _ => {}
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
        self.classes
            .iter()
            .position(|class| class.name == name)
            .ok_or_else(|| {
                let known: Vec<_> = self
                    .classes
                    .iter()
                    .map(|class| class.name.as_str())
                    .collect();
                element.error(format!(
                    "{attribute} is `{name}`; known classes: {}",
                    known.join(", ")
                ))
            })
    }

    /// The class that an element starts from: its own `class`, or `otherwise`.
    pub(super) fn of(&self, element: &Element, otherwise: usize) -> Result<&Class> {
        Ok(&self.classes[self.named_by(element, "class", otherwise)?])
    }
}
