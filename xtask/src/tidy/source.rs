//! Reads a Rust file just far enough for the rules: tokens with lines, functions, traits, header, size.
//!
//! Code under `#[cfg(test)]`, in `tests/`, `benches/` and in files called `tests.rs` is test code.

use std::collections::BTreeSet;
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

use super::Finding;
use super::tree::File;

/// A word or a sign of the code.
pub(crate) struct Token {
    /// Its text; one character for a sign.
    pub(crate) text: String,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Whether it is test code.
    pub(crate) test: bool,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Line of `fn`.
    pub(crate) line: usize,
    /// Lines from `fn` to the closing brace.
    pub(crate) lines: usize,
    /// Arguments, `self` included.
    pub(crate) arguments: usize,
}

/// A trait and the number of functions that it names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trait {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) methods: usize,
}

/// What the rules need to know of a file.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) path: String,
    /// All its lines.
    pub(crate) lines: usize,
    /// Lines with code that is neither documentation nor test.
    pub(crate) code: BTreeSet<usize>,
    /// Lines with test code.
    pub(crate) test_code: BTreeSet<usize>,
    /// The words and signs, attributes' and documentation's left out.
    pub(crate) tokens: Vec<Token>,
    pub(crate) functions: Vec<Function>,
    pub(crate) traits: Vec<Trait>,
    /// The `//!` lines.
    pub(crate) header: String,
}

/// Reads every Rust file; one that does not parse is a finding.
pub(crate) fn read_all(files: &[File]) -> (Vec<Source>, Vec<Finding>) {
    let mut sources = Vec::new();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        match read(&file.path, file.text.as_deref().unwrap_or("")) {
            Ok(source) => sources.push(source),
            Err(error) => findings.push(Finding::new(&file.path, format!("not Rust: {error}"))),
        }
    }
    (sources, findings)
}

/// Reads one file.
pub(crate) fn read(path: &str, text: &str) -> Result<Source, proc_macro2::LexError> {
    let mut source = Source {
        path: path.to_owned(),
        lines: text.lines().count(),
        ..Source::default()
    };
    let test = ["/tests/", "/benches/"]
        .iter()
        .any(|part| path.contains(part))
        || path.starts_with("tests/")
        || path.ends_with("/tests.rs");
    source.walk(TokenStream::from_str(text)?, test);
    Ok(source)
}

impl Source {
    fn walk(&mut self, stream: TokenStream, test: bool) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        // The end of an item under `#[cfg(test)]`.
        let mut test_until = 0;
        while let Some(tree) = trees.get(at) {
            let test = test || at < test_until;
            if let Some((inner, attribute)) = attribute(&trees[at..]) {
                let words = attribute.stream().to_string();
                if words.starts_with("doc") {
                    if inner {
                        self.header.push_str(&words);
                        self.header.push('\n');
                    }
                } else {
                    self.mark(attribute.span(), test);
                }
                at += if inner { 3 } else { 2 };
                if !inner && is_test_attribute(&words) {
                    test_until = test_until.max(at + item_length(&trees[at..]));
                }
                continue;
            }
            self.shape(&trees[at..]);
            self.token(tree, test);
            at += 1;
        }
    }

    /// Records a token and what is inside it.
    fn token(&mut self, tree: &TokenTree, test: bool) {
        if let TokenTree::Group(group) = tree {
            self.mark(group.span_open(), test);
            self.mark(group.span_close(), test);
            self.walk(group.stream(), test);
            return;
        }
        self.mark(tree.span(), test);
        self.tokens.push(Token {
            text: tree.to_string(),
            line: tree.span().start().line,
            test,
        });
    }

    fn mark(&mut self, span: Span, test: bool) {
        let lines = span.start().line..=span.end().line;
        if test {
            self.test_code.extend(lines);
        } else {
            self.code.extend(lines);
        }
    }

    /// Records the function or the trait that starts here, if one does.
    fn shape(&mut self, trees: &[TokenTree]) {
        let [TokenTree::Ident(keyword), TokenTree::Ident(name), rest @ ..] = trees else {
            return;
        };
        let line = keyword.span().start().line;
        if keyword == "fn" {
            let Some((arguments, rest)) = arguments(rest) else {
                return;
            };
            let Some(body) = body(rest) else { return };
            self.functions.push(Function {
                name: name.to_string(),
                line,
                lines: body.span_close().end().line + 1 - line,
                arguments,
            });
        } else if keyword == "trait" {
            let Some(body) = body(rest) else { return };
            let words = body.stream().into_iter();
            self.traits.push(Trait {
                name: name.to_string(),
                line,
                methods: words.filter(|word| is_word(word, "fn")).count(),
            });
        }
    }
}

