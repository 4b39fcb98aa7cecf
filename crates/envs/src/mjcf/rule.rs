//! What an element may hold, and the complaint about what it may not.

use std::fmt::Write;

/// An attribute or element that is accepted and not read, and why that loses nothing.
pub(super) type Skipped = (&'static str, &'static str);
/// An attribute, the values at which it changes nothing, and what another value would need.
pub(super) type Neutral = (&'static str, &'static [&'static str], &'static str);

/// What an element may hold.
pub(super) struct Rule {
    /// Attributes that are read, with blanks between.
    pub(super) read: &'static str,
    pub(super) skipped: &'static [Skipped],
    pub(super) neutral: &'static [Neutral],
    /// Child elements that are read, with blanks between.
    pub(super) children: &'static str,
    /// Child elements that are passed over with all that they hold.
    pub(super) skipped_children: &'static [Skipped],
}

/// Most names in a list of what is known.
const MOST_NAMES: usize = 20;

/// Nothing at all.
pub(super) const EMPTY: Rule = Rule {
    read: "",
    skipped: &[],
    neutral: &[],
    children: "",
    skipped_children: &[],
};

/// Elements that MuJoCo knows and this engine does not do, or not everywhere.
const REFUSED: &str = "include instance frame replicate attach freejoint composite flexcomp plugin pair exclude tendon fixed \
    spatial equality sensor keyframe extension deformable flex mesh hfield skin model general position velocity \
    intvelocity damper cylinder muscle adhesion lengthrange inertial joint geom site body camera light default camprojection tactile";

/// Whether two attribute values say the same: equal words, numbers compared as numbers.
fn same(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split_ascii_whitespace(), b.split_ascii_whitespace());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x == y => {}
            (Some(x), Some(y)) => match (x.parse::<f64>(), y.parse::<f64>()) {
                (Ok(x), Ok(y)) if x == y => {}
                _ => return false,
            },
            _ => return false,
        }
    }
}

/// Whether an attribute may stand where it stands, with the value that it has.
pub(super) enum Verdict {
    /// It may.
    Fine(&'static str),
    /// MuJoCo knows what it asks for; the engine does not do it.
    NotDone(&'static str, String),
    /// There is no such attribute here.
    Unknown(String),
}

impl Rule {
    /// Whether the attribute may stand here with this value.
    pub(super) fn attribute(&self, name: &str, value: &str) -> Verdict {
        let skipped = || self.skipped.iter().map(|s| s.0);
        if let Some(name) = words(self.read).chain(skipped()).find(|n| *n == name) {
            return Verdict::Fine(name);
        }
        let Some((name, allowed, needs)) = self.neutral.iter().find(|n| n.0 == name) else {
            return Verdict::Unknown(format!(
                "unknown attribute {name}=`{value}`; known here: {}",
                list(self.read, self.skipped, self.neutral)
            ));
        };
        if allowed.iter().any(|a| same(a, value)) {
            return Verdict::Fine(name);
        }
        let mut message =
            format!("{name} is `{value}`, which needs {needs}; this engine does not do that");
        if allowed.iter().any(|value| !value.is_empty()) {
            let _ = write!(message, " (allowed: {})", allowed.join(", "));
        }
        Verdict::NotDone(name, message)
    }

    /// Whether an element of this name may stand inside; otherwise what is wrong.
    pub(super) fn child(&self, name: &str) -> Result<(), String> {
        if holds(self.children, name) || self.skipped_children.iter().any(|s| s.0 == name) {
            return Ok(());
        }
        let problem = if holds(REFUSED, name) {
            "this engine does not do that here"
        } else {
            "unknown element"
        };
        Err(format!(
            "{problem}; allowed here: {}",
            list(self.children, self.skipped_children, &[])
        ))
    }
}

/// Names in alphabetical order for a complaint, not more than a person reads.
pub(super) fn some_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    match (names.is_empty(), more) {
        (true, _) => "none".into(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    }
}

fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split_ascii_whitespace()
}

fn holds(list: &'static str, word: &str) -> bool {
    words(list).any(|w| w == word)
}

fn list(words: &str, skipped: &[Skipped], neutral: &[Neutral]) -> String {
    let all: Vec<_> = words
        .split_ascii_whitespace()
        .chain(skipped.iter().map(|s| s.0))
        .chain(neutral.iter().map(|n| n.0))
        .collect();
    if all.is_empty() {
        "nothing".into()
    } else {
        all.join(", ")
    }
}
