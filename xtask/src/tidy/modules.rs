//! The modules of a crate: what each defines, imports and names, as far as tokens show it.
//!
//! [`super::cycles`] builds the graph of modules from this. Code under `#[cfg(test)]` is left out: tests may look
//! anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Group, TokenStream, TokenTree};

use super::source::{attribute, is_sign, is_test_attribute, is_word, item_length};

/// The words between `::` of a path.
pub(crate) type Path = Vec<String>;

/// Keywords before the name of an item.
const ITEMS: [&str; 9] = [
    "const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union",
];

/// A path that a module names, and its line.
pub(crate) struct Named {
    pub(crate) path: Path,
    pub(crate) line: usize,
}

/// One module, of a file or written out inside one.
#[derive(Default)]
pub(crate) struct Module {
    /// Its file.
    pub(crate) file: String,
    /// Names of the items that it defines.
    defined: BTreeSet<String>,
    /// What its `use` declarations bring into it, by the names that they give.
    imports: BTreeMap<String, Path>,
    /// Modules that it imports all names of.
    globs: Vec<Path>,
    /// The paths that it uses, those of `use` declarations included.
    pub(crate) named: Vec<Named>,
}

/// The modules of one crate, by their paths; the root's is empty.
#[derive(Default)]
pub(crate) struct Crate {
    pub(crate) modules: BTreeMap<Path, Module>,
}

impl Crate {
    /// Reads one file, which holds the module at `path`. A file that does not parse adds nothing.
    pub(crate) fn read(&mut self, path: Path, file: &str, text: &str) {
        if let Ok(stream) = TokenStream::from_str(text) {
            self.module(&path, file);
            self.items(&path, file, stream);
        }
    }

    fn module(&mut self, path: &Path, file: &str) -> &mut Module {
        let module = self.modules.entry(path.clone()).or_default();
        file.clone_into(&mut module.file);
        module
    }

    /// Reads the items of a module.
    fn items(&mut self, path: &Path, file: &str, stream: TokenStream) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            let rest = &trees[at..];
            if let Some(skipped) = test_item(rest) {
                at += skipped;
                continue;
            }
            if let [TokenTree::Ident(word), TokenTree::Ident(name), ..] = rest
                && ITEMS.contains(&word.to_string().as_str())
            {
                self.module(path, file).defined.insert(name.to_string());
            }
            if let [_, TokenTree::Ident(name), TokenTree::Group(group), ..] = rest
                && is_word(&rest[0], "mod")
            {
                let inner = [path.as_slice(), &[name.to_string()]].concat();
                self.module(&inner, file);
                self.items(&inner, file, group.stream());
                at += 3;
                continue;
            }
            at += self.module(path, file).step(rest);
        }
    }

    /// The module that defines what `path` means inside the module `from`; `None` for another crate's.
    pub(crate) fn resolve(&self, from: &Path, path: &[String]) -> Option<Path> {
        self.follow(from, path, 0)
    }

    fn follow(&self, from: &Path, path: &[String], depth: usize) -> Option<Path> {
        // Imports that lead to each other in a circle name nothing.
        if depth > 16 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(&Path::new(), rest, depth),
            "self" => self.descend(from, rest, depth),
            "super" => {
                let (_, parent) = from.split_last()?;
                let up = [&["self".to_owned()], rest].concat();
                self.follow(&parent.to_vec(), &up, depth)
            }
            _ => {
                let module = self.modules.get(from)?;
                let here = module.defined.contains(first) || module.imports.contains_key(first);
                here.then(|| self.descend(from, path, depth))?
            }
        }
    }

    /// Goes down from the module `at`, through modules, re-exports and globs.
    fn descend(&self, at: &Path, path: &[String], depth: usize) -> Option<Path> {
        let Some((first, rest)) = path.split_first() else {
            return Some(at.clone());
        };
        // `self::super`, of a path that goes up twice.
        if first == "super" {
            return self.follow(at, path, depth + 1);
        }
        let inner = [at.as_slice(), std::slice::from_ref(first)].concat();
        if self.modules.contains_key(&inner) {
            return self.descend(&inner, rest, depth);
        }
        let module = self.modules.get(at)?;
        if module.defined.contains(first) {
            return Some(at.clone());
        }
        if let Some(import) = module.imports.get(first) {
            let whole = [import, rest].concat();
            return self.follow(at, &whole, depth + 1).or(Some(at.clone()));
        }
        let globs = module.globs.iter();
        let mut found = globs.filter_map(|glob| {
            let target = self.follow(at, glob, depth + 1)?;
            let holds = self.modules.get(&target)?;
            let known = holds.defined.contains(first) || holds.imports.contains_key(first);
            known.then(|| self.descend(&target, path, depth + 1))?
        });
        found.next().or(Some(at.clone()))
    }
}

