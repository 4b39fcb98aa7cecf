//! Names in a file: things of a model, and names of its own.

use super::document::{Node, position};
use super::expression::{is_name, is_reserved};
use crate::Result;
use crate::dynamics::model::Model;

/// Some of the things that a model has, from the `first` on: `"all"`, a name or several, but those in `except`.
pub(super) fn chosen(
    node: &Node<'_>,
    value: &Node<'_>,
    what: &str,
    names: &[String],
    first: usize,
) -> Result<Vec<usize>> {
    let named = |list: &Node<'_>| -> Result<Vec<usize>> {
        let mut all = Vec::new();
        let mut seen = vec![false; names.len()];
        for name in list.list() {
            let index = name.index(what, names)?;
            if std::mem::replace(&mut seen[index], true) {
                return Err(name.error(format!("the {what} is named twice")));
            }
            all.push(index);
        }
        Ok(all)
    };
    let all = match value.as_text() {
        Some("all") => (first..names.len()).collect(),
        _ => named(value)?,
    };
    let mut stays = vec![false; names.len()];
    all.iter().for_each(|index| stays[*index] = true);
    if let Some(except) = node.get("except") {
        for (index, name) in named(&except)?.into_iter().zip(except.list()) {
            if !std::mem::replace(&mut stays[index], false) {
                return Err(name.error(format!(
                    "the {what} is not among them, so it cannot be left out"
                )));
            }
        }
    }
    let left: Vec<usize> = all.into_iter().filter(|index| stays[*index]).collect();
    match left.is_empty() {
        true => Err(value.error(format!("it is of no {what}"))),
        false => Ok(left),
    }
}

/// Where the positions or velocities of joints stand: those that the key names.
pub(super) fn numbers_of(node: &Node<'_>, key: &str, model: &Model) -> Result<Vec<usize>> {
    let value = node.need(key, "the joints")?;
    let joints = &model.joints;
    let chosen = chosen(node, &value, "joint", &joints.name, 0)?;
    let numbers = |joint: usize| match key {
        "position" => (joints.qposadr[joint], joints.kind[joint].nq()),
        _ => (joints.dofadr[joint], joints.kind[joint].nv()),
    };
    let spans = chosen.into_iter().map(numbers);
    Ok(spans
        .flat_map(|(first, count)| first..first + count)
        .collect())
}

/// One of two kinds of things.
pub(super) enum Either {
    First(usize),
    Second(usize),
}

/// The thing of a name that one of two kinds of things can have; where both have it, and the two are not the `same`, a table says
/// the kind: `{ geom = "torso" }`.
pub(super) fn either(
    node: &Node<'_>,
    (first, firsts): (&str, &[String]),
    (second, seconds): (&str, &[String]),
    same: impl Fn(usize, usize) -> bool,
) -> Result<Either> {
    if node.is_table() {
        node.only(&[first, second])?;
        return match (node.get(first), node.get(second)) {
            (Some(one), None) => Ok(Either::First(one.index(first, firsts)?)),
            (None, Some(one)) => Ok(Either::Second(one.index(second, seconds)?)),
            _ => Err(node.error(format!("give either `{first}` or `{second}`"))),
        };
    }
    let name = node.text(&format!("the name of a {first} or a {second}"))?;
    match (position(name, firsts), position(name, seconds)) {
        (Some(one), Some(other)) if !same(one, other) => Err(node.error(format!(
            "`{name}` is a {first} and a {second}; write {{ {first} = \"{name}\" }} or {{ {second} = \"{name}\" }}"
        ))),
        (Some(one), _) => Ok(Either::First(one)),
        (None, Some(one)) => Ok(Either::Second(one)),
        (None, None) => {
            let names = [firsts, seconds].concat();
            Err(node.no(&format!("{first} or {second}"), name, &names))
        }
    }
}

/// Refuses a name that expressions could not use.
pub(super) fn check_name(name: &str, node: &Node<'_>) -> Result<()> {
    if is_reserved(name) {
        return Err(node.error(format!(
            "`{name}` is a word of expressions; take another name"
        )));
    }
    match is_name(name) {
        true => Ok(()),
        false => Err(node.error("a name has letters, digits and `_`, and begins with no digit")),
    }
}
