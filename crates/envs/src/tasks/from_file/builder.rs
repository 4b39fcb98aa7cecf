//! From the words of a file to quantities.

use std::collections::HashMap;

use glam::DVec3;

use super::document::Node;
use super::expression::Expression;
use super::names::{Either, check_name, chosen, either, numbers_of};
use super::quantity::{Quantities, Quantity, Shape};
use super::source::{Frame, Source, Touch};
use crate::dynamics::model::Model;
use crate::env::SpaceDim;
use crate::{Error, Result};

/// Numbers of all quantities together, at most.
pub(super) const MOST: usize = 100_000;
/// Quantities made of each other, at most.
const DEEPEST: usize = 50;

/// What a quantity can be, by its key.
pub(super) const KINDS: [&str; 20] = [
    "position",
    "velocity",
    "body",
    "geom",
    "site",
    "com",
    "orientation",
    "upright",
    "linear_velocity",
    "angular_velocity",
    "sensor",
    "actuator_force",
    "contact",
    "contact_force",
    "action",
    "time",
    "point",
    "difference",
    "distance",
    "rate",
];
/// As these, in a text of its own.
pub(super) const EXPRESSION: &str = "expression";
/// As these: a quantity of a name, with something made of it.
const OF: &str = "of";
/// What can be made of one.
pub(super) const SHAPES: [&str; 7] = [
    "except", "wrap", "axis", "number", "clip", "squares", "length",
];

/// What `clip` may be.
const CLIP: &str = "a finite number, 0 or more, or two numbers, the lower first, such as [-1, inf]";

/// How far a named quantity is read.
#[derive(Clone, Copy)]
enum Named {
    Reading,
    Read(usize),
}

/// Quantities while a file is read.
pub(super) struct Builder<'a> {
    model: &'a Model,
    goals: Vec<String>,
    /// Names of the section, in the order of the file.
    order: Vec<String>,
    /// The section of named quantities.
    section: HashMap<String, Node<'a>>,
    names: Vec<String>,
    named: HashMap<String, Named>,
    depth: usize,
    pub(super) quantities: Quantities,
}