impl Module {
    /// Takes in the token that starts `trees` and returns how many it used up.
    fn step(&mut self, trees: &[TokenTree]) -> usize {
        let line = trees[0].span().start().line;
        if is_word(&trees[0], "use") {
            let length = semicolon(trees);
            self.import(&Path::new(), &trees[1..length], line);
            return length;
        }
        if ["crate", "self", "super"]
            .iter()
            .any(|word| is_word(&trees[0], word))
        {
            let (path, length) = path(trees);
            if path.len() > 1 {
                self.named.push(Named { path, line });
            }
            return length.max(1);
        }
        if let TokenTree::Group(group) = &trees[0] {
            self.inside(group);
        }
        1
    }

    /// Takes in what is inside brackets of any kind: bodies, arguments, blocks.
    fn inside(&mut self, group: &Group) {
        let trees: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            let rest = &trees[at..];
            at += test_item(rest).unwrap_or_else(|| self.step(rest));
        }
    }

    /// Takes in a tree of a `use` declaration, given the path before it.
    fn import(&mut self, before: &Path, trees: &[TokenTree], line: usize) {
        for branch in trees.split(|tree| is_sign(tree, ',')) {
            let (mut whole, length) = path(branch);
            whole.splice(0..0, before.iter().cloned());
            match &branch[length..] {
                [TokenTree::Group(group), ..] => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.import(&whole, &inner, line);
                    continue;
                }
                [star, ..] if is_sign(star, '*') => self.globs.push(whole.clone()),
                [word, TokenTree::Ident(alias), ..] if is_word(word, "as") => {
                    self.imports.insert(alias.to_string(), whole.clone());
                }
                _ => {
                    // `a::{self}` imports `a`.
                    if whole.len() > 1 && whole.last().is_some_and(|last| last == "self") {
                        whole.pop();
                    }
                    if let Some(last) = whole.last() {
                        self.imports.insert(last.clone(), whole.clone());
                    }
                }
            }
            if !whole.is_empty() {
                self.named.push(Named { path: whole, line });
            }
        }
    }
}

/// The length of an item under `#[cfg(test)]` that starts here with its attributes, or of another attribute.
fn test_item(trees: &[TokenTree]) -> Option<usize> {
    let (inner, attribute) = attribute(trees)?;
    let sign = if inner { 3 } else { 2 };
    if inner || !is_test_attribute(&attribute.stream().to_string()) {
        return Some(sign);
    }
    let mut at = sign;
    while let Some((false, _)) = trees.get(at..).and_then(self::attribute) {
        at += 2;
    }
    Some(at + item_length(&trees[at..]))
}

/// Trees up to the next semicolon, which is counted.
fn semicolon(trees: &[TokenTree]) -> usize {
    let end = trees.iter().position(|tree| is_sign(tree, ';'));
    end.map_or(trees.len(), |end| end + 1)
}

/// The path that starts here, and how many trees it takes, with a `::` at its end.
fn path(trees: &[TokenTree]) -> (Path, usize) {
    let mut path = Path::new();
    let mut at = 0;
    loop {
        // A path may begin with `::`.
        while at < trees.len() && is_sign(&trees[at], ':') {
            at += 1;
        }
        let Some(TokenTree::Ident(word)) = trees.get(at) else {
            break;
        };
        path.push(word.to_string());
        at += 1;
        let goes_on = trees.get(at).is_some_and(|tree| is_sign(tree, ':'))
            && trees.get(at + 1).is_some_and(|tree| is_sign(tree, ':'));
        if !goes_on {
            break;
        }
    }
    (path, at)
}
