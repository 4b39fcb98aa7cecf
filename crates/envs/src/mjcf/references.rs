//! Which elements name which, so that those that name copied or attached elements can be copied with them.
//!
//! `replicate` and `attach` give elements other names. As in MuJoCo, each time they do, every pair, exclusion, tendon,
//! equality constraint, actuator and sensor that finds what it names among the new names is copied, with those; what
//! names the pattern of a `replicate` goes away with it. MuJoCo: XML reference, "replicate", "attach"; Model editing,
//! "Attachment".

use super::element::Element;
use super::kind::Kind;
use super::sensor::{FrameOf, Measured, SensorSpec, SideOf};
use super::spec::{
    Driven, EqualitySpec, Exclude, Held, Named, NamedPair, NamedTendon, Part, Referring, Spec,
    Target,
};
use crate::Result;
use std::collections::HashMap;
use std::rc::Rc;

/// Most elements of one kind that copies may lead to, and most that are looked at for that.
const MOST: usize = 10_000;
const MOST_WORK: usize = 2_000_000;

/// What names other elements.
pub(super) trait Refers: Clone {
    /// Whether every name must be a new one for the element to be copied, and not just one of them.
    const STRICT: bool = false;
    /// What kind of name the element's own is, where others name it.
    const OWN: Option<Kind> = None;

    /// Shows every name that it refers to.
    fn each(&mut self, show: &mut dyn FnMut(Kind, &mut String));

    /// As [`each`](Self::each), with those together that must all be new names or all old ones.
    fn each_group(&mut self, show: &mut dyn FnMut(&mut [Name])) {
        self.each(&mut |kind, name| show(&mut [(kind, name)]));
    }
}

/// A name that an element refers to.
type Name<'a> = (Kind, &'a mut String);

impl Refers for NamedPair {
    fn each(&mut self, show: &mut dyn FnMut(Kind, &mut String)) {
        self.geoms
            .iter_mut()
            .for_each(|name| show(Kind::Geom, name));
    }
}

impl Refers for Exclude {
    fn each(&mut self, show: &mut dyn FnMut(Kind, &mut String)) {
        self.0.iter_mut().for_each(|name| show(Kind::Body, name));
    }
}

impl Refers for NamedTendon {
    const OWN: Option<Kind> = Some(Kind::Tendon);

    fn each(&mut self, show: &mut dyn FnMut(Kind, &mut String)) {
        for (_, part) in &mut self.way {
            match part {
                Part::Joint(name, _) => show(Kind::Joint, name),
                Part::Site(name) => show(Kind::Site, name),
                Part::Geom(name, side) => {
                    show(Kind::Geom, name);
                    if let Some(side) = side {
                        show(Kind::Site, side);
                    }
                }
                Part::Pulley(_) => {}
            }
        }
    }

    fn each_group(&mut self, show: &mut dyn FnMut(&mut [Name])) {
        for (_, part) in &mut self.way {
            match part {
                Part::Joint(name, _) => show(&mut [(Kind::Joint, name)]),
                Part::Site(name) => show(&mut [(Kind::Site, name)]),
                Part::Geom(name, side) => {
                    // MuJoCo puts what surrounds names around the empty one of no side site too, so that it finds no
                    // new geom without a side site.
                    let mut beside = side.take().unwrap_or_default();
                    show(&mut [(Kind::Geom, name), (Kind::Site, &mut beside)]);
                    *side = Some(beside).filter(|name| !name.is_empty());
                }
                Part::Pulley(_) => {}
            }
        }
    }
}

impl Refers for EqualitySpec {
    const STRICT: bool = true;

    fn each(&mut self, show: &mut dyn FnMut(Kind, &mut String)) {
        let mut both = |kind, names: &mut [String; 2]| {
            // Without a name the second is the world.
            for name in names.iter_mut().filter(|name| !name.is_empty()) {
                show(kind, name);
            }
        };
        match &mut self.held {
            Held::Connect(names, _) | Held::Weld(names, ..) => both(Kind::Body, names),
            Held::ConnectSites(names) | Held::WeldSites(names, _) => both(Kind::Site, names),
            Held::Joints(one, other, _) => {
                show(Kind::Joint, one);
                other.iter_mut().for_each(|name| show(Kind::Joint, name));
            }
            Held::Tendons(one, other, _) => {
                show(Kind::Tendon, one);
                other.iter_mut().for_each(|name| show(Kind::Tendon, name));
            }
        }
    }
}

