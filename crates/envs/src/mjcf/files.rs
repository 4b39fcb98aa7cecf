//! The texts of a model: one file, or several by `include`, within bounds that no honest model meets.
//!
//! A file must choose neither the depth of our stack nor how long we work: size, depth and numbers of elements
//! and attributes are limited before anything else is done. MuJoCo: XML reference, "include".

use super::element::{Element, Source};
use crate::{Error, Result};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Most bytes of all files together.
const MOST_BYTES: usize = 32 << 20;
/// Most files.
const MOST_FILES: usize = 1000;
/// Most elements around one element.
const MOST_DEPTH: usize = 10_000;
/// Most elements of a file, texts and comments between them included.
const MOST_NODES: u32 = 1_000_000;
/// Most attributes of an element; MJCF has 33.
const MOST_ATTRIBUTES: usize = 100;

/// The name of a file for complaints, and its text.
struct File {
    name: String,
    text: String,
}

/// Texts, the model's own first, and which of them stands where: file and byte of an `include` element.
pub(super) struct Files {
    list: Vec<File>,
    includes: HashMap<(usize, usize), usize>,
}

impl Files {
    /// One text, which cannot include others.
    pub(super) fn one(xml: &str, name: &str) -> Result<Self> {
        let files = Self {
            list: vec![File {
                name: name.into(),
                text: xml.into(),
            }],
            includes: HashMap::new(),
        };
        files.within_bounds(0)?;
        if let Some(include) = files.find_includes(0)?.first() {
            let message = "a text cannot include files: from where would they be named? \
                Load the model from a file (`mjcf::load`)";
            return Err(files.complaint(0, include.start, message.into()));
        }
        Ok(files)
    }

    /// The file at `path` and all that it includes.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut files = Self {
            list: Vec::new(),
            includes: HashMap::new(),
        };
        let name = path.display().to_string();
        let text = read(path, MOST_BYTES).map_err(|source| Error::Read {
            file: name.clone(),
            source,
        })?;
        files.list.push(File { name, text });
        let mut paths = vec![path.to_owned()];
        let mut seen = HashSet::from([identity(path)]);
        let mut left = MOST_BYTES.saturating_sub(files.list[0].text.len());
        let mut index = 0;
        while index < files.list.len() {
            files.within_bounds(index)?;
            for include in files.find_includes(index)? {
                let wrong = |message| files.complaint(index, include.start, message);
                let name = include.file.map_err(wrong)?;
                if files.list.len() == MOST_FILES {
                    return Err(wrong(format!("there are more than {MOST_FILES} files")));
                }
                // As in MuJoCo beside the model's own file, else beside the one that includes.
                let beside = |other: &Path| other.with_file_name("").join(&name);
                let mut path = beside(&paths[0]);
                if !path.exists() {
                    path = beside(&paths[index]);
                }
                if !seen.insert(identity(&path)) {
                    return Err(wrong(format!("file `{name}` is already included")));
                }
                let text = read(&path, left).map_err(|error| {
                    wrong(format!(
                        "cannot read file `{name}` as {}: {error}",
                        path.display()
                    ))
                })?;
                left -= text.len();
                let place = (index, include.start);
                files.includes.insert(place, files.list.len());
                let name = path.display().to_string();
                files.list.push(File { name, text });
                paths.push(path);
            }
            index += 1;
        }
        Ok(files)
    }

    /// What stands for the model's own text in complaints.
    pub(super) fn name(&self) -> &str {
        &self.list[0].name
    }

    /// `include` elements of one file, in its order.
    fn find_includes(&self, index: usize) -> Result<Vec<Include>> {
        let file = &self.list[index];
        if !file.text.contains("<include") {
            return Ok(Vec::new());
        }
        let document = parse(file)?;
        let includes = document
            .descendants()
            .filter(|node| node.has_tag_name("include"));
        Ok(includes.map(|node| Include::of(&node)).collect())
    }

    fn complaint(&self, file: usize, at: usize, message: String) -> Error {
        let File { name, text } = &self.list[file];
        error(name, line(text, at), "include", message)
    }

    /// Refuses a text whose shape alone would cost much time or memory.
    fn within_bounds(&self, index: usize) -> Result<()> {
        let File { name, text } = &self.list[index];
        let wrong = |at: usize, message| Err(error(name, line(text, at), "?xml", message));
        if text.len() > MOST_BYTES {
            return wrong(0, format!("the text is longer than {MOST_BYTES} bytes"));
        }
        let mut depth = 0_usize;
        let mut next = 0;
        while let Some(start) = text[next..].find('<').map(|at| at + next) {
            let rest = &text[start..];
            let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
            if let Some((open, close)) = skipped.iter().find(|s| rest.starts_with(s.0)) {
                let inside = start + open.len();
                next = text[inside..]
                    .find(close)
                    .map_or(text.len(), |at| inside + at + close.len());
                continue;
            }
            let tag = Tag::scan(rest);
            next = start + tag.length;
            if tag.attributes > MOST_ATTRIBUTES {
                let message = format!("an element has more than {MOST_ATTRIBUTES} attributes");
                return wrong(start, message);
            }
            if tag.namespace {
                return wrong(start, "MJCF has no namespaces (xmlns)".into());
            }
            if rest.starts_with("</") {
                depth = depth.saturating_sub(1);
            } else if !tag.closed {
                depth += 1;
            }
            if depth > MOST_DEPTH {
                let message = format!("elements stand more than {MOST_DEPTH} deep");
                return wrong(start, message);
            }
        }
        Ok(())
    }
}

