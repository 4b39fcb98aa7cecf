//! The texts of a model: one file, or several by `include`, within bounds that no honest model meets.
//!
//! A file must choose neither the depth of our stack nor how long we work: size, depth and numbers of elements
//! and attributes are limited while it is read. MuJoCo: XML reference, "include".

use super::notes::Notes;
use super::place::{Place, Source};
use super::xml::{Document, Node};
use crate::{Error, Result};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::{Error as IoError, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Most bytes of all files together.
const MOST_BYTES: usize = 32 << 20;
/// Most files.
const MOST_FILES: usize = 1000;

/// Opens a file to read. What may never begin or end, such as a pipe, is none; of a folder the system says that it is one.
pub(crate) fn open_file(path: &Path) -> std::io::Result<std::fs::File> {
    let there = std::fs::metadata(path)?;
    match there.is_file() || there.is_dir() {
        true => std::fs::File::open(path),
        false => {
            let message = "it is no regular file";
            Err(IoError::new(ErrorKind::InvalidInput, message))
        }
    }
}

/// A text, its name and its lines.
struct File {
    source: Rc<Source>,
    text: String,
}

impl File {
    /// The text as a tree; `notice` hears of what XML forbids.
    fn parse(&self, notice: impl FnMut(usize, &'static str)) -> Result<Document<'_>> {
        Document::parse(&self.text, notice).map_err(|fault| {
            let element = match fault.element {
                "" => "?xml",
                element => element,
            };
            let column = self.source.column(fault.at);
            let message = format!("{} (column {column})", fault.message);
            Place::at(&self.source, fault.at, element).error(message)
        })
    }
}

/// Texts, the model's own first, and which of them stands where: file and byte of an `include` element.
#[derive(Default)]
pub(super) struct Files {
    list: Vec<File>,
    includes: HashMap<(usize, usize), usize>,
    /// Folder of the model's own file.
    folder: Option<PathBuf>,
    notes: Notes,
}

impl Files {
    /// One text, which cannot include others.
    pub(super) fn one(xml: &str, name: &str) -> Result<Self> {
        let mut files = Self::default();
        files.push(name, Text::of(xml.into()));
        if xml.len() > MOST_BYTES {
            let message = format!("the text is longer than {MOST_BYTES} bytes");
            return Err(files.place(0, 0, "?xml").error(message));
        }
        if let Some(include) = files.find_includes(0)?.first() {
            let message = "a text cannot include files: from where would they be named? \
                Load the model from a file (`mjcf::load`)";
            return Err(include.place.error(message));
        }
        Ok(files)
    }

    /// The file at `path` and all that it includes.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut files = Self::default();
        let name = path.display().to_string();
        let text = Text::read(path, MOST_BYTES).map_err(|error| Error::Read {
            file: name.clone(),
            error,
        })?;
        files.folder = Some(path.with_file_name(""));
        let mut left = MOST_BYTES.saturating_sub(text.text.len());
        files.push(&name, text);
        let mut paths = vec![path.to_owned()];
        let mut seen = HashSet::from([identity(path)]);
        let mut index = 0;
        while index < files.list.len() {
            for include in files.find_includes(index)? {
                let wrong = |message| include.place.error(message);
                let name = include.file?;
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
                let text = Text::read(&path, left).map_err(|error| {
                    wrong(format!(
                        "cannot read file `{name}` as {}: {error}",
                        path.display()
                    ))
                })?;
                left = left.saturating_sub(text.text.len());
                let place = (index, include.start);
                files.includes.insert(place, files.list.len());
                files.push(&path.display().to_string(), text);
                paths.push(path);
            }
            index += 1;
        }
        Ok(files)
    }

    fn push(&mut self, name: &str, Text { text, remarks }: Text) {
        let source = Rc::new(Source::new(name, &text));
        for (at, remark) in remarks {
            self.notes.add(&Place::at(&source, at, "?xml"), remark, "");
        }
        self.list.push(File { source, text });
    }

    /// What stands for the model's own text in complaints.
    pub(super) fn name(&self) -> &str {
        self.list[0].source.file()
    }

    /// Where the texts are from, the model's own first.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.list
            .iter()
            .map(|file| PathBuf::from(file.source.file()))
    }

    /// Folder of the model's own file; none for a text.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    fn place(&self, file: usize, at: usize, element: &str) -> Place {
        Place::at(&self.list[file].source, at, element)
    }

    /// `include` elements of one file, in its order; takes down what XML forbids in it.
    fn find_includes(&mut self, index: usize) -> Result<Vec<Include>> {
        let Self { list, notes, .. } = self;
        let file = &list[index];
        let document = file.parse(|at, remark| {
            notes.add(&Place::at(&file.source, at, "?xml"), remark, "");
        })?;
        let includes = document.nodes().filter(|node| node.name() == "include");
        Ok(includes
            .map(|node| Include::of(&node, &file.source, notes))
            .collect())
    }
}