impl Refers for Driven {
    const STRICT: bool = true;
    const OWN: Option<Kind> = Some(Kind::Actuator);

    fn each(&mut self, show: &mut dyn FnMut(Kind, &mut String)) {
        match &mut self.target {
            Target::Joint(name) | Target::JointInParent(name) => show(Kind::Joint, name),
            Target::Tendon(name) => show(Kind::Tendon, name),
            Target::Body(name) => show(Kind::Body, name),
            Target::Site(name, other) => {
                show(Kind::Site, name);
                other.iter_mut().for_each(|name| show(Kind::Site, name));
            }
            Target::SliderCrank(crank, slider) => {
                show(Kind::Site, crank);
                show(Kind::Site, slider);
            }
        }
    }
}

impl Refers for SensorSpec {
    fn each(&mut self, show: &mut dyn FnMut(Kind, &mut String)) {
        let kind = super::schema::sensed(&self.kind);
        let of_frame = |kind: &FrameOf| match kind {
            FrameOf::Inertia | FrameOf::Body => Kind::Body,
            FrameOf::Geom => Kind::Geom,
            FrameOf::Site => Kind::Site,
        };
        match &mut self.measured {
            Measured::One(name) => show(
                match kind {
                    "joint" => Kind::Joint,
                    "tendon" => Kind::Tendon,
                    "actuator" => Kind::Actuator,
                    "body" => Kind::Body,
                    _ => Kind::Site,
                },
                name,
            ),
            Measured::Frame((kind, name), reference) => {
                show(of_frame(kind), name);
                if let Some((kind, name)) = reference {
                    show(of_frame(kind), name);
                }
            }
            Measured::Inside((kind, name), site) => {
                show(of_frame(kind), name);
                show(Kind::Site, site);
            }
            Measured::Between(both) => {
                for (is_body, name) in both {
                    show(if *is_body { Kind::Body } else { Kind::Geom }, name);
                }
            }
            Measured::Contacts { sides, .. } => {
                for (side, name) in sides.iter_mut().flatten() {
                    let kind = match side {
                        SideOf::Site => Kind::Site,
                        SideOf::Body | SideOf::Subtree => Kind::Body,
                        SideOf::Geom => Kind::Geom,
                    };
                    show(kind, name);
                }
            }
            Measured::User(_, owner) => {
                owner.iter_mut().for_each(|(kind, name)| show(*kind, name));
            }
            Measured::Whole => {}
        }
    }
}

/// Names in front of and behind an element's own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Affixes<'a> {
    pub(super) prefix: &'a str,
    pub(super) suffix: &'a str,
}

impl Affixes<'_> {
    /// The new name of what has this one; none for none.
    pub(super) fn around(&self, name: &str) -> String {
        match name {
            "" => String::new(),
            name => format!("{}{name}{}", self.prefix, self.suffix),
        }
    }
}

/// Names that stand for something, by kind, and for how much: a copy may get the name of what its pattern holds.
#[derive(Clone, Debug, Default)]
struct Known {
    names: [HashMap<String, usize>; 6],
    /// Elements that were looked at.
    work: usize,
}

impl Known {
    fn has(&self, kind: Kind, name: &str) -> bool {
        self.names[kind as usize].contains_key(name)
    }

    fn add(&mut self, kind: Kind, name: &str) {
        if !name.is_empty() {
            *self.names[kind as usize]
                .entry(name.to_owned())
                .or_default() += 1;
        }
    }