/// The attribute that starts here, and whether it is an inner one (`#![...]`).
pub(crate) fn attribute(trees: &[TokenTree]) -> Option<(bool, &Group)> {
    match trees {
        [hash, TokenTree::Group(group), ..] if is_sign(hash, '#') => Some((false, group)),
        [hash, bang, TokenTree::Group(group), ..] if is_sign(hash, '#') && is_sign(bang, '!') => {
            Some((true, group))
        }
        _ => None,
    }
}

pub(crate) fn is_test_attribute(words: &str) -> bool {
    let words: String = words.split_whitespace().collect();
    words == "cfg(test)" || words.starts_with("cfg(all(test") || words == "test"
}

/// Trees to the end of the item that starts here: its braces or its semicolon.
pub(crate) fn item_length(trees: &[TokenTree]) -> usize {
    let end = trees.iter().position(|tree| {
        let braces =
            matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        braces || is_sign(tree, ';')
    });
    end.map_or(trees.len(), |end| end + 1)
}

/// The number of arguments of a function, given what follows its name, and what follows them.
fn arguments(trees: &[TokenTree]) -> Option<(usize, &[TokenTree])> {
    let at = outside_angles(trees).find(|&at| {
        matches!(&trees[at], TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
    })?;
    let TokenTree::Group(group) = &trees[at] else {
        return None;
    };
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    let commas = outside_angles(&inside).filter(|&at| is_sign(&inside[at], ','));
    let trailing = inside.last().is_none_or(|last| is_sign(last, ','));
    Some((commas.count() + usize::from(!trailing), &trees[at + 1..]))
}

/// Positions that are not between `<` and `>`; the arrow `->` closes nothing.
fn outside_angles(trees: &[TokenTree]) -> impl Iterator<Item = usize> {
    let mut depth = 0_i32;
    (0..trees.len()).filter(move |&at| {
        if is_sign(&trees[at], '<') {
            depth += 1;
        } else if is_sign(&trees[at], '>') && !(at > 0 && is_sign(&trees[at - 1], '-')) {
            depth -= 1;
        }
        depth == 0
    })
}

/// The braces that come before the next semicolon.
fn body(trees: &[TokenTree]) -> Option<&Group> {
    let end = trees.get(item_length(trees).checked_sub(1)?)?;
    match end {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    }
}

pub(crate) fn is_sign(tree: &TokenTree, sign: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == sign)
}

pub(crate) fn is_word(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        read("crates/x/src/lib.rs", text).unwrap()
    }

    #[test]
    fn documentation_and_blank_lines_are_not_code() {
        let source = source("//! Header.\n\n/// Doc.\nfn f() {\n    // comment\n    g();\n}\n");
        assert_eq!(source.code.into_iter().collect::<Vec<_>>(), [4, 6, 7]);
        assert!(source.header.contains("Header."));
    }

    #[test]
    fn test_modules_are_test_code() {
        let source = source("fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\nfn h() {}\n");
        assert!(source.code.contains(&6));
        assert!(source.test_code.contains(&4) && !source.code.contains(&4));
        let g = source.tokens.iter().find(|token| token.text == "g");
        assert!(g.unwrap().test);
    }

    #[test]
    fn arguments_are_counted_through_generics() {
        let text = "impl A { fn f<F: Fn(u8, u8) -> u8>(&self, map: HashMap<u8, u8>, g: F,) -> u8 {\n 1\n} }";
        let expected = Function {
            name: "f".into(),
            line: 1,
            lines: 3,
            arguments: 3,
        };
        assert_eq!(source(text).functions, [expected]);
    }

    #[test]
    fn a_trait_counts_its_functions() {
        let source = source("trait T {\n fn a(&self);\n fn b(&self) { fn inner() {} }\n}");
        assert_eq!(source.traits[0].methods, 2);
        assert_eq!(source.functions.len(), 2);
    }

    #[test]
    fn what_does_not_parse_is_a_finding() {
        let bad = File {
            path: "x.rs".into(),
            text: Some("fn f( {".into()),
        };
        assert_eq!(read_all(&[bad]).1.len(), 1);
    }
}