impl<'a> Builder<'a> {
    /// Reads the names of quantities and goals.
    pub(super) fn new(
        model: &'a Model,
        section: Option<Node<'a>>,
        goals: &[(String, Node<'a>)],
    ) -> Result<Self> {
        let entries = match &section {
            Some(section) => section.entries("a table of quantities by name")?,
            None => Vec::new(),
        };
        for (name, node) in goals.iter().chain(&entries) {
            check_name(name, node)?;
        }
        let all = || goals.iter().chain(&entries);
        for (name, node) in all() {
            // Expressions read the numbers of `tip` as `tip_x` or `tip_0`.
            let of = name.rsplit_once('_').filter(|(_, number)| {
                ["x", "y", "z"].contains(number) || number.bytes().all(|b| b.is_ascii_digit())
            });
            if let Some((of, _)) = of.filter(|(of, _)| all().any(|(other, _)| other == of)) {
                return Err(node.error(format!("`{name}` is a number of `{of}` already")));
            }
        }
        let section: HashMap<String, Node<'a>> = entries.iter().cloned().collect();
        for (name, _) in goals {
            if let Some(node) = section.get(name) {
                return Err(node.error("a goal has this name already"));
            }
        }
        let named = goals.iter().chain(&entries);
        let names = named.map(|(name, _)| name.clone()).collect();
        Ok(Self {
            model,
            goals: goals.iter().map(|(name, _)| name.clone()).collect(),
            order: entries.into_iter().map(|(name, _)| name).collect(),
            section,
            names,
            named: HashMap::new(),
            depth: 0,
            quantities: Quantities::default(),
        })
    }

    /// Reads all named ones, so that mistakes in those that nobody uses are told too.
    pub(super) fn read_all(&mut self) -> Result<()> {
        for name in std::mem::take(&mut self.order) {
            if let Some(node) = self.section.get(&name).cloned() {
                self.by_name(&node, &name)?;
            }
        }
        Ok(())
    }

    /// The quantity at a node: a name, or a table.
    pub(super) fn operand(&mut self, node: &Node<'a>) -> Result<usize> {
        self.operand_with(node, &[])
    }

    /// As [`operand`](Self::operand), where a table may have these keys beside.
    pub(super) fn operand_with(&mut self, node: &Node<'a>, beside: &[&str]) -> Result<usize> {
        match node.as_text() {
            Some(name) => self.by_name(node, name),
            None if node.is_table() => self.table(node, beside),
            None => Err(node.error(
                "it must be the name of a quantity, or a table such as { position = \"all\" }",
            )),
        }
    }

    /// The quantity of a name; `node` is where it is named.
    fn by_name(&mut self, node: &Node<'a>, name: &str) -> Result<usize> {
        match self.named.get(name) {
            Some(Named::Read(index)) => return Ok(*index),
            Some(Named::Reading) => {
                return Err(node.error(format!("the quantity `{name}` is made of itself")));
            }
            None => {}
        }
        if let Some(goal) = self.goals.iter().position(|goal| goal == name) {
            let index = self.push(node, Source::Goal(goal), Vec::new())?;
            let slot = self.slot(index);
            for (dim, axis) in self.quantities.dims[slot].iter_mut().zip(["x", "y", "z"]) {
                dim.name = format!("{axis} of {name}");
                shorten(&mut dim.name);
            }
            self.named.insert(name.to_owned(), Named::Read(index));
            return Ok(index);
        }
        let Some(own) = self.section.get(name).cloned() else {
            return Err(node.no("quantity", name, &self.names));
        };
        self.named.insert(name.to_owned(), Named::Reading);
        self.deeper(node)?;
        let index = self.operand(&own)?;
        self.depth -= 1;
        let slot = self.slot(index);
        // Another name of a quantity leaves it its own.
        if own.is_table() && slot.len() == 1 {
            let own = &mut self.quantities.dims[slot.start].name;
            name.clone_into(own);
            shorten(own);
        }
        self.named.insert(name.to_owned(), Named::Read(index));
        Ok(index)
    }

    /// Goes a quantity further inside.
    fn deeper(&mut self, node: &Node<'a>) -> Result<()> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(node.error(format!(
                "more than {DEEPEST} quantities are made of each other"
            ))),
            false => Ok(()),
        }
    }

    /// The numbers of a quantity.
    pub(super) fn slot(&self, index: usize) -> std::ops::Range<usize> {
        self.quantities.list[index].slot.clone()
    }

    /// Reads a table that is a quantity, with these keys beside.
    fn table(&mut self, node: &Node<'a>, beside: &[&str]) -> Result<usize> {
        self.deeper(node)?;
        let known = [&KINDS[..], &[EXPRESSION, OF], &SHAPES, beside].concat();
        node.only(&known)?;
        let kinds = KINDS.into_iter().chain([EXPRESSION, OF]);
        let mut given = kinds.filter_map(|kind| Some((kind, node.get(kind)?)));
        let Some((kind, value)) = given.next() else {
            return Err(node.error(format!(
                "it says no quantity; give one of {}, {EXPRESSION}, {OF}{}",
                KINDS.join(", "),
                node.misspelt()
            )));
        };
        if let Some((other, _)) = given.next() {
            return Err(node.error(format!(
                "it says both `{kind}` and `{other}`; a quantity is one of them"
            )));
        }
        let source = self.source(node, kind, &value)?;
        let shapes = self.shapes(node, &source)?;
        self.depth -= 1;
        self.push(node, source, shapes)
    }

    fn push(&mut self, node: &Node<'a>, source: Source, shapes: Vec<Shape>) -> Result<usize> {
        let dims = source.dims(self.model, &self.quantities.dims);
        let mut dims = shapes.iter().fold(dims, |dims, shape| shape.dims(dims));
        dims.iter_mut().for_each(|dim| shorten(&mut dim.name));
        let first = self.quantities.dims.len();
        if first + dims.len() > MOST {
            return Err(node.error(format!("more than {MOST} numbers are measured in all")));
        }
        let slot = first..first + dims.len();
        self.quantities.dims.extend(dims);
        self.quantities.list.push(Quantity {
            source,
            shapes,
            slot,
        });
        Ok(self.quantities.list.len() - 1)
    }

    fn source(&mut self, node: &Node<'a>, kind: &str, value: &Node<'a>) -> Result<Source> {
        let model = self.model;
        let bodies = &model.bodies.name;
        if node.get("except").is_some()
            && !["position", "velocity", "actuator_force", "contact_force"].contains(&kind)
        {
            let except = node.need("except", "")?;
            return Err(except.error(format!(
                "it says what of a list is left out, and `{kind}` is none"
            )));
        }
        Ok(match kind {
            "position" | "velocity" => {
                let indices = numbers_of(node, kind, model)?;
                match kind {
                    "position" => Source::Positions(indices),
                    _ => Source::Velocities(indices),
                }
            }
            "body" => Source::Place(Frame::Body(value.index("body", bodies)?)),
            "geom" => Source::Place(Frame::Geom(value.index("geom", &model.geoms.name)?)),
            "site" => Source::Place(Frame::Site(value.index("site", &model.sites.name)?)),
            "com" => Source::Com(value.index("body", bodies)?),
            "orientation" => Source::Orientation(value.index("body", bodies)?),
            "linear_velocity" => Source::LinearVelocity(value.index("body", bodies)?),
            "angular_velocity" => Source::AngularVelocity(value.index("body", bodies)?),
            "upright" => {
                let sites = ("site", &model.sites.name[..]);
                Source::Upright(
                    match either(value, ("body", bodies), sites, |_, _| false)? {
                        Either::First(body) => Frame::Body(body),
                        Either::Second(site) => Frame::Site(site),
                    },
                )
            }
            "sensor" => {
                let sensor = value.index("sensor", &model.sensors.name)?;
                Source::Sensor(sensor, model.sensors.adr[sensor])
            }
            "actuator_force" => {
                Source::ActuatorForces(chosen(node, value, "actuator", &model.actuators.name, 0)?)
            }
            "contact_force" => Source::ContactForces(chosen(node, value, "body", bodies, 1)?),
            "contact" => Source::Contact(self.touch(value)?),
            "action" | "time" => {
                if !value.flag()? {
                    return Err(value.error("it must be true, or left out"));
                }
                match kind {
                    "action" => Source::Action(model.nu),
                    _ => Source::Time,
                }
            }
            "point" => Source::Point(DVec3::from(value.place()?)),
            "difference" | "distance" => {
                let list = value.list();
                let [from, until] = list.as_slice() else {
                    return Err(value.error("it must be a list of two quantities"));
                };
                let [from, until] =
                    [self.operand(from)?, self.operand(until)?].map(|i| self.slot(i));
                if from.len() != until.len() {
                    return Err(value.error(format!(
                        "the first has {} numbers and the second {}",
                        from.len(),
                        until.len()
                    )));
                }
                match kind {
                    "difference" => Source::Difference(from, until),
                    _ => Source::Distance(from, until),
                }
            }
            "rate" => {
                let of = self.operand(value)?;
                let of = self.slot(of);
                let kept = self.quantities.tracked;
                self.quantities.tracked += of.len();
                Source::Rate(of, kept)
            }
            OF => {
                let index = self.operand(value)?;
                Source::Same(self.slot(index))
            }
            _ => Source::Expression(self.expression(value, &[])?),
        })
    }

    /// Which geoms touch: a name of a body or a geom, or two.
    fn touch(&self, value: &Node<'a>) -> Result<Touch> {
        let geoms = &self.model.geoms;
        let of_body =
            |body: usize| -> Vec<bool> { geoms.body.iter().map(|of| *of == body).collect() };
        let alone = |geom: usize| (0..geoms.body.len()).map(|other| other == geom).collect();
        let side = |node: &Node<'a>| -> Result<Vec<bool>> {
            let bodies = ("body", &self.model.bodies.name[..]);
            let same = |body: usize, geom: usize| of_body(body) == alone(geom);
            Ok(match either(node, bodies, ("geom", &geoms.name), same)? {
                Either::First(body) => of_body(body),
                Either::Second(geom) => alone(geom),
            })
        };
        let any = || vec![true; geoms.body.len()];
        match value.list().as_slice() {
            [one] => Ok(Touch {
                sides: [side(one)?, any()],
            }),
            [one, other] => Ok(Touch {
                sides: [side(one)?, side(other)?],
            }),
            _ => Err(value.error("it must be the name of a body or a geom, or a list of two")),
        }
    }

    /// Compiles an expression over quantities by name and these numbers.
    pub(super) fn expression(
        &mut self,
        node: &Node<'a>,
        beside: &[(String, usize)],
    ) -> Result<Expression> {
        let text = node.text("an expression, such as \"x < 0.7\"")?;
        let mut inner: Option<Error> = None;
        let compiled = Expression::compile(text, &mut |name| {
            if let Some((_, slot)) = beside.iter().find(|(other, _)| other == name) {
                return Ok(*slot);
            }
            match self.variable(node, name) {
                Ok(Some(slot)) => Ok(slot),
                Ok(None) => Err(self.variables(beside)),
                Err(error) => {
                    inner.get_or_insert(error);
                    Err(Vec::new())
                }
            }
        });
        compiled.map_err(|fault| {
            let own = || node.error(format!("{} (letter {})", fault.message, fault.column));
            inner.unwrap_or_else(own)
        })
    }

    /// The number of a name in an expression: a quantity of one number, or a name with `_x`, `_y`, `_z` or `_0`, `_1`, … for
    /// one of several.
    fn variable(&mut self, node: &Node<'a>, name: &str) -> Result<Option<usize>> {
        if self.is_named(name) {
            let index = self.by_name(node, name)?;
            let slot = self.slot(index);
            return match slot.len() {
                1 => Ok(Some(slot.start)),
                count => Err(node.error(format!(
                    "`{name}` has {count} numbers; {name}_0 is the first of them, and {name}_x that of a place"
                ))),
            };
        }
        let Some((of, which)) = name.rsplit_once('_') else {
            return Ok(None);
        };
        if !self.is_named(of) {
            return Ok(None);
        }
        let index = self.by_name(node, of)?;
        let slot = self.slot(index);
        let which = match which {
            "x" | "y" | "z" if slot.len() == 3 => "xyz".find(which),
            which => which.parse().ok(),
        };
        Ok(which
            .filter(|which| *which < slot.len())
            .map(|which| slot.start + which))
    }

    /// Whether there is a quantity or a goal of this name.
    fn is_named(&self, name: &str) -> bool {
        self.section.contains_key(name) || self.goals.iter().any(|goal| goal == name)
    }

    /// What expressions can name.
    fn variables(&self, beside: &[(String, usize)]) -> Vec<String> {
        let beside = beside.iter().map(|(name, _)| name.clone());
        beside.chain(self.names.iter().cloned()).collect()
    }

    fn shapes(&self, node: &Node<'a>, source: &Source) -> Result<Vec<Shape>> {
        let mut shapes = Vec::new();
        let mut dims: Vec<SpaceDim> = source.dims(self.model, &self.quantities.dims);
        let mut push = |shape: Shape, dims: &mut Vec<SpaceDim>| {
            *dims = shape.dims(std::mem::take(dims));
            shapes.push(shape);
        };
        if let Some(wrap) = node.get("wrap") {
            let allowed = "\"circle\", for cosine and sine, or \"pi\", for -π to π";
            let shape = match wrap.text(allowed)? {
                "circle" => Shape::Circle,
                "pi" => Shape::Wrap,
                _ => return Err(wrap.error(format!("it must be {allowed}"))),
            };
            if !source.is_angles(self.model) {
                return Err(wrap.error("only positions of hinges are angles"));
            }
            push(shape, &mut dims);
        }
        let axis = node.get("axis");
        if let Some(axis) = &axis {
            let allowed = "\"x\", \"y\" or \"z\"";
            let index = match axis.text(allowed)? {
                "x" => 0,
                "y" => 1,
                "z" => 2,
                _ => return Err(axis.error(format!("it must be {allowed}"))),
            };
            if dims.len() != 3 {
                return Err(axis.error(format!(
                    "the quantity has {} numbers and no axes; `number` picks one, from 0",
                    dims.len()
                )));
            }
            push(Shape::Pick(index), &mut dims);
        }
        if let Some(number) = node.get("number") {
            let index = number.count(0..=dims.len().saturating_sub(1))?;
            push(Shape::Pick(index), &mut dims);
        }
        if let Some(clip) = node.get("clip") {
            let limits = match clip.list().len() {
                1 => clip
                    .checked(CLIP, |limit| limit >= 0.0)
                    .map(|limit| [-limit, limit])?,
                _ => clip
                    .range()
                    .map_err(|_| clip.error(format!("it must be {CLIP}")))?,
            };
            push(Shape::Clip(limits), &mut dims);
        }
        for (key, shape) in [("squares", Shape::Squares), ("length", Shape::Length)] {
            if node.get(key).map(|flag| flag.flag()).transpose()? == Some(true) {
                push(shape, &mut dims);
            }
        }
        Ok(shapes)
    }
}

/// Cuts a label to a length that a table has room for. Quantities are made of each other, and their labels too: each could be twice
/// as long as the one before.
fn shorten(label: &mut String) {
    const MOST: usize = 100;
    if let Some((end, _)) = label.char_indices().nth(MOST) {
        label.truncate(end);
        label.push('…');
    }
}