    fn remove(&mut self, kind: Kind, name: &str) {
        let names = &mut self.names[kind as usize];
        if let Some(count) = names.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                names.remove(name);
            }
        }
    }

    /// The element under new names, if it finds what it names among them.
    fn renamed<T: Refers>(&self, element: &Named<T>, affixes: Affixes) -> Option<Named<T>> {
        let mut copy = element.clone();
        let (mut count, mut new, mut lost) = (0, 0, false);
        let known = |kind, name: &str| name.is_empty() || self.has(kind, name);
        copy.spec.each_group(&mut |names| {
            count += 1;
            let around = |name: &str| format!("{}{name}{}", affixes.prefix, affixes.suffix);
            if names.iter().all(|(kind, name)| known(*kind, &around(name))) {
                for (_, name) in names {
                    **name = around(name);
                }
                new += 1;
            } else {
                lost |= T::STRICT || !names.iter().all(|(kind, name)| known(*kind, name));
            }
        });
        copy.name = affixes.around(&copy.name);
        (!lost && (count == 0 || new > 0)).then_some(copy)
    }

    fn finds<T: Refers>(&self, element: &mut Named<T>) -> bool {
        let mut all = true;
        element
            .spec
            .each(&mut |kind, name| all &= self.has(kind, name));
        all
    }

    /// Adds to a list copies under new names of what `from` holds.
    fn copy<T: Refers>(
        &mut self,
        list: &mut Vec<Named<T>>,
        from: Option<&[Named<T>]>,
        affixes: Affixes,
    ) -> Result<()> {
        let count = from.map_or(list.len(), <[_]>::len);
        for index in 0..count {
            let element = match from {
                None => &list[index],
                Some(from) => &from[index],
            };
            self.work += 1;
            if list.len() == MOST || self.work > MOST_WORK {
                return Err(element.place.error(
                    "replicate and attach make too many copies of the elements that name others",
                ));
            }
            let Some(copy) = self.renamed(element, affixes) else {
                continue;
            };
            if let Some(kind) = T::OWN {
                self.add(kind, &copy.name);
            }
            list.push(copy);
        }
        Ok(())
    }

    /// Removes what found all that it names before, and now does not.
    fn drop_lost<T: Refers>(&mut self, list: &mut Vec<Named<T>>, before: &Self) {
        list.retain_mut(|element| {
            let keep = self.finds(element) || !before.finds(element);
            if let (false, Some(kind)) = (keep, T::OWN) {
                self.remove(kind, &element.name);
            }
            keep
        });
    }
}

impl Referring {
    /// Copies what finds what it names among the new names: of these elements, or of those of an attached model.
    fn copy(&mut self, from: Option<&Self>, affixes: Affixes, known: &mut Known) -> Result<()> {
        known.copy(&mut self.pairs, from.map(|f| &*f.pairs), affixes)?;
        known.copy(&mut self.excludes, from.map(|f| &*f.excludes), affixes)?;
        known.copy(&mut self.tendons, from.map(|f| &*f.tendons), affixes)?;
        known.copy(&mut self.equalities, from.map(|f| &*f.equalities), affixes)?;
        known.copy(&mut self.actuators, from.map(|f| &*f.actuators), affixes)?;
        known.copy(&mut self.sensors, from.map(|f| &*f.sensors), affixes)
    }

    fn drop_lost(&mut self, known: &mut Known, before: &Known) {
        known.drop_lost(&mut self.pairs, before);
        known.drop_lost(&mut self.excludes, before);
        known.drop_lost(&mut self.tendons, before);
        known.drop_lost(&mut self.equalities, before);
        known.drop_lost(&mut self.actuators, before);
        known.drop_lost(&mut self.sensors, before);
    }
}

