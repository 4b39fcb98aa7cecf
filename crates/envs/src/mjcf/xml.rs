//! XML as MuJoCo's reader reads it: the grammar of tinyxml2, which accepts much of what XML forbids.
//!
//! What strict readers refuse and this one accepts is reported to the caller. No entities are declared or expanded: a
//! `DOCTYPE` is passed over unread, and only `&lt; &gt; &amp; &quot; &apos;` and numbers mean a character. Neither
//! depth nor size of a text costs stack. Source: tinyxml2 at the commit that MuJoCo 3.3.7 pins.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// Most elements around one element.
const MOST_DEPTH: usize = 10_000;
/// Most elements of a file.
const MOST_ELEMENTS: usize = 1_000_000;
/// Most attributes of an element; MJCF has 33.
const MOST_ATTRIBUTES: usize = 100;
/// Longest reference to a character, `&` and `;` included.
const LONGEST_REFERENCE: usize = 16;

/// A text as a tree. Elements stand in the order of their start tags; the first is the outermost.
#[derive(Debug)]
pub(super) struct Document<'a> {
    elements: Vec<Tag<'a>>,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
}

#[derive(Debug)]
struct Tag<'a> {
    name: &'a str,
    /// Byte of its `<`.
    start: usize,
    attributes: Range<usize>,
    /// First element after all that this one holds.
    end: usize,
}

/// An element of a document.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    document: &'a Document<'a>,
    index: usize,
}

impl<'a> Node<'a> {
    pub(super) fn name(&self) -> &'a str {
        self.document.elements[self.index].name
    }

    /// Byte of the element's `<`.
    pub(super) fn start(&self) -> usize {
        self.document.elements[self.index].start
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let list = &self.document.attributes[self.document.elements[self.index].attributes.clone()];
        list.iter().map(|(name, value)| (*name, &**value))
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut all = self.attributes();
        all.find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    pub(super) fn children(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let Self { document, index } = *self;
        let end = document.elements[index].end;
        let mut next = index + 1;
        std::iter::from_fn(move || {
            let index = next;
            next = document.elements.get(index).filter(|_| index < end)?.end;
            Some(Node { document, index })
        })
    }
}

impl<'a> Document<'a> {
    /// Reads `text`. `notice` is called with a byte and a remark for all that XML forbids and that is taken nevertheless.
    ///
    /// # Errors
    /// What cannot be taken, and where.
    pub(super) fn parse(
        text: &'a str,
        notice: impl FnMut(usize, &'static str),
    ) -> Result<Self, Fault<'a>> {
        let mut reader = Reader {
            text,
            at: 0,
            open: Vec::new(),
            document: Self {
                elements: Vec::new(),
                attributes: Vec::new(),
            },
            notice,
        };
        reader.read()?;
        Ok(reader.document)
    }

    /// The outermost element.
    pub(super) fn root(&self) -> Node<'_> {
        Node {
            document: self,
            index: 0,
        }
    }

    /// All elements of the tree, in the order of their start tags.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.elements[0].end).map(|index| Node {
            document: self,
            index,
        })
    }
}

/// Why a text is no document.
#[derive(Debug)]
pub(super) struct Fault<'a> {
    /// Byte at which it shows.
    pub(super) at: usize,
    /// Element in which it shows; empty outside of all.
    pub(super) element: &'a str,
    pub(super) message: String,
}

struct Reader<'a, N> {
    text: &'a str,
    at: usize,
    /// Elements that are not closed yet, the innermost last.
    open: Vec<usize>,
    document: Document<'a>,
    notice: N,
}