/// An `include` element: where it stands, and the file that it names or what is wrong with it.
struct Include {
    place: Place,
    start: usize,
    file: Result<String>,
}

impl Include {
    fn of(node: &Node, source: &Rc<Source>, notes: &mut Notes) -> Self {
        let place = Place::at(source, node.start(), "include");
        if node.attributes().any(|(name, _)| name != "file") {
            notes.add(&place, "attributes other than file are passed over", "");
        }
        let file = match node.attribute("file") {
            _ if node.children().next().is_some() => {
                Err(place.error("an include element holds nothing"))
            }
            None | Some("") => Err(place.error("file is missing")),
            Some(file) => Ok(file.into()),
        };
        let start = node.start();
        Self { place, start, file }
    }
}

/// A text as it was found, and remarks on bytes of it.
struct Text {
    text: String,
    remarks: Vec<(usize, &'static str)>,
}

impl Text {
    /// At most `most` bytes of the file at `path`, as UTF-8 or else as Latin-1.
    fn read(path: &Path, most: usize) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        let file = open_file(path)?;
        file.take(most as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > most {
            let message = format!("all files together are longer than {MOST_BYTES} bytes");
            return Err(IoError::other(message));
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            let message = "the text is UTF-16, which MuJoCo does not read; save it as UTF-8";
            return Err(IoError::new(ErrorKind::InvalidData, message));
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Self::of(text),
            Err(error) => {
                let start = error.utf8_error().valid_up_to();
                let latin1 = error.as_bytes().iter().copied().map(char::from);
                let mut text = Self::of(latin1.collect());
                let remark = "the text is not UTF-8 and is read as Latin-1";
                // What comes before it is UTF-8, so each of its bytes over 127 has become two.
                let before = &error.as_bytes()[..start];
                let longer = before.iter().filter(|byte| **byte > 127).count();
                text.remarks.push((start + longer, remark));
                text
            }
        })
    }

    fn of(mut text: String) -> Self {
        let mut remarks = Vec::new();
        if let Some(end) = text.find('\0') {
            text.truncate(end);
            remarks.push((end, "what stands after a byte 0 is passed over"));
        }
        Self { text, remarks }
    }
}

/// What decides whether two paths lead to one file.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// All texts as documents.
pub(super) struct Library<'a> {
    documents: Vec<Document<'a>>,
    files: &'a Files,
    notes: RefCell<Notes>,
}

impl<'a> Library<'a> {
    /// Reads the XML of all files.
    pub(super) fn new(files: &'a Files) -> Result<Self> {
        let documents = files.list.iter().map(|file| file.parse(|_, _| {}));
        Ok(Self {
            documents: documents.collect::<Result<_>>()?,
            files,
            notes: RefCell::new(files.notes.clone()),
        })
    }

    /// Where each included file is included, and its number.
    pub(super) fn includes(&self) -> impl Iterator<Item = (Place, usize)> {
        let includes = self.files.includes.iter();
        includes
            .map(|((outer, start), inner)| (self.files.place(*outer, *start, "include"), *inner))
    }

    /// The outermost node of a file; 0 is the model's own.
    pub(super) fn root(&self, file: usize) -> Node<'_> {
        self.documents[file].root()
    }

    pub(super) fn source(&self, file: usize) -> &Rc<Source> {
        &self.files.list[file].source
    }

    /// The file that an `include` element stands for.
    pub(super) fn included(&self, file: usize, node: &Node) -> Option<usize> {
        self.files.includes.get(&(file, node.start())).copied()
    }

    /// Takes down that something is passed over.
    pub(super) fn note(&self, place: &Place, kind: &'static str, details: &str) {
        self.notes.borrow_mut().add(place, kind, details);
    }

    /// All that was taken down.
    pub(super) fn notes(&self) -> Notes {
        self.notes.borrow().clone()
    }
}