/// What is still to be walked through of the tree of bodies.
enum Visit<'a> {
    Enter(Element<'a>),
    /// The end of a `replicate`.
    Leave(Element<'a>),
}

impl Referring {
    /// Copies and removes elements as the `replicate` and `attach` elements of the tree ask for; `model` finds what an
    /// `attach` attaches, and `suffixes` what a `replicate` puts behind names.
    pub(super) fn follow<'a>(
        &mut self,
        root: &Element<'a>,
        model: impl Fn(&Element<'a>) -> Result<(Rc<Spec>, usize)>,
        suffixes: impl Fn(&Element<'a>) -> Result<Vec<String>>,
    ) -> Result<()> {
        let mut known = Known::default();
        known.add(Kind::Body, "world");
        for tendon in &self.tendons {
            known.add(Kind::Tendon, &tendon.name);
        }
        for actuator in &self.actuators {
            known.add(Kind::Actuator, &actuator.name);
        }
        // Names in the `replicate` elements that are open, the innermost last.
        let mut open: Vec<Vec<(Kind, String)>> = vec![Vec::new()];
        let mut waiting: Vec<Visit> = root.all("worldbody").map(Visit::Enter).collect();
        waiting.reverse();
        while let Some(visit) = waiting.pop() {
            let element = match visit {
                Visit::Leave(element) => {
                    let inner = open.pop().unwrap_or_default();
                    for suffix in suffixes(&element)? {
                        let affixes = Affixes {
                            prefix: "",
                            suffix: &suffix,
                        };
                        for (kind, name) in &inner {
                            declare(&mut known, &mut open, *kind, &affixes.around(name));
                        }
                        self.copy(None, affixes, &mut known)?;
                    }
                    let before = known.clone();
                    for (kind, name) in &inner {
                        known.remove(*kind, name);
                    }
                    self.drop_lost(&mut known, &before);
                    continue;
                }
                Visit::Enter(element) => element,
            };
            let kind = match element.name() {
                "body" => Some(Kind::Body),
                "joint" | "freejoint" => Some(Kind::Joint),
                "geom" => Some(Kind::Geom),
                "site" => Some(Kind::Site),
                _ => None,
            };
            if let (Some(kind), Some(name)) = (kind, element.text("name")) {
                declare(&mut known, &mut open, kind, name);
            }
            match element.name() {
                "attach" => {
                    let (model, from) = model(&element)?;
                    let affixes = Affixes {
                        prefix: element.text("prefix").unwrap_or_default(),
                        suffix: "",
                    };
                    for (kind, name) in model.tree_names(from) {
                        declare(&mut known, &mut open, kind, &affixes.around(name));
                    }
                    self.copy(Some(&model.referring), affixes, &mut known)?;
                }
                "worldbody" | "body" | "frame" | "replicate" => {
                    if element.name() == "replicate" {
                        open.push(Vec::new());
                        waiting.push(Visit::Leave(element.clone()));
                    }
                    let first = waiting.len();
                    waiting.extend(element.children().map(Visit::Enter));
                    waiting[first..].reverse();
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn declare(known: &mut Known, open: &mut [Vec<(Kind, String)>], kind: Kind, name: &str) {
    if name.is_empty() {
        return;
    }
    known.add(kind, name);
    if let Some(innermost) = open.last_mut() {
        innermost.push((kind, name.to_owned()));
    }
}

impl Spec {
    /// The bodies of the tree that starts with one, in their order; all for the world.
    pub(super) fn subtree(&self, from: usize) -> std::ops::Range<usize> {
        // Depth first: it ends where a body hangs on one before it.
        let rest = self.bodies.iter().skip(from + 1);
        from..from + 1 + rest.take_while(|body| body.spec.parent >= from).count()
    }

    /// Names in the tree of bodies that starts with one, but not that of the world.
    fn tree_names(&self, from: usize) -> impl Iterator<Item = (Kind, &str)> {
        let tree = self.subtree(from);
        let moved = self.bodies[tree.clone()].iter().zip(tree);
        moved.flat_map(|(body, index)| {
            let joints = body.spec.joints.iter().map(|x| (Kind::Joint, &*x.name));
            let geoms = body.spec.geoms.iter().map(|x| (Kind::Geom, &*x.name));
            let sites = body.spec.sites.iter().map(|x| (Kind::Site, &*x.name));
            let own = (index > 0).then_some((Kind::Body, &*body.name));
            own.into_iter().chain(joints).chain(geoms).chain(sites)
        })
    }
}