/// What matters about the text from one `<` to its `>`.
struct Tag {
    length: usize,
    attributes: usize,
    namespace: bool,
    closed: bool,
}

impl Tag {
    fn scan(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut tag = Self {
            length: bytes.len(),
            attributes: 0,
            namespace: false,
            closed: false,
        };
        let mut quote = None;
        for (at, byte) in bytes.iter().enumerate() {
            match (quote, byte) {
                (Some(open), byte) if open == byte => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => tag.attributes += 1,
                (None, b'x') => tag.namespace |= bytes[at..].starts_with(b"xmlns"),
                (None, b'>') => {
                    tag.closed = bytes[at - 1] == b'/';
                    tag.length = at + 1;
                    break;
                }
                _ => {}
            }
        }
        tag
    }
}

/// An `include` element: where it stands, and the file that it names or what is wrong with it.
struct Include {
    start: usize,
    file: Result<String, String>,
}

impl Include {
    fn of(node: &Node) -> Self {
        let other = node.attributes().find(|a| a.name() != "file");
        let file = match (node.attribute("file"), other) {
            _ if node.children().any(|child| child.is_element()) => {
                Err("an include element holds nothing".into())
            }
            (_, Some(other)) => Err(format!(
                "unknown attribute {}=`{}`; known here: file",
                other.name(),
                other.value()
            )),
            (None | Some(""), _) => Err("file is missing".into()),
            (Some(file), _) => Ok(file.into()),
        };
        Self {
            start: node.range().start,
            file,
        }
    }
}

/// At most `most` bytes of the text at `path`.
fn read(path: &Path, most: usize) -> std::io::Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(most as u64 + 1).read_to_string(&mut text)?;
    if text.len() > most {
        let message = format!("all files together are longer than {MOST_BYTES} bytes");
        return Err(std::io::Error::other(message));
    }
    Ok(text)
}

/// What tells whether two paths lead to one file.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn line(text: &str, at: usize) -> u32 {
    let before = text.as_bytes()[..at].iter();
    before.filter(|byte| **byte == b'\n').count() as u32 + 1
}

fn error(file: &str, line: u32, element: &str, message: String) -> Error {
    Error::Mjcf {
        file: file.into(),
        line,
        element: element.into(),
        message,
    }
}

fn parse(file: &File) -> Result<Document<'_>> {
    let options = ParsingOptions {
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(&file.text, options)
        .map_err(|problem| error(&file.name, problem.pos().row, "?xml", problem.to_string()))
}

/// All texts as documents.
pub(super) struct Library<'a> {
    documents: Vec<Document<'a>>,
    sources: Vec<Rc<Source>>,
    includes: &'a HashMap<(usize, usize), usize>,
}

impl<'a> Library<'a> {
    /// Reads the XML of all files.
    pub(super) fn new(files: &'a Files) -> Result<Self> {
        let mut library = Self {
            documents: Vec::new(),
            sources: Vec::new(),
            includes: &files.includes,
        };
        for file in &files.list {
            library.documents.push(parse(file)?);
            library
                .sources
                .push(Rc::new(Source::new(&file.name, &file.text)));
        }
        for (place, file) in library.includes {
            if library.root(*file).children().next().is_none() {
                let File { name, text } = &files.list[place.0];
                let message = format!("file `{}` holds no element", files.list[*file].name);
                return Err(error(name, line(text, place.1), "include", message));
            }
        }
        Ok(library)
    }

    /// The outermost element of a file; 0 is the model's own.
    pub(super) fn root(&self, file: usize) -> Element<'_> {
        Element::new(self.documents[file].root_element(), file, self)
    }

    pub(super) fn source(&self, file: usize) -> &Rc<Source> {
        &self.sources[file]
    }

    /// The file that an `include` element stands for.
    pub(super) fn included(&self, file: usize, node: &Node) -> Option<usize> {
        self.includes.get(&(file, node.range().start)).copied()
    }
}
