//! Which known word is nearest to an unknown one.

/// Letters to insert, drop or replace until one word is the other (Levenshtein 1966).
pub(crate) fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

/// `did you mean `x`?` where a known name is near to `unknown`, else the known names.
pub(crate) fn hint<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    /// Longer words are no misspelt names.
    const LONGEST: usize = 100;
    /// Most names that are listed.
    const MOST: usize = 40;
    let known: Vec<&str> = known.into_iter().filter(|name| !name.is_empty()).collect();
    let short = unknown.len() <= LONGEST;
    let near = known
        .iter()
        .filter(|_| short)
        .map(|name| (distance(unknown, name), *name))
        .filter(|(apart, name)| *apart <= (name.len() / 3).max(1).min(name.len() - 1))
        .min();
    // Part of a name was meant as the whole, too.
    let within = || {
        known
            .iter()
            .find(|name| short && unknown.len() > 2 && name.contains(unknown))
    };
    match near.map(|(_, name)| name).or_else(|| within().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there are none".to_owned(),
        None => {
            let rest = known.len().saturating_sub(MOST);
            let more = if rest > 0 {
                format!(" and {rest} more")
            } else {
                String::new()
            };
            format!(
                "there are {}{more}",
                known[..known.len().min(MOST)].join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_hinted_at_and_others_listed() {
        let known = ["reset_noise_scale", "frame_skip", "x"];
        assert_eq!(
            hint("reset_nois", known),
            "did you mean `reset_noise_scale`?"
        );
        assert_eq!(hint("frameskip", known), "did you mean `frame_skip`?");
        assert_eq!(
            hint("gravity", known),
            "there are reset_noise_scale, frame_skip, x"
        );
        assert_eq!(hint("gravity", []), "there are none");
        let many: Vec<String> = (0..100).map(|i| format!("joint number {i}")).collect();
        let told = hint("q", many.iter().map(String::as_str));
        assert!(told.ends_with("joint number 39 and 60 more"), "{told}");
        assert!(hint(&"a".repeat(1 << 20), known).starts_with("there are"));
    }
}