impl<'a, N: FnMut(usize, &'static str)> Reader<'a, N> {
    fn read(&mut self) -> Result<(), Fault<'a>> {
        self.skip_blanks();
        if self.rest().starts_with('\u{feff}') {
            self.at += '\u{feff}'.len_utf8();
        }
        // Until something else than a declaration has come.
        let (mut declarations, mut declared) = (true, false);
        loop {
            self.skip_blanks();
            let start = self.at;
            let rest = self.rest();
            if rest.is_empty() {
                break;
            }
            if !self.document.elements.is_empty()
                && self.open.is_empty()
                && !rest.starts_with("<!--")
            {
                let remark = "what stands after the end of the outermost element is passed over";
                (self.notice)(start, remark);
            }
            if rest.starts_with("<?") {
                if !declarations {
                    return Err(self.fault(start, "a declaration <?…?> must come before all else"));
                }
                let before = self.text[..start].trim_start_matches('\u{feff}');
                if !std::mem::replace(&mut declared, true) && !before.is_empty() {
                    (self.notice)(start, "there are blanks before the declaration <?…?>");
                }
                self.pass("<?", "?>", "a declaration <? has no end ?>")?;
                continue;
            }
            declarations = false;
            if rest.starts_with('<') && !rest.starts_with("<!") {
                if self.tag()? {
                    break;
                }
            } else {
                self.pass_over()?;
            }
        }
        match self.open.last() {
            Some(index) => {
                let Tag { name, start, .. } = self.document.elements[*index];
                Err(Fault {
                    at: start,
                    element: name,
                    message: format!("<{name}> has no end </{name}>"),
                })
            }
            None if self.document.elements.is_empty() => {
                Err(self.fault(self.at, "the text holds no element"))
            }
            None => Ok(()),
        }
    }

    /// Goes past what is neither a tag nor a declaration <?…?>.
    fn pass_over(&mut self) -> Result<(), Fault<'a>> {
        let (start, rest) = (self.at, self.rest());
        if rest.starts_with("<!--") {
            let inside = self.pass("<!--", "-->", "a comment <!-- has no end -->")?;
            if inside.contains("--") || inside.ends_with('-') {
                (self.notice)(start, "a comment holds `--`");
            }
        } else if rest.starts_with("<![CDATA[") {
            self.pass("<![CDATA[", "]]>", "a section <![CDATA[ has no end ]]>")?;
        } else if rest.starts_with("<!") {
            self.pass("<!", ">", "a declaration <! has no end >")?;
            let remark = "a declaration <!…> is passed over; no entities are read";
            (self.notice)(start, remark);
        } else {
            (self.notice)(start, "text between elements is passed over");
            let end = rest.find('<');
            if end.is_none() && self.open.is_empty() && !self.document.elements.is_empty() {
                let message = "there is text after the end of the outermost element";
                return Err(self.fault(start, message));
            }
            self.at += end.unwrap_or(rest.len());
        }
        Ok(())
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) -> usize {
        let blanks = self
            .rest()
            .bytes()
            .take_while(|byte| is_blank(*byte))
            .count();
        self.at += blanks;
        blanks
    }

    /// Goes past the next `close`; comes back with what stands between `open`, at which the reader stands, and it.
    fn pass(&mut self, open: &str, close: &str, fault: &str) -> Result<&'a str, Fault<'a>> {
        let inside = &self.rest()[open.len()..];
        let Some(length) = inside.find(close) else {
            return Err(self.fault(self.at, fault));
        };
        self.at += open.len() + length + close.len();
        Ok(&inside[..length])
    }

    fn fault(&self, at: usize, message: &str) -> Fault<'a> {
        let inner = self.open.last();
        Fault {
            at,
            element: inner.map_or("", |index| self.document.elements[*index].name),
            message: message.into(),
        }
    }

    /// A name at which the reader stands; empty if there is none.
    fn name(&mut self) -> &'a str {
        let starts =
            |byte: u8| byte.is_ascii_alphabetic() || byte >= 128 || matches!(byte, b':' | b'_');
        let goes_on =
            |byte: u8| starts(byte) || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        let rest = self.rest();
        let mut bytes = rest.bytes();
        let length = match bytes.next() {
            Some(first) if starts(first) => 1 + bytes.take_while(|byte| goes_on(*byte)).count(),
            _ => 0,
        };
        self.at += length;
        &rest[..length]
    }

    /// A start tag, an end tag or both in one; whether the text ends with it.
    fn tag(&mut self) -> Result<bool, Fault<'a>> {
        let start = self.at;
        self.at += 1;
        if self.skip_blanks() > 0 {
            (self.notice)(start, "blanks stand between `<` and a name");
        }
        let end_tag = self.rest().starts_with('/');
        self.at += usize::from(end_tag);
        let name = self.name();
        if name.is_empty() {
            return Err(self.fault(start, "`<` begins no element; write &lt; for the sign"));
        }
        let first = self.document.attributes.len();
        let closed = self.attributes(name)?;
        if end_tag && !closed {
            if self.document.attributes.len() > first {
                (self.notice)(start, "an end tag has attributes");
                self.document.attributes.truncate(first);
            }
            return self.end(start, name);
        }
        if self.document.elements.len() == MOST_ELEMENTS {
            let message = format!("there are more than {MOST_ELEMENTS} elements");
            return Err(self.fault(start, &message));
        }
        let index = self.document.elements.len();
        self.document.elements.push(Tag {
            name,
            start,
            attributes: first..self.document.attributes.len(),
            end: index + 1,
        });
        if !closed {
            if self.open.len() == MOST_DEPTH {
                let message = format!("elements stand more than {MOST_DEPTH} deep");
                return Err(self.fault(start, &message));
            }
            self.open.push(index);
        }
        Ok(false)
    }

    /// The end of the innermost element; whether it was not open, with which a text ends.
    fn end(&mut self, start: usize, name: &str) -> Result<bool, Fault<'a>> {
        let Some(index) = self.open.pop() else {
            return Ok(true);
        };
        let end = self.document.elements.len();
        let tag = &mut self.document.elements[index];
        tag.end = end;
        if tag.name != name {
            return Err(Fault {
                at: start,
                element: tag.name,
                message: format!("<{}> ends as </{name}>", tag.name),
            });
        }
        Ok(false)
    }

    /// Attributes up to the end of the tag; whether that is `/>`.
    fn attributes(&mut self, element: &'a str) -> Result<bool, Fault<'a>> {
        let mut seen = HashSet::new();
        loop {
            let blanks = self.skip_blanks();
            let start = self.at;
            let rest = self.rest();
            if rest.starts_with("/>") || rest.starts_with('>') {
                let closed = rest.starts_with('/');
                self.at += 1 + usize::from(closed);
                return Ok(closed);
            }
            let fault = |message| Fault {
                at: start,
                element,
                message,
            };
            let name = self.name();
            if name.is_empty() {
                return Err(fault(match rest.chars().next() {
                    None => "the text ends inside a tag".into(),
                    Some(other) => {
                        format!("`{other}` stands where an attribute or `>` is expected")
                    }
                }));
            }
            if blanks == 0 {
                (self.notice)(start, "there is no blank before an attribute");
            }
            let value = self.value().ok_or_else(|| {
                fault(format!(
                    "attribute {name} needs a value in quotes, as in {name}=\"…\""
                ))
            })?;
            if !seen.insert(name) {
                return Err(fault(format!("attribute {name} stands twice")));
            }
            if seen.len() > MOST_ATTRIBUTES {
                return Err(fault(format!(
                    "an element has more than {MOST_ATTRIBUTES} attributes"
                )));
            }
            self.document.attributes.push((name, value));
        }
    }

    /// `=` and what stands in quotes after it.
    fn value(&mut self) -> Option<Cow<'a, str>> {
        self.skip_blanks();
        self.at += self.rest().strip_prefix('=').map(|_| 1)?;
        self.skip_blanks();
        let quote = self
            .rest()
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))?;
        self.at += 1;
        let rest = self.rest();
        let value = &rest[..rest.find(quote)?];
        if value.contains('<') {
            (self.notice)(self.at, "a value holds `<`");
        }
        let decoded = self.decode(value);
        self.at += value.len() + 1;
        Some(decoded)
    }

    /// A value with references replaced by their characters.
    fn decode(&mut self, value: &'a str) -> Cow<'a, str> {
        if !value.contains('&') {
            return value.into();
        }
        let mut decoded = String::with_capacity(value.len());
        let mut rest = value;
        while let Some(at) = rest.find('&') {
            decoded.push_str(&rest[..at]);
            rest = &rest[at..];
            let (character, length) = reference(rest).unwrap_or_else(|| {
                (self.notice)(
                    self.at,
                    "an `&` that begins no known reference is kept as it is",
                );
                ('&', 1)
            });
            decoded.push(character);
            rest = &rest[length..];
        }
        decoded.push_str(rest);
        decoded.into()
    }
}

/// The character that a reference at the start of `text` means, and the reference's length.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text
        .bytes()
        .take(LONGEST_REFERENCE)
        .position(|byte| byte == b';')?;
    let character = match &text[1..end] {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        other => {
            let digits = other.strip_prefix('#')?;
            let (digits, radix) = match digits.strip_prefix('x') {
                Some(digits) => (digits, 16),
                None => (digits, 10),
            };
            let number = digits.chars().try_fold(0_u32, |number, digit| {
                number
                    .checked_mul(radix)?
                    .checked_add(digit.to_digit(radix)?)
            });
            char::from_u32(number.filter(|number| *number > 0)?)?
        }
    };
    Some((character, end + 1))
}

/// What C calls a space.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
